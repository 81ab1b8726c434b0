/** What every command's file in this folder exports as `command`; `main.ts` finds them by listing: the file's name is the command's. */
import type { Readable, Writable } from 'node:stream'
import type { Config, ConfigOverrides } from '../config.js'

/** The process around a command, handed in so that tests can look at it. */
export interface CommandIo {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Reads the settings when the command wants them; throws `WK_CONFIG`. */
  config(overrides?: ConfigOverrides): Config
  /** The environment for a program that is not ours, without our secrets. */
  environmentForOthers(): Readonly<Record<string, string | undefined>>
  /** Aborted by SIGINT and SIGTERM: finish what is in hand, then return. */
  readonly signal: AbortSignal
  /** Calls this at each SIGHUP from now on. Before the first such call a SIGHUP ends the process, as usual. */
  onHangup(listener: () => void): void
}

export interface Command {
  /** One line for the list of commands. */
  readonly summary: string
  /** The whole text of `watchkeeper NAME --help`: usage, what it does, options with defaults, examples, exit codes. */
  readonly help: string
  /** It stands in for another program: signals and broken pipes are its own matter, and `signal` is never aborted. */
  readonly ownsProcess?: true
  /** Runs with the words after the command's name. Returns the exit code; throws `WatchkeeperError` for faults. */
  run(args: readonly string[], io: CommandIo): Promise<number>
}
