import { queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * A model picks tools by name. Where two servers of one conversation offer the same name, or one that looks the same, the later
 * one may take the calls meant for the first. Common words (`search`) meet by chance all the time; look-alikes do not.
 */
interface Row {
  readonly tenant: string
  readonly session: string
  readonly subject: string
  readonly server: string
  readonly address: string
  readonly tool: string
  readonly record: string
  readonly first_server: string
  readonly first_address: string
  readonly first_tool: string
  readonly first_record: string
  readonly distance: string
}

/** Letters of other alphabets that look like Latin ones, and what they look like: Unicode TR 39's confusables, the common part. */
const lookAlikes = 'аеорсухіјѕԁһӏνοιαρτυκ'
const looksLike = 'aeopcyxijsdhlvoiaptuk'

export default queryDetector<Row>({
  about: {
    title: 'Two servers of one conversation offer one tool name',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0110'], mcp: ['MCP03:2025', 'MCP09:2025'], asi: ['ASI04', 'ASI02'] },
    needs: [],
    version: 1,
  },
  everySeconds: 600,
  settleSeconds: 120,

  sql: `
    WITH
      listed AS (
        SELECT tenant, session, server_name AS server, tool, any(subject) AS subject, any(server_address) AS address, min(kept_at) AS first_at,
          argMin(toString(record_id), kept_at) AS record,
          replaceRegexpAll(lowerUTF8(translateUTF8(lowerUTF8(normalizeUTF8NFKC(tool)), '${lookAlikes}', '${looksLike}')), '[^a-z0-9]', '') AS skeleton
        FROM audit
        WHERE kind = 'tool_definition' AND tool != '' AND server_name != ''
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 1 DAY AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, session, server, tool
        ORDER BY first_at, server, tool
        LIMIT 500 BY tenant, session
      )
    SELECT b.tenant AS tenant, b.session AS session, b.subject AS subject, b.server AS server, b.address AS address, b.tool AS tool, b.record AS record,
      a.server AS first_server, a.address AS first_address, a.tool AS first_tool, a.record AS first_record,
      if(a.skeleton = b.skeleton, 0, 1) AS distance
    FROM listed AS a
    INNER JOIN listed AS b ON b.tenant = a.tenant AND b.session = a.session
    WHERE a.server != b.server AND (a.first_at, a.server, a.tool) < (b.first_at, b.server, b.tool) AND b.first_at >= {from:DateTime64(6, 'UTC')}
      AND (a.skeleton = b.skeleton
        OR (least(length(a.skeleton), length(b.skeleton)) >= 6 AND abs(toInt32(length(a.skeleton)) - toInt32(length(b.skeleton))) <= 1
          AND editDistance(a.skeleton, b.skeleton) = 1))
    ORDER BY tenant, session, server, tool, first_server, first_tool
    LIMIT 1000`,

  judge(row, policy): RowDraft | undefined {
    const kind = kindOf(row)
    if (kind === undefined) return undefined
    const [first, later] = [
      policy.standing({ serverName: row.first_server, serverAddress: row.first_address }),
      policy.standing({ serverName: row.server, serverAddress: row.address }),
    ]
    if (kind !== 'disguised' && first === 'approved' && later === 'approved') return undefined
    const stranger = first === 'approved' && later !== 'approved'
    const severity: Severity = kind === 'disguised' ? 'high' : stranger ? 'medium' : 'low'
    const how = { same: 'the same name as', similar: 'nearly the name of', disguised: 'a name that only looks like' }[
      kind
    ]
    return {
      anchor: JSON.stringify([row.session, row.first_server, row.first_tool, row.server, row.tool]),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: row.tool,
      severity,
      summary: `${row.tool} (${row.server}) has ${how} ${row.first_tool} (${row.first_server}), which was there first${stranger ? ' and is approved' : ''}`,
      calls: [row.record, row.first_record],
      score: { distance: Number(row.distance), disguised: kind === 'disguised' ? 1 : 0, stranger: stranger ? 1 : 0 },
    }
  },
})

function kindOf({ tool, first_tool: first, distance }: Row): 'same' | 'similar' | 'disguised' | undefined {
  if (tool === first) return 'same'
  // Nobody writes a tool's name in two alphabets, or with marks that have no width, but to be taken for another.
  const odd = (name: string): boolean => /[^\x20-\x7e]/.test(name)
  if (odd(tool) !== odd(first) && Number(distance) === 0) return 'disguised'
  if (Number(distance) === 0) return 'same'
  // Singular and plural, and numbered ones, are everywhere.
  const bare = (name: string): string =>
    name
      .toLowerCase()
      .replace(/[^a-z]/g, '')
      .replace(/s$/, '')
  return bare(tool) === bare(first) ? undefined : 'similar'
}
