/**
 * The part of libchdb's node binding that we use, typed. We call it below the `chdb` package's own classes, because those
 * close a connection only after *all* running queries of the process, serialise bound parameters, and give settings no
 * end. The binding is not public API: the dependency is pinned to a version, and a test calls every function here.
 */
import { createRequire } from 'node:module'

declare const connection: unique symbol
declare const stream: unique symbol
export type Connection = { readonly [connection]: true }
export type Stream = { readonly [stream]: true }

export interface Result {
  readonly bytes: Uint8Array
  /** Rows read; for an INSERT … FROM INFILE the rows that the file held. */
  readonly rowsRead: number
  readonly bytesRead: number
  /** Seconds. */
  readonly elapsed: number
}

/** What the engine's own parser says: 0 reads, 1 and 2 change data or definitions, 3 acts outside (files, settings, system), 4 cannot be parsed. */
export interface Classified {
  readonly statementCount: number
  readonly queryClass: 0 | 1 | 2 | 3 | 4
}

export interface Native {
  /** Synchronous, about 0.1 ms once the engine is open. Throws when another process holds the folder; the reason goes to stderr only. */
  CreateConnection(path: string, args: readonly string[]): Connection
  /** Must not be called while something runs on the connection: that aborts the whole engine. */
  CloseConnection(connection: Connection): void
  QueryAsyncConnection(connection: Connection, sql: string, format: string): Promise<Result>
  StreamQuery(connection: Connection, sql: string, format: string): Stream
  StreamFetch(stream: Stream): Promise<{ bytes: Uint8Array; numRows: number; done: boolean }>
  StreamCancel(stream: Stream): void
  DurableClassifyAsync(connection: Connection, sql: string, database: string): Promise<Classified>
}

const platforms: Readonly<Record<string, string>> = {
  'linux-x64': '@chdb/lib-linux-x64-gnu',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'darwin-arm64': '@chdb/lib-darwin-arm64',
}

/** Where the binding lies, or why it does not. */
export function locateNative(): { readonly path: string } | { readonly missing: string } {
  const platform = `${process.platform}-${process.arch}`
  const library = platforms[platform]
  if (library === undefined) return { missing: `it is not built for ${platform}` }
  try {
    const chdb = createRequire(import.meta.url).resolve('chdb/package.json')
    return { path: createRequire(chdb).resolve(library) }
  } catch {
    return { missing: 'the optional package chdb is not installed' }
  }
}

/** Loads the engine (about 550 MB of library, lazily paged) into this process: only the child does that. */
export function loadNative(path: string): Native {
  return createRequire(import.meta.url)(path) as Native
}
