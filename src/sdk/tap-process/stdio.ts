/**
 * A stdio MCP server as a child, with its client's bytes passed both ways as they are: `pipe` forwards a chunk and keeps
 * back-pressure, and only then it is looked at. Stderr is the child's own. Nothing that the onlooker does, or fails to do,
 * reaches the two.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { Connection } from '../connection.js'
import type { Emitter } from '../emitter.js'
import { postureOf } from '../posture.js'
import { safely } from '../safely.js'
import { commandFacts } from './command-line.js'
import { LineReader, type Unread } from './lines.js'

export interface TapProcessOptions {
  readonly emitter: Emitter
  /** The server's program and its arguments. */
  readonly command: string
  readonly args: readonly string[]
  /** All of the child's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The client's side: what it writes, and what it reads. */
  readonly input: Readable
  readonly output: Writable
  /** Milliseconds; default one minute. */
  readonly heartbeatMs?: number
}

/** How the server ended: one of the two, as `child_process` says it, or why it could not be started. */
export type ProcessEnd =
  | { readonly code: number; readonly signal?: never; readonly fault?: never }
  | { readonly signal: NodeJS.Signals; readonly code?: never; readonly fault?: never }
  | { readonly fault: NodeJS.ErrnoException; readonly code?: never; readonly signal?: never }

export interface TappedProcess {
  /** Resolves when the server has ended and all it said was passed on. Never rejects. */
  readonly ended: Promise<ProcessEnd>
  kill(signal: NodeJS.Signals): void
}

const MiB = 1_048_576
/** Longer lines pass unread, and are counted. The SDKs' own readers stop earlier. */
const lineBytes = 16 * MiB
/** A grandchild may keep the server's standard output open. Milliseconds that we wait for it after the server's exit. */
const lingerMs = 1000

export function tapProcess(options: TapProcessOptions): TappedProcess {
  const { command, args, input, output } = options
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'], env: options.environment })
  const watch = new Watch(options, child)

  input.pipe(child.stdin)
  child.stdout.pipe(output, { end: false })
  input.on('data', (chunk: Buffer) => watch.fromClient(chunk))
  child.stdout.on('data', (chunk: Buffer) => watch.fromServer(chunk))
  // A broken pipe on one side is one on the other, as it would be without us.
  child.stdin.on('error', () => input.destroy())
  output.on('error', () => child.stdout.destroy())

  return {
    kill: (signal) => void child.kill(signal),
    ended: endOf(child).then((end) => {
      input.unpipe(child.stdin)
      watch.ended(end)
      return end
    }),
  }
}

function endOf(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    const settle = (): void => {
      const { exitCode, signalCode } = child
      resolve(signalCode !== null ? { signal: signalCode } : { code: exitCode ?? 1 })
    }
    child.once('error', (fault) => {
      if (child.pid === undefined) resolve({ fault })
    })
    child.once('exit', () => setTimeout(settle, lingerMs).unref())
    child.once('close', settle)
  })
}

type Direction = 'client' | 'server'

/** What is told of the two: a connection whose server's part we take, since it is the server that we stand before. */
class Watch {
  readonly #connection: Connection
  readonly #emitter: Emitter
  readonly #readers: Readonly<Record<Direction, LineReader>>
  readonly #detail: () => Readonly<Record<string, string>>
  readonly #unread = new Map<string, number>()
  #end: Readonly<Record<string, string>> = {}

  constructor({ emitter, command, args, heartbeatMs = 60_000 }: TapProcessOptions, child: ChildProcess) {
    this.#emitter = emitter
    const started = commandFacts([command, ...args], emitter.capturer)
    let posture: Readonly<Record<string, string>> | undefined
    this.#detail = () => {
      // At the first answer and not before: a server may drop rights while it starts.
      posture ??= child.pid === undefined ? {} : postureOf(child.pid)
      return { ...started, ...posture, ...this.#unreadCounts(), ...this.#end }
    }
    this.#connection = new Connection({
      emitter,
      transport: 'stdio',
      conversation: () => '',
      subjectOf: () => '',
      mcpSessionId: () => '',
      detail: this.#detail,
      commandLine: [command, ...args],
      heartbeatMs,
    })
    this.#readers = {
      client: this.#reader('client', (message) => this.#connection.received(message, undefined)),
      server: this.#reader('server', (message) => this.#connection.passed(message)),
    }
  }

  fromClient(chunk: Buffer): void {
    safely(() => this.#readers.client.take(chunk))
  }

  fromServer(chunk: Buffer): void {
    safely(() => this.#readers.server.take(chunk))
  }

  ended({ code, signal, fault }: ProcessEnd): void {
    safely(() => {
      this.#readers.client.end()
      this.#readers.server.end()
      this.#end = {
        ...(code === undefined ? {} : { exit_code: String(code) }),
        ...(signal === undefined ? {} : { exit_signal: signal }),
        ...(fault === undefined ? {} : { start_fault: fault.code ?? 'unknown' }),
      }
      // A server that never answered was started all the same.
      if (!this.#connection.isOpen) this.#tell('closed')
      this.#connection.closed()
    })
  }

  #reader(from: Direction, message: (message: unknown) => void): LineReader {
    return new LineReader({ message, unread: (why) => this.#notRead(from, why) }, lineBytes)
  }

  /** Told at once the first time, then with the heartbeat: a request could hide in what we do not read. */
  #notRead(from: Direction, why: Unread): void {
    const name = `unread_${from}_${why}`
    const before = this.#unread.get(name) ?? 0
    this.#unread.set(name, before + 1)
    if (before === 0) this.#tell('unread')
  }

  #unreadCounts(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#unread].map(([name, count]) => [name, String(count)]))
  }

  #tell(phase: 'unread' | 'closed'): void {
    this.#emitter.emit({
      kind: 'connection',
      facts: {
        ...this.#connection.peers.facts,
        side: 'server',
        transport: 'stdio',
        detail: { phase, ...this.#detail() },
      },
    })
  }
}
