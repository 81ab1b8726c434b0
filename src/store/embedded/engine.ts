/**
 * The engine inside the child: every operation gets a connection of its own, so settings and parameters end with it and
 * operations run side by side; one pinned connection keeps the engine open between them.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from './fault.js'
import type { Classified, Connection, Native, Result } from './native.js'
import { setStatement } from './settings.js'
import { quoted } from './statement.js'

export interface Operation {
  readonly sql: string
  /** Used when the statement names none. */
  readonly format: string
  readonly database: string | undefined
  readonly settings: ReadonlyMap<string, string>
  readonly params: ReadonlyMap<string, string>
  readonly readonly: boolean
}

/** The engine's own limit of a statement's text, in characters to be on the safe side; too small for bound lists. */
const engineQuerySize = 200_000
/** Ours, in bytes. */
const maxQuerySize = 64 * 1_048_576

export class Engine {
  readonly #native: Native
  readonly #path: string
  readonly #args: readonly string[]
  readonly #pin: Connection
  readonly #running = new Set<Promise<unknown>>()
  readonly #stop = new AbortController()
  #count = 0

  private constructor(native: Native, path: string, args: readonly string[]) {
    this.#native = native
    this.#path = path
    this.#args = args
    this.#pin = native.CreateConnection(path, args)
    // Every running query listens to it; Node takes more than ten for a leak.
    setMaxListeners(0, this.#stop.signal)
  }

  /** Opens (or makes) the database in the folder; throws when another process holds it. */
  static async open(native: Native, path: string, args: readonly string[]): Promise<Engine> {
    const engine = new Engine(native, path, args)
    const execute = (sql: string) => native.QueryAsyncConnection(engine.#pin, sql, 'Null')
    // The library lays a database of files over `default`, in which `SELECT * FROM "/etc/passwd"` is a query and EXISTS
    // tells which files there are. An empty one that takes no tables replaces it: ours are in a database of their own.
    try {
      await execute('DROP DATABASE IF EXISTS default')
      await execute('CREATE DATABASE default ENGINE = Dictionary')
      return engine
    } catch (error) {
      native.CloseConnection(engine.#pin)
      throw error
    }
  }

  /** Names of one column, for what the engine knows best about itself. */
  async names(sql: string): Promise<ReadonlySet<string>> {
    const result = await this.#native.QueryAsyncConnection(this.#pin, sql, 'TabSeparatedRaw')
    return new Set(Buffer.from(result.bytes).toString('utf8').split('\n').filter(Boolean))
  }

  /** How the engine's own parser sees the text; nothing runs. */
  classify(sql: string): Promise<Classified> {
    return this.#track(() => this.#native.DurableClassifyAsync(this.#pin, sql, 'default'))
  }

  /** Lines of the syntax tree; nothing runs. */
  async syntaxTree(sql: string, params: ReadonlyMap<string, string>): Promise<readonly string[]> {
    const explain = {
      sql: `EXPLAIN AST ${sql}`,
      format: 'TabSeparatedRaw',
      database: undefined,
      settings: new Map(),
      params,
    }
    const result = await this.run({ ...explain, readonly: true })
    return Buffer.from(result.bytes).toString('utf8').split('\n')
  }

  /** Runs one statement that was checked before. When the signal fires the engine really stops, then this rejects. */
  run(operation: Operation, signal?: AbortSignal): Promise<Result> {
    return this.#use(async (connection) => {
      const tag = `watchkeeper-${process.pid}-${++this.#count}`
      const execute = (sql: string, format = 'Null') => this.#native.QueryAsyncConnection(connection, sql, format)
      // The limit holds for a statement that is longer only when it was raised before that.
      const values = setStatement([
        ['max_query_size', String(maxQuerySize)],
        ['log_comment', tag],
        // The library takes any expression for a SELECT, as on a console; a server does not.
        ['implicit_select', '0'],
        ...operation.settings,
        ...operation.params,
        ...(operation.readonly ? ([['readonly', '1']] as const) : []),
      ])
      if (values.length > engineQuerySize) await execute(setStatement([['max_query_size', String(maxQuerySize)]]))
      if (operation.database !== undefined) await execute(`USE \`${operation.database.replaceAll(/[\\`]/g, '\\$&')}\``)
      await execute(values)
      if (signal?.aborted || this.#stop.signal.aborted) throw new Fault('QUERY_WAS_CANCELLED', 'Query was cancelled')
      const work = execute(operation.sql, operation.format)
      return await this.#killable(work, tag, signal)
    })
  }

  /** Kills what runs and releases the folder. Resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.allSettled(this.#running)
    this.#native.CloseConnection(this.#pin)
  }

  #use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#track(async () => {
      const connection = this.#native.CreateConnection(this.#path, this.#args)
      try {
        return await work(connection)
      } finally {
        this.#native.CloseConnection(connection)
      }
    })
  }

  /** A connection that is closed under a running call takes the whole engine down, so every call is waited for. */
  async #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stop.signal.aborted) throw new Fault('ABORTED', 'The embedded engine is stopping')
    const running = work()
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * The engine has no call to interrupt a query, but `KILL QUERY` from another connection does. It may come before the
   * query is registered, so it is repeated until the query ended.
   */
  async #killable<T>(work: Promise<T>, tag: string, signal: AbortSignal | undefined): Promise<T> {
    const stop = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal
    let killing: Promise<void> | undefined
    const ended = new AbortController()
    const kill = async () => {
      const sql = `KILL QUERY WHERE Settings['log_comment'] = ${quoted(tag)} ASYNC`
      while (!ended.signal.aborted) {
        await this.#native.QueryAsyncConnection(this.#pin, sql, 'Null').catch(() => undefined)
        await delay(20, undefined, { signal: ended.signal }).catch(() => undefined)
      }
    }
    const onStop = () => {
      killing ??= kill()
    }
    stop.addEventListener('abort', onStop)
    try {
      return await work
    } finally {
      ended.abort()
      stop.removeEventListener('abort', onStop)
      await killing
    }
  }
}
