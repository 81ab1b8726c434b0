/** The child as a process: forked with nothing of our environment, spoken to over IPC, and surely ended. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { poolThreads } from './limits.js'
import { type FromChild, isFromChild, type StartChild, type ToChild } from './protocol.js'

/** For the child's own orderly end, in milliseconds; it ends itself sooner. */
const endPatience = 10_000
const keptComplaints = 20

export function forkChild(): ChildProcess {
  return fork(fileURLToPath(new URL('child.js', import.meta.url)), [], {
    // Nothing of our environment: it may hold secrets, and the engine needs none of it.
    env: { UV_THREADPOOL_SIZE: String(poolThreads), TZ: 'UTC' },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
}

/** The last lines of the child's stderr, kept up to date; there the engine says why it does not open. */
export function complaintsOf(child: ChildProcess, hear: (line: string) => void): readonly string[] {
  const lines: string[] = []
  if (child.stderr)
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line)
      if (lines.length > keptComplaints) lines.shift()
      hear(line)
    })
  return lines
}

/** How the child ended, once it has. */
export async function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}

/** Tells the child to start; what it answers, or that it ended without an answer. */
export function begin(child: ChildProcess, start: StartChild): Promise<FromChild | { type: 'ended'; message: string }> {
  // Queued by Node until the child listens; a child that is already gone shows below.
  child.send(start satisfies ToChild, () => undefined)
  return new Promise((resolve) => {
    child.once('message', (message) => {
      if (isFromChild(message)) resolve(message)
    })
    // 'close' and not 'exit', so that what it said on stderr was read.
    child.once('close', (code, signal) => resolve({ type: 'ended', message: `its process ended (${signal ?? code})` }))
    child.once('error', (error) => resolve({ type: 'ended', message: error.message }))
  })
}

/** Asks the child to end and makes sure that it did. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  if (child.connected) child.send({ type: 'stop' } satisfies ToChild, () => undefined)
  const timer = setTimeout(() => child.kill('SIGKILL'), endPatience)
  await gone
  clearTimeout(timer)
}
