/** Verdicts over stored history, by session, next to what the live engine recorded of it. */
import type { Finding } from '../../finding.js'
import type { Store } from '../../store/index.js'
import { excluded, type FindingLine, type SessionLine } from './report.js'

interface NotEvaluated {
  readonly session: string
  readonly detector: string
  readonly input: string
}

/** A line for each session with something to tell; findings without a session stand in the line ''. */
export function storedLines(findings: readonly Finding[], notEvaluated: readonly NotEvaluated[]): SessionLine[] {
  const ids = [...new Set([...findings, ...notEvaluated].map(({ session }) => session))].sort()
  const lines = new Map(ids.map((id) => [id, { findings: [] as FindingLine[], lacks: new Set<string>() }]))
  for (const finding of findings) {
    const { session, detector, severity, maturity, calls, fingerprint, summary, score } = finding
    lines
      .get(session)
      ?.findings.push({ detector, severity, maturity, calls, fingerprint, summary, score, ...excluded(finding) })
  }
  for (const { session, detector, input } of notEvaluated) lines.get(session)?.lacks.add(`${detector}: ${input}`)
  return [...lines].map(([id, { findings: found, lacks }]) => ({
    id,
    findings: found,
    not_evaluated: [...lacks].sort(),
  }))
}

/** How many of these findings the live engine has recorded, too. */
export async function countRecorded(store: Pick<Store, 'query'>, findings: readonly Finding[]): Promise<number> {
  let recorded = 0
  for (let at = 0; at < findings.length; at += 100) {
    const some = findings.slice(at, at + 100)
    const rows = await store.query<{ n: string }>(
      `SELECT uniqExact(fingerprint) AS n FROM findings
       WHERE tenant IN {tenants:Array(String)} AND fingerprint IN {fingerprints:Array(UUID)}`,
      {
        tenants: [...new Set(some.map(({ tenant }) => tenant))],
        fingerprints: some.map(({ fingerprint }) => fingerprint),
      },
    )
    recorded += Number(rows[0]?.n ?? 0)
  }
  return recorded
}
