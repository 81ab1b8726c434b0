import { type NotEvaluated, queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * The first time that a tenant, or a subject, hands something to a host or an address domain, after the session had read something
 * private. New places are met every day; a tenant that never sent anything there in 30 days, by a call that changes something, with
 * private data in the same session, is seldom.
 */
const limits = { historyDays: 30, leastDays: 7, leastPlaces: 5 } as const

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly destination: string
  readonly server: string
  readonly tool: string
  readonly session: string
  readonly records: readonly string[]
  readonly bytes: string
  readonly secrets_sent: readonly string[]
  /** [tool, server, resource, kinds of secret, record] of what the session had read before. */
  readonly reads: readonly (readonly [string, string, string, readonly string[], string])[]
  readonly tenant_days: string
  readonly tenant_places: string
  readonly tenant_times: string
}

export default queryDetector<Row>({
  about: {
    title: 'Something was sent to a new place after private data was read',
    severity: 'medium',
    maturity: 'stable',
    tags: { atlas: ['AML.T0086', 'AML.T0025'], mcp: ['MCP10:2025'], asi: ['ASI02'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 300,

  sql: `
    WITH
      sent AS (
        SELECT tenant, subject, destination, argMin(server_name, kept_at) AS server, argMin(tool, kept_at) AS tool, argMin(audit.session, kept_at) AS session,
          min(started_at) AS first_at, sum(audit.arg_bytes) AS bytes, groupUniqArrayArray(audit.arg_secret_kinds) AS secrets_sent,
          arraySlice(arraySort(groupArray(20)(toString(record_id))), 1, 5) AS records
        FROM audit
        ARRAY JOIN destinations AS destination
        WHERE kind = 'call' AND method = 'tools/call' AND outcome IN ('ok', '') AND destination != ''
          AND hasAny(verbs, ['message', 'publish', 'share', 'transfer', 'create', 'update', 'pay', 'member'])
          AND kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, destination
        ORDER BY tenant, subject, destination
        LIMIT 10000
      ),
      past AS (
        SELECT tenant, subject, destination, toDate(hour) AS day, sum(calls) AS times
        FROM destinations
        WHERE hour >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyDays} DAY AND hour < {from:DateTime64(6, 'UTC')}
          AND tenant IN (SELECT tenant FROM sent)
        GROUP BY tenant, subject, destination, day
      ),
      -- Whose past: days of any activity, and how many places are known.
      tenants_past AS (SELECT tenant, uniqExact(day) AS days, uniqExact(destination) AS places FROM past GROUP BY tenant),
      read AS (
        SELECT a.tenant AS tenant, a.session AS session, a.ended_at AS ended_at, a.tool AS tool, a.server_name AS server, a.resource AS resource,
          a.result_secret_kinds AS kinds, toString(a.record_id) AS record
        FROM audit AS a
        WHERE a.kind = 'call' AND a.result_bytes > 0 AND (a.tenant, a.session) IN (SELECT tenant, session FROM sent)
          AND a.kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 1 DAY AND a.kept_at < {to:DateTime64(6, 'UTC')}
      )
    SELECT s.tenant AS tenant, s.subject AS subject, s.destination AS destination, any(s.server) AS server, any(s.tool) AS tool, any(s.session) AS session,
      any(s.records) AS records, any(s.bytes) AS bytes, any(s.secrets_sent) AS secrets_sent,
      arraySlice(arraySort(groupUniqArrayIf(200)((r.tool, r.server, r.resource, r.kinds, r.record), r.ended_at <= s.first_at AND r.record != '')), 1, 100) AS reads,
      any(t.days) AS tenant_days, any(t.places) AS tenant_places,
      any(known.times) AS tenant_times
    FROM sent AS s
    LEFT JOIN read AS r ON r.tenant = s.tenant AND r.session = s.session
    LEFT JOIN tenants_past AS t ON t.tenant = s.tenant
    LEFT JOIN (SELECT tenant, destination, sum(times) AS times FROM past GROUP BY tenant, destination) AS known
      ON known.tenant = s.tenant AND known.destination = s.destination
    WHERE (s.tenant, s.subject, s.destination) NOT IN (SELECT tenant, subject, destination FROM past)
    GROUP BY tenant, subject, destination
    ORDER BY tenant, subject, destination
    LIMIT 1000`,

  judge(row, policy): RowDraft | NotEvaluated | undefined {
    if (policy.isOwnDestination(row.destination)) return undefined
    const [days, places, times] = [Number(row.tenant_days), Number(row.tenant_places), Number(row.tenant_times)]
    if (days < limits.leastDays || places < limits.leastPlaces)
      return {
        notEvaluated: 'history',
        because: `${places} places on ${days} days in ${limits.historyDays}; ${limits.leastPlaces} on ${limits.leastDays} are needed`,
      }
    const reads = row.reads.map(([tool, serverName, resource, resultSecretKinds, record]) => ({
      tool,
      serverName,
      resource,
      prompt: '',
      resultSecretKinds,
      record,
    }))
    const sensitive = reads.filter((read) => policy.isSensitive(read))
    if (sensitive.length === 0) return undefined
    const secretsRead = sensitive.some(({ resultSecretKinds }) => resultSecretKinds.length > 0)
    const newToAll = times === 0
    const severity: Severity =
      newToAll && (row.secrets_sent.length > 0 || secretsRead) ? 'medium' : newToAll ? 'low' : 'info'
    const read = sensitive[0]
    return {
      anchor: JSON.stringify([row.subject, row.destination]),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: row.tool,
      severity,
      summary:
        `${row.subject || 'an unnamed subject'} sent something to ${row.destination} for the first time in ${limits.historyDays} days` +
        `${newToAll ? ', as nobody of the tenant had' : ''}, after ${read?.tool ?? 'a tool'}${read?.serverName ? ` (${read.serverName})` : ''} had given private data${secretsRead ? ' with secrets in it' : ''}`,
      calls: [...row.records, ...sensitive.slice(0, 5).map(({ record }) => record)],
      score: {
        bytes: Number(row.bytes),
        new_to_tenant: newToAll ? 1 : 0,
        tenant_times: times,
        private_reads: sensitive.length,
        secrets_sent: row.secrets_sent.length,
        history_days: limits.historyDays,
        known_places: places,
      },
    }
  },
})
