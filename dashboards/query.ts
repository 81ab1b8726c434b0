/**
 * SQL of panels: macros are those of the Grafana ClickHouse data source (github.com/grafana/clickhouse-datasource).
 *
 * What a variable holds becomes part of the statement, and the data source escapes nothing (a backslash before the closing
 * quote is enough, also with `:sqlstring`). Names of servers, tools and subjects come from events, whose text is the attacker's. So
 * variables and links carry names as hex, and SQL unhexes them: no text of an event is ever part of a statement.
 */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'

/** As provisioned in `provisioning.ts`. */
export const dataSource = { type: 'grafana-clickhouse-datasource', uid: 'watchkeeper' } as const

/** The version whose query model this is; the data source migrates older ones. */
const pluginVersion = '4.11.0'

export type Shape = 'table' | 'timeseries'

/** The query model of the data source; `format`: 0 time series, 1 table. */
export interface ClickHouseQuery {
  readonly refId: string
  readonly datasource: typeof dataSource
  readonly pluginVersion: string
  readonly editorType: 'sql'
  readonly queryType: Shape
  readonly format: 0 | 1
  readonly rawSql: string
}

export function queryModel(rawSql: string, shape: Shape, refId = 'A'): ClickHouseQuery {
  return {
    refId,
    datasource: dataSource,
    pluginVersion,
    editorType: 'sql',
    queryType: shape,
    format: shape === 'timeseries' ? 0 : 1,
    rawSql: dedent(rawSql),
  }
}

/** For the builders of the SDK, which know no ClickHouse. */
export const target = (rawSql: string, shape: Shape): Builder<Dataquery> => ({
  build: () => ({ ...queryModel(rawSql, shape), _implementsDataqueryVariant: () => undefined }),
})

export const filterNames = ['tenant', 'server', 'subject', 'detector'] as const
/** Variables of several values, each a name as hex; `All` leaves the condition out. */
export type FilterName = (typeof filterNames)[number]

/** `server('server_name')`: the rows whose column is one of the chosen names. */
export const chosen = (variable: FilterName, column: string): string =>
  `$__conditionalAll(${column} IN (arrayMap(name -> unhex(name), [$${variable}])), $${variable})`

/**
 * The rows of `audit` and of `records` without the session that each belongs to: that one costs a look at the links of all sessions,
 * most of the time of a panel that shows none. Named like the view, so that SQL reads alike: `FROM ${happened} AS audit`.
 */
export const happened = `(SELECT * FROM events FINAL WHERE shadow = '')`
export const told = `(SELECT * FROM events FINAL WHERE shadow IN ('', 'same_call'))`

/**
 * The rows of a short list (which has `tenant` and `session_key`) with the `session` that each belongs to, looked up for them alone: for
 * `keys`, which are those of the list, asked for a second time, or some more where that is cheaper.
 */
export const withSessions = (rows: string, keys = `SELECT session_key FROM (${rows})`): string => `(
  SELECT listed.*, if(s.session = '', listed.session_key, s.session) AS session
  FROM (${rows}) AS listed
  LEFT ANY JOIN (SELECT tenant, key, session FROM session_of WHERE key IN (${keys})) AS s
    ON s.tenant = listed.tenant AND s.key = listed.session_key)`

/**
 * The latest rows of `happened` that meet a condition, with their sessions. Only as far back as the last of them the columns are read: most
 * of what a range has is older, and rows of arguments and results are wide.
 */
export const latest = (condition: string, limit: number): string =>
  withSessions(
    `SELECT * FROM ${happened} AS audit
  WHERE ${condition} AND kept_at >= (
    SELECT min(kept_at) FROM (SELECT kept_at FROM ${happened} AS audit WHERE ${condition} ORDER BY kept_at DESC LIMIT ${limit}))
  ORDER BY kept_at DESC, record_id
  LIMIT ${limit}`,
  )

/** Rows of the hourly views: the hour in which the range begins is part of it. */
export const hoursInRange = '(hour >= toStartOfHour($__fromTime) AND hour <= ($__toTime))'

/** `info` … `critical` as 1 … 5. */
export const rank = (column: string): string =>
  `indexOf(['info', 'low', 'medium', 'high', 'critical'], toString(${column}))`

/** Weights of the severities in an entity's risk: one critical finding outweighs two high ones. */
export const weight = (column: string): string =>
  `transform(toString(${column}), ['critical', 'high', 'medium', 'low', 'info'], [100, 40, 10, 3, 1], 0)`

function dedent(sql: string): string {
  const lines = sql.trim().split('\n')
  const indents = lines.slice(1).flatMap((line) => (line.trim() === '' ? [] : [line.search(/\S/)]))
  const least = Math.min(...indents)
  return lines.map((line, index) => (index === 0 ? line : line.slice(Number.isFinite(least) ? least : 0))).join('\n')
}
