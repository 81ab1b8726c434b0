/**
 * The store's one public door. Everything that other stages know of ClickHouse is in here; SQL is ClickHouse SQL whatever
 * the home (embedded chDB child, server, cluster).
 */
import type { AuditEvent } from '../audit-event.js'
import type { DeadLetter } from '../bus/index.js'

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
  insert(table: InsertTable, rows: readonly Readonly<Record<string, unknown>>[], token?: string): Promise<void>
  /** Events, their fingerprints, their session links, and the marks of records that are shadowed; see `records.ts`. */
  insertEvents(events: readonly AuditEvent[]): Promise<void>
  insertDeadLetters(letters: readonly DeadLetter[]): Promise<void>
  /**
   * Whole audit events, de-duplicated, with fingerprints and orders, in order of end time, start time, record id: one list
   * for each request, in their order. Many sessions are one query (a backtest asks for thousands).
   */
  sessionEvents(requests: readonly SessionRequest[]): Promise<AuditEvent[][]>
  /** For each key all keys of its session (at least itself), sorted, through links of any length within the key's tenant; in the order asked. */
  resolveSessions(keys: readonly SessionKey[]): Promise<string[][]>
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

export type InsertTable =
  | 'findings'
  | 'incidents'
  | 'deliveries'
  | 'watermarks'
  | 'not_evaluated'
  | 'detector_runs'
  | 'pipeline_counters'
