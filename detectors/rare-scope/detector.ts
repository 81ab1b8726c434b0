import { type NotEvaluated, queryDetector, type RowDraft, type Severity, surprise } from '#detector'

/**
 * A scope that a subject never held before, and that its peers seldom do. Peers are the other subjects at the same server. How
 * seldom is told in bits: with 40 peers of whom nobody holds it, `surprise(0, 40, …)`; half of them holding it is 1 bit. New
 * subjects hold everything for the first time, so both the subject and its peers need a past.
 */
const limits = {
  historyDays: 30,
  /** Days since the subject was first seen with any scope at this server. */
  ownDays: 7,
  peers: 5,
  /** 3 bits: less than one peer in eight. */
  bits: 3,
} as const

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly server: string
  readonly scope: string
  readonly session: string
  readonly records: readonly string[]
  readonly own_days: string
  readonly peers: string
  readonly holders: string
}

export default queryDetector<Row>({
  about: {
    title: 'A scope that this subject never held and its peers seldom do',
    severity: 'medium',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP02:2025', 'MCP07:2025'], asi: ['ASI03'] },
    needs: ['history', 'authorization'],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 300,

  sql: `
    WITH
      now_held AS (
        SELECT tenant, subject, server_name AS server, scope, any(session) AS session, arraySlice(arraySort(groupArray(20)(toString(record_id))), 1, 5) AS records
        FROM audit
        ARRAY JOIN arrayDistinct(arrayConcat(scopes, scopes_granted)) AS scope
        WHERE kind IN ('authorization', 'elevation', 'call') AND decision NOT IN ('denied', 'challenged') AND subject != '' AND scope != ''
          AND kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, server, scope
      ),
      past AS (
        SELECT tenant, subject, server_name AS server, scope, min(kept_at) AS first_at
        FROM audit
        ARRAY JOIN arrayDistinct(arrayConcat(scopes, scopes_granted)) AS scope
        WHERE kind IN ('authorization', 'elevation', 'call') AND decision NOT IN ('denied', 'challenged') AND subject != '' AND scope != ''
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyDays} DAY AND kept_at < {from:DateTime64(6, 'UTC')}
          AND (tenant, server_name) IN (SELECT tenant, server FROM now_held)
        GROUP BY tenant, subject, server, scope
      ),
      own AS (SELECT tenant, subject, server, min(first_at) AS since FROM past GROUP BY tenant, subject, server),
      company AS (SELECT tenant, server, groupUniqArray(10000)(subject) AS subjects FROM past GROUP BY tenant, server),
      holding AS (SELECT tenant, server, scope, groupUniqArray(10000)(subject) AS subjects FROM past GROUP BY tenant, server, scope)
    SELECT n.tenant AS tenant, n.subject AS subject, n.server AS server, n.scope AS scope, n.session AS session, n.records AS records,
      if(o.subject = '', 0, dateDiff('day', o.since, {from:DateTime64(6, 'UTC')})) AS own_days,
      length(arrayFilter(one -> one != n.subject, c.subjects)) AS peers, length(arrayFilter(one -> one != n.subject, h.subjects)) AS holders
    FROM now_held AS n
    LEFT JOIN own AS o ON o.tenant = n.tenant AND o.subject = n.subject AND o.server = n.server
    LEFT JOIN company AS c ON c.tenant = n.tenant AND c.server = n.server
    LEFT JOIN holding AS h ON h.tenant = n.tenant AND h.server = n.server AND h.scope = n.scope
    WHERE (n.tenant, n.subject, n.server, n.scope) NOT IN (SELECT tenant, subject, server, scope FROM past)
    ORDER BY tenant, subject, server, scope
    LIMIT 1000`,

  judge(row, policy): RowDraft | NotEvaluated | undefined {
    const [days, peers, holders] = [Number(row.own_days), Number(row.peers), Number(row.holders)]
    if (days < limits.ownDays || peers < limits.peers)
      return {
        notEvaluated: 'history',
        because: `${days} days of the subject and ${peers} peers at ${row.server}; ${limits.ownDays} and ${limits.peers} are needed`,
      }
    const bits = surprise(holders, peers, 1 / 8, 1)
    const rank = policy.scopeRank(row.scope)
    if (bits < limits.bits) return undefined
    // A scope to read that a colleague has is a new task; one to administer that nobody has is not.
    const severity: Severity = rank === 3 || (rank !== 1 && holders === 0) ? 'medium' : 'low'
    return {
      anchor: JSON.stringify([row.subject, row.server, row.scope]),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: '',
      severity,
      summary: `${row.subject} holds ${row.scope} at ${row.server || 'a server'} for the first time in ${limits.historyDays} days; ${holders} of ${peers} peers do`,
      calls: row.records,
      score: { bits, holders, peers, own_days: days, rank, history_days: limits.historyDays },
    }
  },
})
