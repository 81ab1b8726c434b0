/** Two judgements of the same sessions, finding by finding and session by session. */
import { type Severity, severityRank } from '../../finding.js'
import { type FindingLine, isAlert, type SessionLine } from './report.js'

export interface Comparison {
  /** Sessions that both have; the others are counted and left out. */
  readonly sessions: number
  readonly only_before: number
  readonly only_after: number
  readonly alerted_before: number
  readonly alerted_after: number
  /** Sessions that alert now and did not, and those that did and do not any more; the worst first. */
  readonly newly_alerted: readonly SessionChange[]
  readonly no_longer_alerted: readonly SessionChange[]
  /** Worst first. */
  readonly gained: readonly FindingChange[]
  readonly lost: readonly FindingChange[]
  /** The same finding, judged more or less severe. */
  readonly raised: readonly FindingChange[]
  readonly lowered: readonly FindingChange[]
  readonly unchanged: number
}

export interface SessionChange {
  readonly session: string
  readonly detector: string
  readonly severity: Severity
  readonly summary: string
}

export interface FindingChange extends SessionChange {
  /** For one that was raised or lowered. */
  readonly was?: Severity
}

export function compare(before: readonly SessionLine[], after: readonly SessionLine[]): Comparison {
  const earlier = new Map(before.map((line) => [line.id, line]))
  const pairs = after.flatMap((line) => {
    const was = earlier.get(line.id)
    return was === undefined ? [] : [{ id: line.id, was: was.findings, is: line.findings }]
  })
  const changes = pairs.map(({ id, was, is }) => changesIn(id, was, is))
  const all = (kind: 'gained' | 'lost' | 'raised' | 'lowered'): FindingChange[] =>
    changes.flatMap((one) => one[kind]).sort(worstFirst)
  const alerting = pairs.map(({ id, was, is }) => ({ id, was: was.filter(isAlert), is: is.filter(isAlert) }))
  return {
    sessions: pairs.length,
    only_before: before.length - pairs.length,
    only_after: after.length - pairs.length,
    alerted_before: alerting.filter(({ was }) => was.length > 0).length,
    alerted_after: alerting.filter(({ is }) => is.length > 0).length,
    newly_alerted: alerting.flatMap(({ id, was, is }) => (was.length === 0 ? worstOf(id, is) : [])).sort(worstFirst),
    no_longer_alerted: alerting
      .flatMap(({ id, was, is }) => (is.length === 0 ? worstOf(id, was) : []))
      .sort(worstFirst),
    gained: all('gained'),
    lost: all('lost'),
    raised: all('raised'),
    lowered: all('lowered'),
    unchanged: changes.reduce((sum, one) => sum + one.unchanged, 0),
  }
}

const told = (session: string, { detector, severity, summary }: FindingLine): SessionChange => ({
  session,
  detector,
  severity,
  summary,
})

const worstOf = (session: string, findings: readonly FindingLine[]): SessionChange[] =>
  findings
    .map((finding) => told(session, finding))
    .sort(worstFirst)
    .slice(0, 1)

const worstFirst = (a: SessionChange, b: SessionChange): number =>
  severityRank(b.severity) - severityRank(a.severity) ||
  (a.detector < b.detector ? -1 : a.detector > b.detector ? 1 : 0) ||
  (a.session < b.session ? -1 : a.session > b.session ? 1 : 0)

interface Changes {
  readonly gained: FindingChange[]
  readonly lost: FindingChange[]
  readonly raised: FindingChange[]
  readonly lowered: FindingChange[]
  readonly unchanged: number
}

function changesIn(session: string, was: readonly FindingLine[], is: readonly FindingLine[]): Changes {
  const gained = new Set(is)
  const lost = new Set(was)
  const raised: FindingChange[] = []
  const lowered: FindingChange[] = []
  let unchanged = 0
  for (const sameAs of [byFingerprint, byFirstCall]) {
    const open = new Map([...lost].map((finding) => [sameAs(finding), finding]))
    for (const finding of [...gained]) {
      const other = open.get(sameAs(finding))
      if (other === undefined || !lost.has(other)) continue
      gained.delete(finding)
      lost.delete(other)
      const change = severityRank(finding.severity) - severityRank(other.severity)
      if (change === 0) unchanged++
      else (change > 0 ? raised : lowered).push({ ...told(session, finding), was: other.severity })
    }
  }
  return {
    gained: [...gained].map((finding) => told(session, finding)),
    lost: [...lost].map((finding) => told(session, finding)),
    raised,
    lowered,
    unchanged,
  }
}

/** One detector about one anchor … */
const byFingerprint = ({ detector, fingerprint }: FindingLine): string => JSON.stringify([detector, fingerprint])
/** … or, where base time or tenant were others, about the same call. */
const byFirstCall = ({ detector, calls }: FindingLine): string => JSON.stringify([detector, calls[0]])
