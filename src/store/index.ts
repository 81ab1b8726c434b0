/**
 * The store's one public door. Everything that other stages know of ClickHouse is in here; SQL is ClickHouse SQL whatever
 * the home (embedded chDB child, server, cluster).
 */
import type { AuditEvent } from '../audit-event.js'
import type { DeadLetter } from '../bus/index.js'
import type { InsertRows, InsertTable } from './tables.js'

export {
  type EngineChoice,
  type OpenOptions,
  openReader,
  openScratchStore,
  openStore,
  type StoreConfig,
  type StoreReader,
} from './open.js'
export type { InsertRows, InsertTable } from './tables.js'

/** Values bound to `{name:Type}` parameters. Text from events reaches SQL in no other way. */
export type QueryParams = Readonly<Record<string, unknown>>

export interface QueryOptions {
  readonly signal?: AbortSignal
  /** Milliseconds, default 30,000. */
  readonly timeoutMs?: number
  /** Rows, default 100,000; one more is an error and not a cut. */
  readonly maxRows?: number
}

export interface Store {
  /** Rows of a SELECT as objects. 64-bit integers come as strings; DateTime64 as `YYYY-MM-DD hh:mm:ss.ffffff` UTC. */
  query<Row>(sql: string, params?: QueryParams, options?: QueryOptions): Promise<Row[]>
  /** A statement without rows (rollups, sweeps). Not for text from outside. */
  command(sql: string, params?: QueryParams): Promise<void>
  /** Appends rows to one of our tables. The token makes an immediate retry of the same batch one insert. Returns after the acknowledgement. */
  insert<Table extends InsertTable>(table: Table, rows: readonly InsertRows[Table][], token?: string): Promise<void>
  /** Events, their fingerprints, their session links, and the marks of records that are shadowed; see `records.ts`. */
  insertEvents(events: readonly AuditEvent[]): Promise<void>
  insertDeadLetters(letters: readonly DeadLetter[]): Promise<void>
  /**
   * Whole audit events, de-duplicated, with fingerprints and orders, in order of end time, start time, record id: one list
   * for each request, in their order. Many sessions are one query (a backtest asks for thousands).
   */
  sessionEvents(requests: readonly SessionRequest[]): Promise<AuditEvent[][]>
  /**
   * For each key, in the order asked, all keys of its session within the tenant: first the session's id as `audit.session`
   * has it, then the others sorted (at most 10,000).
   */
  resolveSessions(keys: readonly SessionKey[]): Promise<string[][]>
  /**
   * Marks what a crash between insert and check, or a copy that came hours apart, left unmarked. Looks at the records stored
   * in [from, to), microseconds, against all others. Returns the number of marks.
   */
  sweepShadowed(from: number, to: number): Promise<number>
  /** Recomputes the hours that records were written to since they were last computed. Returns their number. */
  refreshRollups(): Promise<number>
  ping(): Promise<void>
  close(): Promise<void>
}

export interface SessionKey {
  readonly tenant: string
  readonly key: string
}

export interface SessionRequest {
  readonly tenant: string
  /** Session keys that belong together (after links were resolved). */
  readonly keys: readonly string[]
  /** Microseconds, inclusive, on kept time. */
  readonly from: number
  readonly to: number
  /** Latest events first are kept when there are more. */
  readonly limit: number
}
