import { queryDetector, whoOf } from '#detector'

/** Calls of one subject in an hour that were refused, from which on it is strange. */
const strange = 20

interface Row {
  readonly tenant: string
  readonly subject: string
  /** 64-bit numbers come as text. */
  readonly refused: string
  readonly tools: string
  readonly tool: string
  readonly server: string
  readonly records: readonly string[]
}

/**
 * An example that works: a subject is refused again and again within an hour. Replace the idea, and keep the form: one row is one
 * candidate, the three parameters are bound, what is read are views (`audit`, `activity`, `destinations`, `scopes`, …).
 */
export default queryDetector<Row>({
  about: {
    title: 'Refused again and again',
    // The highest severity it gives. `high` pages a person, `medium` alerts, `low` and `info` only join incidents of others.
    severity: 'medium',
    // On trial it is recorded and alerts nobody: look at its findings for a while before you make it `stable`.
    maturity: 'trial',
    tags: { atlas: [], mcp: ['MCP07:2025'], asi: ['ASI02'] },
    // What it cannot do without. Where that is missing it says so, and never "clean".
    needs: [],
    // Raise it with every change of its verdicts.
    version: 1,
  },
  // Windows begin at whole multiples of this since 1970, and are judged this long after their end.
  everySeconds: 3_600,
  settleSeconds: 300,

  sql: `
    SELECT tenant, subject, count() AS refused, uniqExact(audit.tool) AS tools,
      topK(1)(audit.tool)[1] AS tool, topK(1)(server_name)[1] AS server,
      arraySlice(arraySort(groupArray(toString(record_id))), 1, 20) AS records
    FROM audit
    WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
      AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
      AND kind = 'call' AND outcome = 'denied'
    GROUP BY tenant, subject
    HAVING refused >= ${strange}
    ORDER BY refused DESC, tenant, subject
    LIMIT 1000`,

  judge({ subject, refused, tools, tool, server, records }) {
    return {
      // What is strange within the window, the same whenever it is judged: no record id.
      anchor: subject,
      session: '',
      subject,
      server,
      tool,
      severity: 'medium',
      summary: `${whoOf({ subject })} was refused ${refused} times within an hour, by ${tools} tools`,
      calls: records,
      // Numbers that explain the verdict.
      score: { refused: Number(refused), tools: Number(tools), strange },
    }
  },
})
