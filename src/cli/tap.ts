import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { Emitter } from '@watchkeeper/sdk'
import { type Dsn, developmentDsn, parseDsn } from '@watchkeeper/sdk/dsn'
import { type ProcessEnd, tapHttp, tapProcess } from '@watchkeeper/sdk/tap'
import { WatchkeeperError } from '../errors.js'
import type { Command, CommandIo } from './command.js'

const help = `usage: watchkeeper tap -- COMMAND [ARGUMENT…]
       watchkeeper tap --listen PORT --to URL

Watches an MCP server that cannot be changed, in whatever language it is written, and reports what the SDK would report:
each request with its answer, in both directions, the tools that are listed, and how the server runs.

tap -- COMMAND   starts the server and stands between it and its client on standard input and output. Bytes pass both
                 ways as they are; standard error, signals and the exit code are the server's own. Put it before the
                 command in the client's configuration file:

                   {
                     "mcpServers": {
                       "files": {
                         "command": "npx",
                         "args": ["watchkeeper", "tap", "--",
                                  "npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv/documents"],
                         "env": { "WATCHKEEPER_DSN": "https://KEY@audit.example:4318/?tenant=acme&fingerprint_key=…" }
                       }
                     }
                   }

                 (was: "command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/srv/documents"]).
                 On Windows write "cmd", "/c", "npx" … after the "--", as without tap. The server's environment is ours,
                 without WATCHKEEPER_DSN: the key is none of its business.

tap --listen PORT --to URL
                 stands on 127.0.0.1:PORT before a server that speaks Streamable HTTP, with or without event streams. Give
                 the client the same URL with http://127.0.0.1:PORT in place of the server's scheme and host:

                   watchkeeper tap --listen 7401 --to https://crm.example/mcp      client: http://127.0.0.1:7401/mcp

                 Nothing is sent to anybody but that scheme and host. Only programs of this machine are let in: a Host or
                 Origin of elsewhere is refused. 401 and 403 are told with the scopes that the server asks for. A client
                 that logs in by OAuth compares the server's name with the URL it was given, and will not go through here:
                 use the SDK in it. A token that stands in its configuration works. Runs until SIGINT or SIGTERM.

What is reported: contents only as keyed fingerprints. The command line stands clear, with what looks like a secret cut
out of it. Lines that are no JSON, or longer than 16 MiB (bodies and events: 4 MiB), pass as well; they are told as unread.
A conversation is that which the client names in _meta, else on stdio one for each connection, on HTTP the session.

With the collector gone the server works on: up to 16 MiB of records wait in memory, at its end for 1.5 s more; then they
are lost, which shows in their numbering. Such things are told on standard error, one line each.

settings: WATCHKEEPER_DSN, as "watchkeeper keys create --role tap" prints it; default: http://127.0.0.1:4318 without keys

exit codes: the server's own; if a signal ended it, tap ends by the same · 126 and 127 it could not be started, or was not
            found · 0 --listen stopped as asked · 64 usage · 69 the port is taken · 78 settings
`

/** Milliseconds that records wait for the collector once the server has ended. Clients kill after two seconds. */
const patienceMs = 1500
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

const usage = (what: string): WatchkeeperError =>
  new WatchkeeperError('WK_USAGE', `tap: ${what}; "watchkeeper tap --help" tells more`)

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const at = args.indexOf('--')
  const { values } = parseArgs({
    args: [...(at < 0 ? args : args.slice(0, at))],
    options: { listen: { type: 'string' }, to: { type: 'string' } },
  })
  const [command, ...rest] = at < 0 ? [] : args.slice(at + 1)
  if (values.listen !== undefined || values.to !== undefined) {
    if (at >= 0) throw usage('it is either a command after "--" or --listen with --to')
    return tapUrl(readPort(values.listen), readUrl(values.to), io)
  }
  if (command === undefined) throw usage('name the server\'s command after "--", or its URL with --to')
  return tapCommand(command, rest, io)
}

function readPort(text: string | undefined): number {
  if (text === undefined || !/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw usage('--listen expects a port from 0 (any) to 65535')
  return Number(text)
}

function readUrl(text: string | undefined): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw usage('--to expects an http or https URL')
  if (url.username !== '' || url.password !== '') throw usage('--to takes no user name and password')
  return url
}

async function tapUrl(port: number, to: URL, io: CommandIo): Promise<number> {
  const emitter = openEmitter(io)
  const { server, close } = tapHttp({ emitter, to })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new WatchkeeperError('WK_PORT_IN_USE', `tap: port ${port} cannot be listened on (${error.code})`)),
    )
    server.listen(port, '127.0.0.1', resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  io.stderr.write(`watchkeeper tap: http://127.0.0.1:${actual} stands before ${to.origin}\n`)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
  close()
  await emitter.close(patienceMs)
  return 0
}

async function tapCommand(command: string, args: readonly string[], io: CommandIo): Promise<number> {
  const emitter = openEmitter(io)
  const tapped = tapProcess({
    emitter,
    command,
    args,
    environment: io.environmentForOthers(),
    input: io.stdin,
    output: io.stdout,
  })
  let running = true
  for (const signal of forwarded) {
    process.on(signal, () => {
      if (!running) process.exit(128 + constants.signals[signal])
      // A terminal's ^C reaches the server as well: it is of our group.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) tapped.kill(signal)
    })
  }
  const end = await tapped.ended
  running = false
  io.stdin.destroy()
  await emitter.close(patienceMs)
  return exitAs(end, command, io)
}

/** Ends as the server did; who waits for us must see no difference. */
function exitAs(end: ProcessEnd, command: string, io: CommandIo): number {
  if (end.code !== undefined) return end.code
  if (end.fault !== undefined) {
    const missing = end.fault.code === 'ENOENT'
    io.stderr.write(
      `watchkeeper tap: ${command} ${missing ? 'was not found' : `could not be started (${end.fault.code})`}\n`,
    )
    return missing ? 127 : 126
  }
  for (const signal of forwarded) process.removeAllListeners(signal)
  process.kill(process.pid, end.signal)
  // Some signals end nobody; shells say it so.
  return 128
}

function openEmitter(io: CommandIo): Emitter {
  const told = new Set<string>()
  return new Emitter({
    dsn: readDsn(io.config().dsn),
    service: 'watchkeeper-tap',
    onProblem({ type, message }) {
      if (told.has(type)) return
      told.add(type)
      io.stderr.write(`watchkeeper tap: records ${problems[type]}: ${message}\n`)
    },
  })
}

const problems = {
  waiting: 'wait, the collector does not take them',
  dropped: 'were dropped',
  rejected: 'were rejected by the collector',
  refused: 'were refused by the collector',
  spool: 'are not on disk',
} as const

function readDsn(text: string): Dsn {
  const dsn = text === '' ? developmentDsn : parseDsn(text)
  if ('fault' in dsn) throw new WatchkeeperError('WK_DSN', `tap: ${dsn.fault}`)
  return dsn
}

export const command: Command = {
  summary: 'watch an MCP server that cannot be changed',
  help,
  ownsProcess: true,
  run,
}
