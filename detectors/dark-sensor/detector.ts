import { median } from 'simple-statistics'
import { type NotEvaluated, type Policy, queryDetector, type RowDraft } from '#detector'

/**
 * Silence is a sign only where there used to be sound. An hour is held against the same server's hours of the last three days: a
 * server that reported nearly always and says nothing while others do has lost its sensor; one whose calls both sides used to tell of and
 * only one does now is being used around the other.
 */
const limits = {
  historyHours: 72,
  /** Hours with anything at all, for a rhythm to be believed. */
  least: 24,
  /** Of the last 24 hours. */
  regular: 22,
  /** Records an hour (median of the hours with any) below which silence may be chance. */
  busy: 10,
  /** Calls of one side in this hour, and the share of hours in which both sides told. */
  calls: 5,
  both: 0.9,
} as const

interface Row {
  readonly tenant: string
  readonly server: string
  readonly from: string
  /** Seconds since 1970 of each hour with records, and its counts. */
  readonly hours: readonly string[]
  readonly totals: readonly string[]
  readonly clients: readonly string[]
  readonly servers: readonly string[]
  readonly now_total: string
  readonly now_client: string
  readonly now_server: string
  readonly others: string
  readonly closed: string
  readonly last_record: string
  readonly records: readonly string[]
}

export default queryDetector<Row>({
  about: {
    title: 'A sensor went dark',
    severity: 'medium',
    maturity: 'stable',
    tags: { atlas: [], mcp: ['MCP08:2025'], asi: ['ASI10'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 600,

  sql: `
    WITH
      hourly AS (
        SELECT tenant, server_name AS server, toUnixTimestamp(toStartOfHour(toDateTime(kept_at))) AS hour, count() AS total,
          countIf(kind = 'call' AND side = 'client') AS by_client, countIf(kind = 'call' AND side = 'server') AS by_server,
          argMax(detail['phase'], kept_at) = 'closed' AS closed, argMax(toString(record_id), kept_at) AS last,
          arraySlice(arraySort(groupArray(20)(toString(record_id))), 1, 5) AS some
        FROM records
        WHERE server_name != ''
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyHours} HOUR AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, server, hour
      ),
      now_all AS (SELECT tenant, sum(total) AS total FROM hourly WHERE hour >= toUnixTimestamp({from:DateTime64(6, 'UTC')}) GROUP BY tenant)
    SELECT h.tenant AS tenant, h.server AS server, toString(toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS from,
      groupArrayIf(h.hour, h.hour < toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS hours,
      groupArrayIf(h.total, h.hour < toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS totals,
      groupArrayIf(h.by_client, h.hour < toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS clients,
      groupArrayIf(h.by_server, h.hour < toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS servers,
      sumIf(h.total, h.hour >= toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS now_total,
      sumIf(h.by_client, h.hour >= toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS now_client,
      sumIf(h.by_server, h.hour >= toUnixTimestamp({from:DateTime64(6, 'UTC')})) AS now_server,
      any(n.total) - now_total AS others, argMax(h.closed, h.hour) AS closed, argMax(h.last, h.hour) AS last_record, argMax(h.some, h.hour) AS records
    FROM hourly AS h
    LEFT JOIN now_all AS n ON n.tenant = h.tenant
    GROUP BY tenant, server
    HAVING length(hours) > 0
    ORDER BY tenant, server
    LIMIT 5000`,

  judge(row, policy): RowDraft | NotEvaluated | undefined {
    if (row.hours.length < limits.least)
      return {
        notEvaluated: 'history',
        because: `${row.hours.length} hours of ${row.server} in three days; ${limits.least} are needed`,
      }
    return Number(row.now_total) === 0 ? quiet(row, policy) : oneSided(row)
  },
})

function quiet(row: Row, policy: Policy): RowDraft | undefined {
  const from = Number(row.from)
  const lastDay = row.hours.filter((hour) => Number(hour) >= from - 24 * 3_600).length
  const lastHour = row.hours.some((hour) => Number(hour) === from - 3_600)
  const usual = median(row.totals.map(Number))
  // Everybody quiet is a quiet hour, or our own fault; and who said goodbye is gone, not dark. Told in the first silent hour.
  if (
    !lastHour ||
    lastDay < limits.regular ||
    usual < limits.busy ||
    Number(row.others) <= 0 ||
    Number(row.closed) === 1
  )
    return undefined
  return draftOf(
    row,
    'quiet',
    `${row.server} reported in ${lastDay} of the last 24 hours, ${usual} records an hour, and fell silent while others did not`,
    {
      usual,
      active_hours_of_24: lastDay,
      others: Number(row.others),
      approved: policy.standing({ serverName: row.server, serverAddress: '' }) === 'approved' ? 1 : 0,
    },
    [row.last_record],
  )
}

function oneSided(row: Row): RowDraft | undefined {
  const told = row.clients
    .map((calls, at) => [Number(calls), Number(row.servers[at])] as const)
    .filter(([client, server]) => client + server > 0)
  const both = told.filter(([client, server]) => client > 0 && server > 0).length
  if (told.length < limits.least || both / told.length < limits.both) return undefined
  const [client, server] = [Number(row.now_client), Number(row.now_server)]
  const missing =
    client >= limits.calls && server === 0 ? 'server' : server >= limits.calls && client === 0 ? 'client' : undefined
  if (missing === undefined) return undefined
  const seen = Math.max(client, server)
  return draftOf(
    row,
    `only ${missing}`,
    missing === 'server'
      ? `${seen} calls to ${row.server} are told by clients alone; the server used to tell of them, too: its sensor is off, or another server answers`
      : `${seen} calls at ${row.server} are told by the server alone; clients used to tell of them, too: somebody uses it around the watched hosts`,
    { calls: seen, hours_with_both: both, hours: told.length },
    row.records,
  )
}

function draftOf(
  row: Row,
  what: string,
  summary: string,
  score: Readonly<Record<string, number>>,
  records: readonly string[],
): RowDraft {
  return {
    anchor: JSON.stringify([row.server, what]),
    session: '',
    subject: '',
    server: row.server,
    tool: '',
    severity: 'medium',
    summary,
    calls: records,
    score: { ...score, history_hours: limits.historyHours },
  }
}
