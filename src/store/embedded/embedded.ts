/**
 * The embedded engine as its parent sees it: a child process that is started, watched, started again when it dies, and
 * ended. Clients see only an address and two users; while the child restarts they see a refused connection.
 */
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { WatchkeeperError } from '../../errors.js'
import type { Logger } from '../../log.js'
import { type Endpoint, forgetEndpoint, holderOf, noteEndpoint } from './attach.js'
import { begin, complaintsOf, end, exitOf, forkChild } from './child-process.js'
import { locateNative } from './native.js'
import type { StartChild } from './protocol.js'
import type { Login } from './users.js'

export interface EmbeddedOptions {
  /** The data folder; the database lies in its folder `clickhouse`. Made when missing. */
  readonly dataDir: string
  /** Where insert bodies wait; '' is /dev/shm, else the data folder. */
  readonly spoolDir?: string
  readonly durability?: 'process' | 'power'
  /** How long the lock of a predecessor that may just be ending is waited for, in milliseconds; default 5000. */
  readonly lockPatienceMs?: number
  readonly log: Logger
}

export interface Embedded extends Endpoint {
  /** Of the child that runs now; `undefined` between two. */
  readonly childPid: number | undefined
  /** Ends running queries and the child. Afterwards the folder is free. */
  close(): Promise<void>
}

/** Pause before the child is started again, in milliseconds: doubled with each failure, from the first to the second. */
const backOff = [100, 10_000] as const
/** A child that ran longer than this was well: the pause starts anew. In milliseconds. */
const steady = 30_000

/**
 * Starts the engine. Throws `WK_STORE_ENGINE_MISSING` where chdb is not installed, `WK_FILE_UNWRITABLE`, `WK_STORE_LOCKED` where another
 * process works on the folder, `WK_STORE_UNAVAILABLE` where the engine does not come up.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const native = locateNative()
  if ('missing' in native)
    throw new WatchkeeperError(
      'WK_STORE_ENGINE_MISSING',
      `the embedded engine is not there: ${native.missing}. Run "npm install chdb" (Linux with glibc, or macOS), ` +
        'or point WATCHKEEPER_CLICKHOUSE_URL at a ClickHouse server',
    )
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 }).catch(unwritable(options.dataDir))
  const supervisor = new Supervisor(options, native.path)
  await supervisor.start()
  return supervisor
}

const unwritable =
  (dataDir: string) =>
  (error: NodeJS.ErrnoException): never => {
    throw new WatchkeeperError(
      'WK_FILE_UNWRITABLE',
      `the data folder ${dataDir} cannot be written (${error.code}): check its path, its owner and the space on its disk, or set WATCHKEEPER_DATA_DIR`,
      { cause: error },
    )
  }

const login = (user: string): Login => ({ user, password: randomBytes(32).toString('base64url') })

class Supervisor implements Embedded {
  readonly service = login('watchkeeper')
  readonly reader = login('reader')
  readonly #options: EmbeddedOptions
  readonly #native: string
  readonly #stop = new AbortController()
  #port = 0
  #child: ChildProcess | undefined
  #watch: Promise<void> = Promise.resolve()

  constructor(options: EmbeddedOptions, native: string) {
    this.#options = options
    this.#native = native
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get childPid(): number | undefined {
    return this.#child?.pid
  }

  async start(): Promise<void> {
    const child = await this.#launch()
    this.#watch = this.#keepRunning(child)
    try {
      await noteEndpoint(this.#options.dataDir, this).catch(unwritable(this.#options.dataDir))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async close(): Promise<void> {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort()
      const child = this.#child
      if (child) await end(child)
    }
    await this.#watch
    await forgetEndpoint(this.#options.dataDir)
  }

  async #keepRunning(first: ChildProcess): Promise<void> {
    const { log } = this.#options
    let child: ChildProcess | undefined = first
    let pause: number = backOff[0]
    while (!this.#stop.signal.aborted) {
      if (child) {
        const since = performance.now()
        const { code, signal } = await exitOf(child)
        this.#child = undefined
        if (this.#stop.signal.aborted) return
        if (performance.now() - since > steady) pause = backOff[0]
        log.error({ code, signal, pause }, 'the embedded engine ended unexpectedly and is started again')
      }
      await delay(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined)
      pause = Math.min(pause * 2, backOff[1])
      if (this.#stop.signal.aborted) return
      try {
        child = await this.#launch()
        log.info({ port: this.#port }, 'the embedded engine is back')
      } catch (error) {
        child = undefined
        log.error({ err: error, pause }, 'the embedded engine could not be started again')
      }
    }
  }

  /** A child that answers. */
  async #launch(): Promise<ChildProcess> {
    const { dataDir, spoolDir, durability = 'process', lockPatienceMs = 5_000, log } = this.#options
    const child = forkChild()
    this.#child = child
    const complaints = complaintsOf(child, (line) => log.debug({ engine: line }, 'the embedded engine says'))
    const start: StartChild = {
      type: 'start',
      native: this.#native,
      path: join(dataDir, 'clickhouse'),
      spoolParents: spoolDir ? [spoolDir] : ['/dev/shm', dataDir],
      durability,
      lockPatienceMs,
      port: this.#port,
      logins: { service: this.service, reader: this.reader },
    }
    const answer = await begin(child, start)
    if (answer.type === 'ready') {
      this.#port = answer.port
      return child
    }
    await end(child)
    this.#child = undefined
    throw await this.#explain(answer.message, complaints)
  }

  async #explain(message: string, complaints: readonly string[]): Promise<WatchkeeperError> {
    const { dataDir } = this.#options
    if (complaints.some((line) => line.includes('Cannot lock file'))) {
      const holder = (await holderOf(dataDir)) ?? (await engineProcess(dataDir))
      return new WatchkeeperError(
        'WK_STORE_LOCKED',
        `another process${holder === undefined ? '' : ` (pid ${holder})`} works on the data folder ${dataDir}. Stop it, ` +
          'or set WATCHKEEPER_DATA_DIR to a folder of its own',
      )
    }
    const said = complaints.at(-1)
    return new WatchkeeperError(
      'WK_STORE_UNAVAILABLE',
      `the embedded engine on ${dataDir} does not start: ${message}${said === undefined ? '' : `; it said: ${said}`}`,
    )
  }
}

/** ClickHouse writes the pid of the process that holds the folder into its lock file. */
async function engineProcess(dataDir: string): Promise<number | undefined> {
  const status = await readFile(join(dataDir, 'clickhouse', 'status'), 'utf8').catch(() => '')
  const pid = Number(/^PID: (\d+)/m.exec(status)?.[1])
  return Number.isInteger(pid) ? pid : undefined
}
