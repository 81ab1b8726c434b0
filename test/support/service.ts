/** The service as its users run it: a process of its own, that can be killed and started again on the same ports and data. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fromRoot } from './root.js'

const main = fromRoot('dist/src/main.js')

/** Variables of the process under test; nothing of ours leaks in from outside. */
export function cleanEnvironment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('WATCHKEEPER_'))
  return { ...Object.fromEntries(own), ...settings }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

export interface Run {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** One command of the command line, to its end. */
export async function watchkeeper(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<Run> {
  return finished(
    spawn(process.execPath, [main, ...args], { env: cleanEnvironment(settings), stdio: ['ignore', 'pipe', 'pipe'] }),
  )
}

/** The output and exit code of a child that was started with pipes. */
export async function finished(child: ChildProcess): Promise<Run> {
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
}

export interface Service {
  /** Of the process that runs now. */
  readonly pid: number | undefined
  /** Starts the process and resolves when it says that it serves. */
  start(): Promise<void>
  /** SIGKILL: no chance to tidy up. */
  kill(): Promise<void>
  /** SIGTERM, and waits for its end. Returns the exit code. */
  stop(): Promise<number | null>
  /** The log since the first start, one object a line. */
  readonly log: readonly Record<string, unknown>[]
}

/** Stopped by `t.after` if it still runs. */
export function service(
  t: Pick<TestContext, 'after'>,
  settings: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Service {
  const log: Record<string, unknown>[] = []
  let child: ChildProcess | undefined

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return running?.exitCode ?? null
    running.kill(signal)
    const [code] = (await once(running, 'close')) as [number | null]
    return code
  }
  t.after(async () => {
    await end('SIGKILL')
  })

  return {
    log,
    get pid() {
      return child?.pid
    },
    async start() {
      const started = spawn(process.execPath, [main, 'serve', ...args], {
        env: cleanEnvironment({ WATCHKEEPER_LOG_FORMAT: 'json', ...settings }),
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child = started
      await new Promise<void>((resolve, reject) => {
        const text: string[] = []
        started.once('close', (code) =>
          reject(new Error(`serve ended with ${code} before it served:\n${text.join('\n')}`)),
        )
        createInterface({ input: started.stderr }).on('line', (line) => {
          text.push(line)
          try {
            const entry = JSON.parse(line) as Record<string, unknown>
            log.push(entry)
            if (entry['msg'] === 'serving') resolve()
          } catch {
            log.push({ msg: line })
          }
        })
      })
    },
    async kill() {
      await end('SIGKILL')
    },
    stop: () => end('SIGTERM'),
  }
}
