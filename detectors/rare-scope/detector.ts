import { type NotEvaluated, queryDetector, type RowDraft, type Severity, surprise } from '#detector'

/**
 * A scope that a subject never held before, and that its peers seldom do. Peers are the other subjects at the same server. How
 * seldom is told in bits: with 40 peers of whom nobody holds it, `surprise(0, 40, …)`; half of them holding it is 1 bit. New
 * subjects hold everything for the first time, so both the subject and its peers need a past.
 */
const limits = {
  /** Days since the subject was first seen with any scope at this server. */
  ownDays: 7,
  peers: 5,
  /** 3 bits: less than one peer in eight. */
  bits: 3,
} as const

/** A record of the window that shows what a subject holds. */
const holds = `kind IN ('authorization', 'elevation', 'call') AND decision NOT IN ('denied', 'challenged') AND kept_at < {to:DateTime64(6, 'UTC')}`

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

  // What was held before the window is what the ledger counts in all, less what the records since then show: a month of records is
  // never read. It cannot be told by the ledger's first time, which may be that of a challenge.
  sql: `
    WITH
      since_then AS (
        SELECT tenant, subject, oauth_client_id AS client, server_name AS server, scope,
          countIf(has(audit.scopes, scope)) + countIf(has(scopes_granted, scope)) AS shown,
          countIf(${holds}) AS times, argMinIf(audit.session, kept_at, ${holds}) AS session,
          arraySlice(arraySort(groupArrayIf(20)(toString(record_id), ${holds})), 1, 5) AS records
        FROM audit
        ARRAY JOIN arrayDistinct(arrayConcat(audit.scopes, scopes_granted)) AS scope
        WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND subject != '' AND scope != ''
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, subject, client, server, scope
      ),
      ledger AS (
        SELECT tenant, subject, oauth_client_id AS client, server_name AS server, scope, scopes.first_at AS since, held + granted AS shown
        FROM scopes
        WHERE since < {from:DateTime64(6, 'UTC')} AND subject != ''
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
      ),
      past AS (
        SELECT l.tenant AS tenant, l.subject AS subject, l.server AS server, l.scope AS scope, min(l.since) AS since,
          max(l.shown > s.shown) AS had
        FROM ledger AS l
        LEFT JOIN since_then AS s
          ON s.tenant = l.tenant AND s.subject = l.subject AND s.client = l.client AND s.server = l.server AND s.scope = l.scope
        GROUP BY tenant, subject, server, scope
      ),
      company AS (
        SELECT tenant, server, groupArray(10000)((subject, since)) AS seen
        FROM (SELECT tenant, server, subject, min(past.since) AS since FROM past GROUP BY tenant, server, subject)
        GROUP BY tenant, server
      ),
      holding AS (
        SELECT tenant, server, scope, groupArrayIf(10000)(subject, had) AS subjects FROM past GROUP BY tenant, server, scope
      ),
      now_held AS (
        SELECT tenant, subject, server, scope, any(since_then.session) AS session, arrayFlatten(groupArray(since_then.records)) AS records
        FROM since_then
        WHERE times > 0
        GROUP BY tenant, subject, server, scope
      )
    SELECT n.tenant AS tenant, n.subject AS subject, n.server AS server, n.scope AS scope, n.session AS session, n.records AS records,
      arrayFirst(one -> one.1 = n.subject, c.seen).2 AS own_since,
      if(arrayExists(one -> one.1 = n.subject, c.seen), dateDiff('day', own_since, {from:DateTime64(6, 'UTC')}), 0) AS own_days,
      arrayCount(one -> one.1 != n.subject, c.seen) AS peers, arrayCount(one -> one != n.subject, h.subjects) AS holders
    FROM now_held AS n
    LEFT JOIN company AS c ON c.tenant = n.tenant AND c.server = n.server
    LEFT JOIN holding AS h ON h.tenant = n.tenant AND h.server = n.server AND h.scope = n.scope
    WHERE NOT has(h.subjects, n.subject)
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
      summary: `${row.subject} holds ${row.scope} at ${row.server || 'a server'} for the first time; ${holders} of ${peers} peers do`,
      calls: row.records,
      score: { bits, holders, peers, own_days: days, rank },
    }
  },
})
