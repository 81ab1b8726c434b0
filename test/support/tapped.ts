/** Servers on stdio with `watchkeeper tap` before them, driven as a client's configuration file would start them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import type { Collector } from './collector.js'
import { fromRoot } from './root.js'
import { cleanEnvironment } from './service.js'

export const main = fromRoot('dist/src/main.js')

/** The words that start a server, with tap before them. */
export const tapped = (words: readonly string[]): readonly string[] => [process.execPath, main, 'tap', '--', ...words]

/** The bytes of both sides, by hand: for what no SDK would send. */
export interface RawServer {
  readonly child: ChildProcess
  send(message: object | string): void
  /** The next line of the server, as it is. */
  line(): Promise<string>
  /** Resolves to its exit code or signal. */
  readonly ended: Promise<number | string | null>
  readonly stderr: () => string
}

export function startRaw(t: TestContext, words: readonly string[], collector: Pick<Collector, 'dsn'>): RawServer {
  const [command = '', ...args] = tapped(words)
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: cleanEnvironment({ WATCHKEEPER_DSN: formatDsn(collector.dsn) }),
  })
  t.after(() => child.kill('SIGKILL'))
  const stderr: Buffer[] = []
  child.stderr.on('data', (piece: Buffer) => stderr.push(piece))
  // Bytes, and not characters: what is no UTF-8 must come through as well.
  const lines = createInterface({ input: child.stdout.setEncoding('latin1') })[Symbol.asyncIterator]()
  return {
    child,
    send: (message) =>
      void child.stdin.write(
        typeof message === 'string' ? message : `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`,
      ),
    line: async () => ((await lines.next()) as IteratorResult<string, string>).value,
    ended: once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string | null),
    stderr: () => Buffer.concat(stderr).toString(),
  }
}

/** `watchkeeper tap` with the given words, and the origin it says it listens on. */
export function spawnTap(
  t: TestContext,
  words: readonly string[],
  dsn: string,
): { readonly child: ChildProcess; readonly origin: Promise<string> } {
  const child = spawn(process.execPath, [main, 'tap', ...words], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: cleanEnvironment({ WATCHKEEPER_DSN: dsn }),
  })
  t.after(() => child.kill('SIGKILL'))
  const origin = new Promise<string>((resolve) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0]
      if (found !== undefined) resolve(found)
    })
  })
  return { child, origin }
}
