import { queryDetector, type RowDraft, type Severity } from '#detector'

/**
 * Content that gives orders to models is an attack on everybody who reads it. Where one result (its digest), or the same strong
 * value beside such orders (an address to send to), was read by several sessions, this names the first of them and how far it went.
 */
const limits = { days: 7, sessions: 2, many: 5 } as const

interface Row {
  readonly tenant: string
  readonly content: string
  readonly what: string
  readonly sessions: string
  readonly before: string
  readonly subjects: string
  readonly servers: readonly string[]
  readonly first_session: string
  readonly first_subject: string
  readonly first_server: string
  readonly first_tool: string
  readonly first_event: string
  readonly records: readonly string[]
  readonly strength: number
}

export default queryDetector<Row>({
  about: {
    title: 'Content that gives orders was read by several sessions',
    severity: 'medium',
    maturity: 'stable',
    tags: {
      atlas: ['AML.T0099', 'AML.T0093', 'AML.T0080'],
      mcp: ['MCP10:2025', 'MCP06:2025'],
      asi: ['ASI06', 'ASI08'],
    },
    needs: ['results'],
    version: 1,
  },
  everySeconds: 600,
  settleSeconds: 120,

  sql: `
    WITH
      poisoned AS (
        SELECT tenant, session, subject, server_name AS server, tool, record_id, event_id, kept_at, result_digest, key_id,
          greatest(result_signals['instruction'], result_signals['secrecy'], result_signals['unicode_tags'], result_signals['role_marker']) AS strength
        FROM audit
        WHERE kind = 'call' AND result_signals['catalogue'] = 0
          AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY AND kept_at < {to:DateTime64(6, 'UTC')}
          AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
          AND greatest(result_signals['instruction'], result_signals['secrecy'], result_signals['unicode_tags'], result_signals['role_marker']) >= 0.6
      ),
      read AS (
        SELECT tenant, session, subject, server, tool, record_id, event_id, kept_at, strength, concat(key_id, ' ', result_digest) AS content, 'text' AS what
        FROM poisoned
        WHERE result_digest != ''
        UNION ALL
        SELECT p.tenant, p.session, p.subject, p.server, p.tool, p.record_id, p.event_id, p.kept_at, p.strength, concat(f.key_id, ' ', f.hash) AS content, f.kind AS what
        FROM poisoned AS p
        INNER JOIN (
          SELECT DISTINCT tenant, record_id, key_id, kind, hash
          FROM fingerprint
          WHERE place = 'result' AND kind IN ('email', 'url', 'id')
            AND kept_at >= {from:DateTime64(6, 'UTC')} - INTERVAL ${limits.days} DAY AND kept_at < {to:DateTime64(6, 'UTC')}
            AND (tenant, record_id) IN (SELECT tenant, record_id FROM poisoned)
        ) AS f ON f.tenant = p.tenant AND f.record_id = p.record_id
      )
    SELECT tenant, content, any(what) AS what, uniqExact(session) AS sessions,
      uniqExactIf(session, kept_at < {from:DateTime64(6, 'UTC')}) AS before, uniqExact(subject) AS subjects,
      arraySlice(arraySort(groupUniqArray(server)), 1, 20) AS servers,
      argMin(session, (kept_at, event_id)) AS first_session, argMin(subject, (kept_at, event_id)) AS first_subject,
      argMin(server, (kept_at, event_id)) AS first_server, argMin(tool, (kept_at, event_id)) AS first_tool,
      argMin(event_id, (kept_at, event_id)) AS first_event,
      arrayMap(one -> one.3, arraySlice(arraySort(groupArray((kept_at, event_id, toString(record_id)))), 1, 20)) AS records, max(strength) AS strength
    FROM read
    GROUP BY tenant, content
    HAVING sessions >= ${limits.sessions} AND sessions > before
    -- One content has many values: the text itself speaks for them, else the widest.
    ORDER BY tenant, first_session, sessions DESC, what = 'text' DESC, strength DESC, what, content
    LIMIT 1 BY tenant, first_session, first_event
    LIMIT 1000`,

  judge(row, policy): RowDraft | undefined {
    if (policy.isClosedWorld(row.first_server)) return undefined
    const [now, before] = [Number(row.sessions), Number(row.before)]
    // Told when it reaches a second session, and again, louder, when it becomes many; not with every reader.
    const reached = [limits.sessions, limits.many, 25, 125].some((step) => before < step && now >= step)
    if (!reached) return undefined
    const severity: Severity = now >= limits.many && row.strength >= 0.8 ? 'medium' : 'low'
    const source = row.first_server === '' ? row.first_tool : `${row.first_tool} (${row.first_server})`
    return {
      // By the event that brought it, since hashes depend on keys, and a backtest has its own.
      anchor: JSON.stringify([row.first_event, now >= limits.many ? 'many' : 'spread']),
      session: row.first_session,
      subject: row.first_subject,
      server: row.first_server,
      tool: row.first_tool,
      severity,
      summary: `${row.what === 'text' ? 'one text that gives orders' : `one ${row.what} beside orders`} was read by ${now} sessions of ${row.subjects} subjects; the first got it from ${source}`,
      calls: row.records,
      ...(row.what === 'text' ? { text: row.content } : {}),
      score: {
        sessions: now,
        sessions_before: before,
        subjects: Number(row.subjects),
        servers: row.servers.length,
        strength: row.strength,
        history_days: limits.days,
      },
    }
  },
})
