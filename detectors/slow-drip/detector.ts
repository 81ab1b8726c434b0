import { type NotEvaluated, queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * Small sends that no hour shows, to one place, day after day. Held against the three weeks before: a place that was always written to is
 * work; one that became a habit this week is not yet. What adds up is counted in bytes, and in different values of one source: strong
 * fingerprints in what was sent that a result had given.
 */
const limits = {
  days: 7,
  historyDays: 28,
  activeDays: 4,
  calls: 20,
  smallBytes: 16_384,
  bytes: 262_144,
  values: 40,
} as const

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly destination: string
  readonly server: string
  readonly tool: string
  readonly days: string
  readonly calls: string
  readonly bytes: string
  readonly before_calls: string
  readonly known_days: string
  readonly records: readonly string[]
  readonly source: string
  readonly source_server: string
  readonly values: string
}

export default queryDetector<Row>({
  about: {
    title: 'Many small sends to one place add up',
    severity: 'medium',
    maturity: 'stable',
    tags: { atlas: ['AML.T0086', 'AML.T0025'], mcp: ['MCP10:2025'], asi: ['ASI02'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 86_400,
  settleSeconds: 3_600,

  sql: `
    WITH
      days AS (
        SELECT tenant, subject, destination, toDate(hour) AS day, sum(destinations.calls) AS calls, sum(destinations.arg_bytes) AS bytes,
          argMax(server_name, destinations.calls) AS server, argMax(tool, destinations.calls) AS tool
        FROM destinations
        WHERE hour >= {to:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyDays} DAY AND hour < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, destination, day
      ),
      drip AS (
        SELECT tenant, subject, destination, argMax(server, days.calls) AS server, argMax(tool, days.calls) AS tool,
          uniqExactIf(day, day >= toDate({to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY)) AS active_days,
          sumIf(days.calls, day >= toDate({to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY)) AS week_calls,
          sumIf(days.bytes, day >= toDate({to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY)) AS week_bytes,
          sumIf(days.calls, day < toDate({to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY)) AS before_calls
        FROM days
        GROUP BY tenant, subject, destination
        HAVING active_days >= ${limits.activeDays} AND week_calls >= ${limits.calls} AND week_bytes / week_calls <= ${limits.smallBytes}
          AND before_calls < week_calls / 4 AND max(day) >= toDate({from:DateTime64(6, 'UTC')})
        ORDER BY tenant, subject, destination
        LIMIT 500
      ),
      known AS (SELECT tenant, uniqExact(day) AS days FROM days WHERE day < toDate({to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY) GROUP BY tenant),
      records AS (
        SELECT tenant, subject, destination, record_id, kept_at
        FROM audit
        ARRAY JOIN destinations AS destination
        WHERE (tenant, subject, destination) IN (SELECT tenant, subject, destination FROM drip)
          AND kept_at >= {to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY AND kept_at < {to:DateTime64(6, 'UTC')}
      ),
      sent AS (
        SELECT r.tenant AS tenant, r.subject AS subject, r.destination AS destination, concat(f.key_id, ' ', f.hash) AS value, min(r.kept_at) AS sent_at
        FROM records AS r
        INNER JOIN fingerprint AS f ON f.tenant = r.tenant AND f.record_id = r.record_id
        WHERE f.place = 'argument' AND f.kind IN ('id', 'path', 'email', 'text')
          AND f.kept_at >= {to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY AND f.kept_at < {to:DateTime64(6, 'UTC')}
        GROUP BY tenant, subject, destination, value
      ),
      given AS (
        SELECT f.tenant AS tenant, concat(f.key_id, ' ', f.hash) AS value, a.server_name AS server, a.tool AS tool, min(f.kept_at) AS given_at
        FROM fingerprint AS f
        INNER JOIN audit AS a ON a.tenant = f.tenant AND a.record_id = f.record_id
        WHERE f.place = 'result' AND f.kind IN ('id', 'path', 'email', 'text') AND (f.tenant, concat(f.key_id, ' ', f.hash)) IN (SELECT tenant, value FROM sent)
          AND f.kept_at >= {to:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyDays} DAY AND f.kept_at < {to:DateTime64(6, 'UTC')}
        GROUP BY tenant, value, server, tool
      ),
      flows AS (
        SELECT s.tenant AS tenant, s.subject AS subject, s.destination AS destination, g.server AS server, g.tool AS tool, uniqExact(s.value) AS amount
        FROM sent AS s
        INNER JOIN given AS g ON g.tenant = s.tenant AND g.value = s.value
        WHERE g.given_at <= s.sent_at
        GROUP BY tenant, subject, destination, server, tool
        ORDER BY amount DESC, server, tool
        LIMIT 1 BY tenant, subject, destination
      )
    SELECT d.tenant AS tenant, d.subject AS subject, d.destination AS destination, d.server AS server, d.tool AS tool, d.active_days AS days,
      d.week_calls AS calls, d.week_bytes AS bytes, d.before_calls AS before_calls, k.days AS known_days, e.some AS records,
      f.tool AS source, f.server AS source_server, f.amount AS values
    FROM drip AS d
    LEFT JOIN known AS k ON k.tenant = d.tenant
    LEFT JOIN flows AS f ON f.tenant = d.tenant AND f.subject = d.subject AND f.destination = d.destination
    LEFT JOIN (
      SELECT tenant, subject, destination, arraySlice(arraySort(groupArray(1000)(toString(record_id))), 1, 20) AS some
      FROM records GROUP BY tenant, subject, destination
    ) AS e ON e.tenant = d.tenant AND e.subject = d.subject AND e.destination = d.destination
    ORDER BY tenant, subject, destination`,

  judge(row, policy): RowDraft | NotEvaluated | undefined {
    if (policy.isOwnDestination(row.destination)) return undefined
    if (Number(row.known_days) < limits.days)
      return {
        notEvaluated: 'history',
        because: `${row.known_days} days before this week; ${limits.days} are needed to tell a habit from a beginning`,
      }
    const [bytes, values, calls] = [Number(row.bytes), Number(row.values), Number(row.calls)]
    const drains = values >= limits.values
    if (!drains && bytes < limits.bytes) return undefined
    const source = { tool: row.source, serverName: row.source_server, resource: '', prompt: '', resultSecretKinds: [] }
    const severity: Severity = drains && policy.isSensitive(source) ? 'medium' : 'low'
    return {
      anchor: JSON.stringify([row.subject, row.destination]),
      session: '',
      subject: row.subject,
      server: row.server,
      tool: row.tool,
      severity,
      summary:
        `${row.subject || 'an unnamed subject'} sent ${calls} small messages to ${row.destination} on ${row.days} of ${limits.days} days, ${bytes} bytes in all` +
        `${values > 0 ? `, with ${values} values of ${row.source}${row.source_server === '' ? '' : ` (${row.source_server})`}` : ''}; ${row.before_calls} in the three weeks before`,
      calls: row.records,
      score: {
        days: Number(row.days),
        calls,
        bytes,
        values,
        calls_before: Number(row.before_calls),
        window_days: limits.days,
        history_days: limits.historyDays,
      },
    }
  },
})
