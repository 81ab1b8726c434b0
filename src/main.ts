/**
 * The command line: finds the command's file by listing `cli/`, runs it, and turns faults into one clear line and an exit
 * code. Signals abort `io.signal`: a command finishes what it has in hand and returns.
 */
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Command, CommandIo } from './cli/command.js'
import { environmentForOthers, readConfig } from './config.js'
import { WatchkeeperError } from './errors.js'

const folder = new URL('./cli/', import.meta.url)
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.js') && file !== 'command.js')
  .map((file) => file.slice(0, -'.js'.length))
  .sort()

async function load(name: string): Promise<Command> {
  const module = (await import(new URL(`${name}.js`, folder).href)) as { readonly command: Command }
  return module.command
}

async function overview(): Promise<string> {
  const commands = await Promise.all(names.map(async (name) => `  ${name.padEnd(13)} ${(await load(name)).summary}`))
  return `Watchkeeper: audit trail and threat detection for the Model Context Protocol

usage: watchkeeper COMMAND [options]

${commands.join('\n')}

watchkeeper COMMAND --help tells all of one command. Settings are environment variables WATCHKEEPER_*
(deploy/.env.example lists each with its default). First look: npm start -- --demo

exit codes: 0 done · 1 done, and something is wrong as told · 64 usage · 65 bad input · 69 unavailable · 70 our fault
            75 try later · 77 refused · 78 settings
`
}

async function version(): Promise<string> {
  const file = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(file) as { readonly version: string }).version
}

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = words
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    io.stdout.write(await overview())
    return 0
  }
  if (name === '--version' || name === '-v') {
    io.stdout.write(`${await version()}\n`)
    return 0
  }
  if (!names.includes(name)) {
    throw new WatchkeeperError('WK_USAGE', `there is no command "${name}"; the commands are ${names.join(', ')}`)
  }
  const command = await load(name)
  // What follows "--" belongs to a wrapped command (`tap -- CMD --help`).
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  if (own.includes('--help') || own.includes('-h')) {
    io.stdout.write(command.help.endsWith('\n') ? command.help : `${command.help}\n`)
    return 0
  }
  if (!command.ownsProcess) guardProcess()
  return command.run(args, io)
}

/** One line for a fault; a stack only for our own faults, where it helps whoever reports it. */
function explain(error: unknown): { readonly text: string; readonly exit: number } {
  if (error instanceof WatchkeeperError)
    return { text: `watchkeeper: ${error.message} [${error.code}]`, exit: error.exitCode }
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    return { text: `watchkeeper: ${error.message} [WK_USAGE]`, exit: 64 }
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return { text: `watchkeeper: this is a fault of ours, please report it [WK_INTERNAL]\n${stack}`, exit: 70 }
}

const stop = new AbortController()

function guardProcess(): void {
  let signals = 0
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      signals += 1
      if (signals > 1) process.exit(signal === 'SIGINT' ? 130 : 143)
      stop.abort(signal)
    })
  }
  // `watchkeeper sql … | head` closes our stdout: that is an end, not a fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 70)
  })
}

try {
  process.exitCode = await run(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stop.signal,
    onHangup: (listener) => void process.on('SIGHUP', listener),
    config: (overrides) => readConfig(process.env, overrides),
    environmentForOthers,
  })
} catch (error) {
  const { text, exit } = explain(error)
  process.stderr.write(`${text}\n`)
  process.exitCode = exit
}
