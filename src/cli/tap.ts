import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { Emitter } from '@watchkeeper/sdk'
import { type Dsn, developmentDsn, parseDsn } from '@watchkeeper/sdk/dsn'
import { type ProcessEnd, tapProcess } from '@watchkeeper/sdk/tap'
import { WatchkeeperError } from '../errors.js'
import type { Command, CommandIo } from './command.js'

const help = `usage: watchkeeper tap -- COMMAND [ARGUMENT…]

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

What is reported: contents only as keyed fingerprints. The command line stands clear, with what looks like a secret cut
out of it. Lines that are no JSON, or longer than 16 MiB, pass as well; they are counted and not read. A conversation is
that which the client names in _meta, else one for each connection.

With the collector gone the server works on: up to 16 MiB of records wait in memory, at its end for 1.5 s more; then they
are lost, which shows in their numbering. Such things are told on standard error, one line each.

settings: WATCHKEEPER_DSN, as "watchkeeper keys create --role tap" prints it; default: http://127.0.0.1:4318 without keys

exit codes: the server's own; if a signal ended it, tap ends by the same · 126 and 127 it could not be started, or was not
            found · 64 usage · 78 settings
`

/** Milliseconds that records wait for the collector once the server has ended. Clients kill after two seconds. */
const patienceMs = 1500
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const at = args.indexOf('--')
  parseArgs({ args: [...(at < 0 ? args : args.slice(0, at))], options: {} })
  const [command, ...rest] = at < 0 ? [] : args.slice(at + 1)
  if (command === undefined)
    throw new WatchkeeperError(
      'WK_USAGE',
      'tap: name the server\'s command after "--"; "watchkeeper tap --help" tells more',
    )
  return tapCommand(command, rest, io)
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
