import { type NotEvaluated, queryDetector, type RowDraft } from '#detector'

/**
 * The least-privilege report: what a subject held at a server for 30 days and, as far as anybody can see, never needed. Needed is a
 * scope that a server challenged for, or whose words (`mail` of `mail.send`) are those of a tool that was called. A report, not an
 * alert: once a day, `info`.
 */
const limits = { days: 30, calls: 20 } as const

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
    const words = new Set(row.tools.flatMap(wordsOf))
    const changed = row.verbs.some((verb) => verb !== 'read' && verb !== 'collect')
    const unused = row.scopes.filter((scope) => {
      if (row.challenged.includes(scope)) return false
      const objects = wordsOf(scope).filter((word) => !plain.has(word))
      const touched = objects.length === 0 || objects.some((word) => words.has(word))
      // To write is needed only where something was changed; to read goes with everything.
      return !touched || (policy.scopeRank(scope) >= 2 && !changed)
    })
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

/** Words that say what may be done, not with what. */
const plain: ReadonlySet<string> = new Set(
  'read write readonly readwrite view list get edit modify create update delete send manage admin all full access api v1 v2 auth scope user offline openid profile email https www com googleapis'.split(
    ' ',
  ),
)

const wordsOf = (name: string): string[] =>
  name
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1)
    .map((word) => word.replace(/s$/, ''))
