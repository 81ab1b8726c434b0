/** The one connection to ClickHouse: reads, statements, and inserts in Native. */

import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client'
import type { ErrorCode, WatchkeeperError } from '../errors.js'
import { type Cluster, clusterSettings, onCluster } from './cluster.js'
import { insertFault, queryFault } from './faults.js'
import type { QueryOptions, QueryParams } from './index.js'
import { type Cell, type Columns, encodeRows, type RowOf } from './native.js'

export interface Connection {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** Where tables are on all servers of a cluster: its name. */
  readonly cluster?: string
}

const settings: ClickHouseSettings = {
  // 64-bit integers as text, or JSON.parse would round them.
  output_format_json_quote_64bit_integers: 1,
  // An error after the first rows must be an error, not a short answer.
  wait_end_of_query: 1,
  // Lists of keys stand in the statement, see literals.ts.
  max_query_size: '16777216',
  // Copies of a row share their sorting key, which holds the partition: none crosses partitions.
  do_not_merge_across_partitions_select_final: 1,
}

/** Where the engine is now; `undefined` when nothing is known. */
export type Locate = () => Promise<Connection | undefined>

/** Pauses before an insert is tried again here; after them it is the caller's turn. Milliseconds. */
const pauses = [50, 250]

/** What an engine that is not there says, and what another one says on its port. */
const gone: ReadonlySet<ErrorCode> = new Set(['WK_STORE_UNAVAILABLE', 'WK_STORE_REFUSED'])

const connect = ({ url, user, password, database, cluster }: Connection): ClickHouseClient =>
  createClient({
    url,
    username: user,
    password,
    database,
    application: 'watchkeeper',
    clickhouse_settings: cluster === undefined ? settings : { ...settings, ...clusterSettings },
    request_timeout: 300_000,
    max_open_connections: 16,
    // It would write statements, and with them what they hold, to stdout and stderr.
    log: { level: ClickHouseLogLevel.OFF },
  })

export class ClickHouse {
  readonly database: string
  readonly cluster: Cluster | undefined
  readonly #locate: Locate | undefined
  #connection: Connection
  #client: ClickHouseClient

  /** With `locate`, whatever fails is followed by a look where the engine is now, so that the next try may find it. */
  constructor(connection: Connection, locate?: Locate) {
    this.database = connection.database
    const { cluster, database } = connection
    this.cluster = cluster === undefined ? undefined : { name: cluster, database }
    this.#locate = locate
    this.#connection = connection
    this.#client = connect(connection)
  }

  async query<Row>(sql: string, params: QueryParams = {}, options: QueryOptions = {}): Promise<Row[]> {
    const { signal, timeoutMs = 30_000, maxRows = 100_000 } = options
    // The engine ends a slow query itself; the second limit is for an engine that no longer answers.
    const late = AbortSignal.timeout(timeoutMs + 5_000)
    try {
      const result = await this.#client.query({
        query: sql,
        format: 'JSONEachRow',
        query_params: { ...params },
        abort_signal: signal ? AbortSignal.any([signal, late]) : late,
        clickhouse_settings: {
          max_execution_time: timeoutMs / 1000,
          max_result_rows: String(maxRows),
          result_overflow_mode: 'throw',
        },
      })
      return await result.json<Row>()
    } catch (error) {
      throw await this.#failed(queryFault(error))
    }
  }

  async command(sql: string, params: QueryParams = {}): Promise<void> {
    try {
      await this.#client.command({ query: sql, query_params: { ...params } })
    } catch (error) {
      throw await this.#failed(queryFault(error))
    }
  }

  /** Changes tables or views: on every server of the cluster, where there is one. */
  async define(statement: string): Promise<void> {
    for (const each of this.cluster ? onCluster(statement, this.cluster) : [statement]) await this.command(each)
  }

  /** One insert of rows that are named as their columns; see {@link insertFrom}. */
  insert<C extends Columns>(table: string, columns: C, rows: readonly RowOf<C>[], token?: string): Promise<void> {
    return this.insertFrom(table, columns, rows, (row, column) => row[column as keyof C], token)
  }

  /** One insert, acknowledged. With the same token within the table's window it is made once, however often it is sent. */
  async insertFrom<Row>(
    table: string,
    columns: Columns,
    rows: readonly Row[],
    cell: Cell<Row>,
    token?: string,
  ): Promise<void> {
    if (rows.length === 0) return
    const body = encodeRows(columns, rows, cell)
    const query = `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) FORMAT Native`
    for (let attempt = 0; ; attempt++) {
      try {
        const { stream } = await this.#client.exec({
          query,
          values: Readable.from([body], { objectMode: false }),
          ...(token === undefined ? {} : { clickhouse_settings: { insert_deduplication_token: token } }),
        })
        for await (const _ of stream) {
          // The answer is empty; reading it frees the socket.
        }
        return
      } catch (error) {
        const fault = await this.#failed(insertFault(error, table))
        const pause = pauses[attempt]
        // Without a token a second attempt could be a second copy of the rows.
        if (!fault.retryable || pause === undefined || token === undefined) throw fault
        await sleep(pause)
      }
    }
  }

  async ping(): Promise<void> {
    const answer = await this.#client.ping({ select: true })
    if (!answer.success) throw await this.#failed(queryFault(answer.error))
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  /** The engine of another process is elsewhere once that was started again: another port, other passwords. */
  async #failed(fault: WatchkeeperError): Promise<WatchkeeperError> {
    const moved = gone.has(fault.code) ? await this.#locate?.() : undefined
    if (moved !== undefined && (moved.url !== this.#connection.url || moved.password !== this.#connection.password)) {
      const before = this.#client
      this.#connection = moved
      this.#client = connect(moved)
      await before.close()
    }
    return fault
  }
}
