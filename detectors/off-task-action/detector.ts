import { type NotEvaluated, queryDetector, type RowDraft, surprise } from '#detector'

/**
 * An effectful tool, right after content of outsiders, that this agent hardly ever uses. How improbable is told in bits
 * (`surprise`): against what this client, and what all clients of the tenant, called in the 14 days before. By itself this is weak (every
 * tool is used for the first time once), so it is a trial: recorded, and never a page.
 */
const limits = {
  historyDays: 14,
  /** Calls of the client, and of the tenant, before any verdict. */
  ownCalls: 200,
  peerCalls: 1_000,
  /** 8 bits: one call in 256. Both must agree. */
  bits: 8,
} as const

interface Row {
  readonly tenant: string
  readonly session: string
  readonly subject: string
  readonly client: string
  readonly server: string
  readonly tool: string
  readonly record: string
  readonly source: string
  readonly source_tool: string
  readonly source_server: string
  readonly own_seen: string
  readonly own_total: string
  readonly peer_seen: string
  readonly peer_total: string
  readonly tools: string
}

export default queryDetector<Row>({
  about: {
    title: 'An unusual action right after content of outsiders',
    severity: 'medium',
    maturity: 'trial',
    tags: { atlas: ['AML.T0051.001', 'AML.T0053'], mcp: ['MCP06:2025'], asi: ['ASI01'] },
    needs: ['history'],
    version: 1,
  },
  everySeconds: 3_600,
  settleSeconds: 300,

  sql: `
    WITH
      calls AS (
        SELECT tenant, session, subject, client_name AS client, server_name AS server, tool, record_id, started_at, ended_at, outcome, verbs,
          result_signals['instruction'] AS orders,
          lagInFrame(record_id) OVER before AS source, lagInFrame(tool) OVER before AS source_tool,
          lagInFrame(server_name) OVER before AS source_server, lagInFrame(ended_at) OVER before AS source_ended,
          lagInFrame(result_signals['instruction']) OVER before AS source_orders
        FROM audit
        WHERE kind = 'call' AND method = 'tools/call'
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 10 MINUTE AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        WINDOW before AS (PARTITION BY tenant, session ORDER BY ended_at, record_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
      ),
      acted AS (
        SELECT * FROM calls
        WHERE ended_at >= {from:DateTime64(6, 'UTC')} AND outcome = 'ok' AND source_ended <= started_at AND source_orders >= 0.4
          AND hasAny(verbs, ['pay', 'message', 'publish', 'create', 'member', 'remove', 'update', 'book', 'exec', 'approve', 'share', 'transfer'])
        ORDER BY tenant, session, ended_at, record_id
        LIMIT 1000
      ),
      past AS (
        SELECT tenant, client_name AS client, server_name AS server, tool, sum(calls) AS times
        FROM activity
        WHERE kind = 'call' AND method = 'tools/call' AND tenant IN (SELECT tenant FROM acted)
          AND hour >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.historyDays} DAY AND hour < {from:DateTime64(6, 'UTC')}
        GROUP BY tenant, client, server, tool
      ),
      own AS (SELECT tenant, client, server, tool, times FROM past),
      own_all AS (SELECT tenant, client, sum(times) AS total FROM past GROUP BY tenant, client),
      peer AS (SELECT tenant, server, tool, sum(times) AS times FROM past GROUP BY tenant, server, tool),
      peer_all AS (SELECT tenant, sum(times) AS total, uniqExact(server, tool) AS tools FROM past GROUP BY tenant)
    SELECT a.tenant AS tenant, a.session AS session, a.subject AS subject, a.client AS client, a.server AS server, a.tool AS tool,
      toString(a.record_id) AS record, toString(a.source) AS source, a.source_tool AS source_tool, a.source_server AS source_server,
      own.times AS own_seen, own_all.total AS own_total, peer.times AS peer_seen, peer_all.total AS peer_total, peer_all.tools AS tools
    FROM acted AS a
    LEFT JOIN own ON own.tenant = a.tenant AND own.client = a.client AND own.server = a.server AND own.tool = a.tool
    LEFT JOIN own_all ON own_all.tenant = a.tenant AND own_all.client = a.client
    LEFT JOIN peer ON peer.tenant = a.tenant AND peer.server = a.server AND peer.tool = a.tool
    LEFT JOIN peer_all ON peer_all.tenant = a.tenant
    ORDER BY tenant, session, record`,

  judge(row): RowDraft | NotEvaluated | undefined {
    const [own, peers] = [Number(row.own_total), Number(row.peer_total)]
    if (own < limits.ownCalls && peers < limits.peerCalls)
      return {
        notEvaluated: 'history',
        because: `${own} calls of the client and ${peers} of all in ${limits.historyDays} days; ${limits.ownCalls} or ${limits.peerCalls} are needed`,
      }
    // Before any data each tool is as likely as another.
    const prior = 1 / (Number(row.tools) + 1)
    const ownBits = surprise(Number(row.own_seen), own, prior)
    const peerBits = surprise(Number(row.peer_seen), peers, prior)
    const strange =
      (own < limits.ownCalls || ownBits >= limits.bits) && (peers < limits.peerCalls || peerBits >= limits.bits)
    if (!strange) return undefined
    const name = row.server === '' ? row.tool : `${row.tool} (${row.server})`
    const source = row.source_server === '' ? row.source_tool : `${row.source_tool} (${row.source_server})`
    return {
      anchor: JSON.stringify([row.session, row.server, row.tool, row.source_tool]),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: row.tool,
      severity: 'medium',
      summary: `${name} was called right after the result of ${source}, which gives orders; ${row.client || 'this client'} hardly ever calls it (${ownBits.toFixed(1)} bits)`,
      calls: [row.record, row.source],
      score: {
        own_bits: ownBits,
        peer_bits: peerBits,
        own_seen: Number(row.own_seen),
        own_total: own,
        peer_seen: Number(row.peer_seen),
        peer_total: peers,
        history_days: limits.historyDays,
      },
    }
  },
})
