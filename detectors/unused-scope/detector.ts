import { leastHistory as limits, type NotEvaluated, queryDetector, type RowDraft, unneeded } from '#detector'

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly server: string
  readonly scopes: readonly string[]
  readonly challenged: readonly string[]
  readonly tools: readonly string[]
  readonly verbs: readonly string[]
  readonly calls: string
  readonly records: readonly string[]
}

/**
 * The least-privilege report: what a subject held at a server for 30 days and, as far as anybody can see, never needed. Needed is a
 * scope that a server challenged for, or whose words (`mail` of `mail.send`) are those of a tool that was called. A report, not an
 * alert: once a day, `info`.
 */
export default queryDetector<Row>({
  about: {
    title: 'Scopes that were held for 30 days and never needed',
    severity: 'info',
    maturity: 'stable',
    tags: { atlas: ['AML.T0012'], mcp: ['MCP02:2025'], asi: ['ASI03'] },
    needs: ['history', 'authorization'],
    version: 1,
  },
  everySeconds: 86_400,
  settleSeconds: 3_600,

  sql: `
    WITH
      known AS (
        SELECT tenant, subject, server_name AS server, scope, first_at, last_at
        FROM scopes
        WHERE subject != '' AND held > 0
          AND first_at < {to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY AND last_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 7 DAY
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
      ),
      used AS (
        SELECT tenant, subject, server_name AS server, countIf(kind = 'call') AS times, groupUniqArrayIf(200)(tool, tool != '' AND outcome = 'ok') AS tools,
          groupUniqArrayArrayIf(50)(audit.verbs, outcome = 'ok') AS verbs, groupUniqArrayArray(200)(scopes_challenged) AS challenged,
          arraySlice(arraySort(groupArrayIf(50)(toString(record_id), notEmpty(audit.scopes))), 1, 5) AS records
        FROM audit
        WHERE (tenant, subject, server_name) IN (SELECT tenant, subject, server FROM known)
          AND kept_at >= {to:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY AND kept_at < {to:DateTime64(6, 'UTC')}
        GROUP BY tenant, subject, server
      )
    SELECT k.tenant AS tenant, k.subject AS subject, k.server AS server, arraySort(groupUniqArray(100)(k.scope)) AS scopes,
      any(u.challenged) AS challenged, any(u.tools) AS tools, any(u.verbs) AS verbs, any(u.times) AS calls, any(u.records) AS records
    FROM known AS k
    INNER JOIN used AS u ON u.tenant = k.tenant AND u.subject = k.subject AND u.server = k.server
    GROUP BY tenant, subject, server
    ORDER BY tenant, subject, server
    LIMIT 5000`,

  judge(row, policy): RowDraft | NotEvaluated | undefined {
    if (Number(row.calls) < limits.calls)
      return {
        notEvaluated: 'history',
        because: `${row.calls} calls of ${row.subject} at ${row.server} in ${limits.days} days; ${limits.calls} are needed to say what they need`,
      }
    const unused = unneeded(row.scopes, row, policy)
    if (unused.length === 0 || row.records.length === 0) return undefined
    return {
      anchor: JSON.stringify([row.subject, row.server]),
      session: '',
      subject: row.subject,
      server: row.server,
      tool: '',
      severity: 'info',
      summary: `${row.subject} held ${unused.slice(0, 8).join(' ')} at ${row.server || 'a server'} for ${limits.days} days and never needed ${unused.length === 1 ? 'it' : 'them'} in ${row.calls} calls`,
      calls: row.records,
      score: {
        unused: unused.length,
        held: row.scopes.length,
        calls: Number(row.calls),
        tools: row.tools.length,
        history_days: limits.days,
      },
    }
  },
})
