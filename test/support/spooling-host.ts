/** A process of its own that emits events into a spool, and can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Dsn, formatDsn } from '@watchkeeper/sdk/dsn'

const program = fileURLToPath(new URL('../sdk/fixtures/spooling-host.js', import.meta.url))

export interface SpoolingHost {
  readonly process: ChildProcess
  /** Resolves once all was emitted. */
  readonly emitted: Promise<unknown>
  /** Resolves with the signal that ended it, or its exit code. */
  readonly ended: Promise<string | number | null>
}

export interface HostOptions {
  readonly dsn: Dsn
  /** '' for none. */
  readonly spoolDir: string
  readonly count: number
  readonly first?: number
  /** What it does after it has emitted all; default: nothing more, so that it ends by itself. */
  readonly after?: 'end' | 'stay' | 'sigterm'
}

/** Ends with the test. */
export function spoolingHost(t: TestContext, options: HostOptions): SpoolingHost {
  const { dsn, spoolDir, count, first = 0, after = 'end' } = options
  const child = spawn(process.execPath, [program, formatDsn(dsn), spoolDir, `${count}`, `${first}`, after], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return {
    process: child,
    emitted: once(child.stdout, 'data'),
    ended: once(child, 'exit').then(([code, signal]) => (signal ?? code) as string | number | null),
  }
}
