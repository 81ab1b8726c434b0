import { queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * A model picks tools by name. Where two servers of one conversation offer the same name, or one that looks the same, one may
 * take the calls meant for the other. Common words (`search`) meet by chance all the time; look-alikes do not.
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
  /** Conversations of the window in which the two met. */
  readonly sessions: string
  /** Both tools were known a day before. */
  readonly old: number
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

  // A process tells a definition once, and serves many conversations: which servers meet is read from all that happens in a
  // conversation, which tools they have from the inventory.
  sql: `
    WITH
      present AS (
        SELECT tenant, session, server_name AS server, any(subject) AS subject, any(server_address) AS address, min(kept_at) AS first_at,
          argMin(toString(record_id), (kept_at, record_id)) AS record
        FROM audit
        WHERE kind IN ('tool_definition', 'connection', 'call') AND server_name != ''
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL 1 DAY AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, session, server
      ),
      meeting AS (
        SELECT a.tenant AS tenant, least(a.server, b.server) AS one, greatest(a.server, b.server) AS other, uniqExact(b.session) AS sessions,
          argMin((a.server, a.address, a.record, b.server, b.address, b.record, b.session, b.subject), (b.first_at, b.session)) AS met
        FROM present AS a
        INNER JOIN present AS b ON b.tenant = a.tenant AND b.session = a.session
        WHERE (a.first_at, a.server) < (b.first_at, b.server) AND a.server != b.server AND b.first_at >= {from:DateTime64(6, 'UTC')}
        GROUP BY tenant, one, other
        ORDER BY tenant, one, other
        LIMIT 2000
      ),
      known AS (
        SELECT tenant, server_name AS server, tool, min(hour) <= {from:DateTime64(6, 'UTC')} - INTERVAL 1 DAY AS old,
          replaceRegexpAll(lowerUTF8(translateUTF8(lowerUTF8(normalizeUTF8NFKC(tool)), '${lookAlikes}', '${looksLike}')), '[^a-z0-9]', '') AS skeleton
        FROM activity
        -- Who calls a tool that a server does not have gets no answer.
        WHERE tool != '' AND (kind = 'tool_definition' OR outcome = 'ok') AND hour >= {from:DateTime64(6, 'UTC')} - INTERVAL 30 DAY AND hour < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
        GROUP BY tenant, server, tool
        ORDER BY tenant, server, tool
        LIMIT 300 BY tenant, server
      )
    SELECT m.tenant AS tenant, m.met.7 AS session, m.met.8 AS subject, m.met.4 AS server, m.met.5 AS address, b.tool AS tool, m.met.6 AS record,
      m.met.1 AS first_server, m.met.2 AS first_address, a.tool AS first_tool, m.met.3 AS first_record,
      if(a.skeleton = b.skeleton, 0, 1) AS distance, m.sessions AS sessions, a.old AND b.old AS old
    FROM meeting AS m
    INNER JOIN known AS a ON a.tenant = m.tenant AND a.server = m.met.1
    INNER JOIN known AS b ON b.tenant = m.tenant AND b.server = m.met.4
    WHERE a.skeleton = b.skeleton
      OR (least(length(a.skeleton), length(b.skeleton)) >= 6 AND abs(toInt32(length(a.skeleton)) - toInt32(length(b.skeleton))) <= 1
        AND editDistance(a.skeleton, b.skeleton) = 1)
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
    // Whichever came first: a stranger that is there already takes the calls as well.
    const stranger = (first === 'approved') !== (later === 'approved')
    // Neighbours of old are no news.
    if (kind !== 'disguised' && !stranger && Number(row.old) === 1) return undefined
    const severity: Severity = kind === 'disguised' ? 'high' : stranger ? 'medium' : 'low'
    const how = { same: 'the same name as', similar: 'nearly the name of', disguised: 'a name that only looks like' }[
      kind
    ]
    return {
      anchor: JSON.stringify(
        [
          [row.first_server, row.first_tool],
          [row.server, row.tool],
        ].sort(),
      ),
      session: row.session,
      subject: row.subject,
      server: row.server,
      tool: row.tool,
      severity,
      summary: `${row.tool} (${row.server}) has ${how} ${row.first_tool} (${row.first_server}), which was there first${stranger ? `; only ${first === 'approved' ? row.first_server : row.server} is approved` : ''}`,
      calls: [row.record, row.first_record],
      score: {
        distance: Number(row.distance),
        disguised: kind === 'disguised' ? 1 : 0,
        stranger: stranger ? 1 : 0,
        sessions: Number(row.sessions),
      },
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
