/**
 * Findings of one cause become one incident. Pure: findings and the open incidents in, new versions out. An incident is
 * never changed; each change is a further version of it, so its history is in the store.
 */
import { stableId } from '../audit-event.js'
import { type Finding, type Severity, severities, severityRank } from '../finding.js'
import {
  type Change,
  type Incident,
  type JoinedFinding,
  mergeMatched,
  mergeSteps,
  mostFindings,
  withoutMiddle,
} from '../incidents.js'

export interface IncidentChange {
  readonly change: Change
  readonly incident: Incident
}

/**
 * A finding joins an incident of its cause while its event time lies within a day of the incident's evidence (before the
 * first, after the last) and the incident has room; else it opens a new one. Microseconds.
 */
export const joinWindow = 86_400_000_000
const mostSteps = 200
const mostMatched = 100
const mostCalls = 32
const mostCauses = 256

/**
 * The cause that an incident is named by: the session, where there is one; else the same detector about the same subject, server and tool.
 * Findings of trial detectors keep to themselves, so that they neither raise nor reopen what pages.
 */
export function groupKey(finding: Finding): string {
  const cause =
    finding.session === ''
      ? ['cause', finding.detector, finding.subject, finding.server, finding.tool]
      : ['session', finding.session]
  return JSON.stringify([finding.maturity, ...cause])
}

/** All that makes it one story with another finding: its group key, and the texts that gave the orders, which other sessions may have read. */
export const causesOf = (finding: Finding): readonly string[] => [
  groupKey(finding),
  ...finding.causes.map((cause) => JSON.stringify([finding.maturity, 'cause', cause])),
]

/**
 * The versions that these findings make, at most one an incident. `known` are the latest versions of incidents of the same
 * causes; a finding that one of them holds is dropped. `now` in microseconds.
 */
export function joinFindings(findings: readonly Finding[], known: readonly Incident[], now: number): IncidentChange[] {
  const latest = new Map(known.map((incident) => [incident.id, incident]))
  const held = new Set(known.flatMap((incident) => incident.findings.map((finding) => finding.fingerprint)))
  const touched = new Set<string>()
  for (const finding of findings.toSorted(byTime)) {
    if (held.has(finding.fingerprint)) continue
    held.add(finding.fingerprint)
    const home = [...latest.values()].filter((incident) => isHome(incident, finding)).sort(nearest(finding))[0]
    const grown = grow(home ?? opened(finding, now), finding)
    latest.set(grown.id, grown)
    touched.add(grown.id)
  }
  const before = new Map(known.map((incident) => [incident.id, incident]))
  return [...latest.values()]
    .filter((incident) => touched.has(incident.id))
    .map((incident) => {
      const previous = before.get(incident.id)
      return {
        change: previous ? 'updated' : 'opened',
        incident: { ...incident, version: (previous?.version ?? 0) + 1, updatedAt: now },
      }
    })
}

function isHome(incident: Incident, finding: Finding): boolean {
  return (
    incident.tenant === finding.tenant &&
    causesOf(finding).some((cause) => incident.causes.includes(cause)) &&
    incident.findings.length < mostFindings &&
    finding.at >= incident.firstAt - joinWindow &&
    finding.at <= incident.lastAt + joinWindow
  )
}

function opened(first: Finding, now: number): Incident {
  return {
    id: stableId('incident', first.tenant, groupKey(first), first.fingerprint),
    tenant: first.tenant,
    version: 0,
    status: 'open',
    maturity: first.maturity,
    severity: first.severity,
    title: first.title,
    summary: first.summary,
    session: first.session,
    groupKey: groupKey(first),
    causes: [],
    findings: [],
    timeline: [],
    matched: [],
    omitted: 0,
    firstAt: first.at,
    lastAt: first.at,
    openedAt: now,
    updatedAt: now,
  }
}

function grow(incident: Incident, finding: Finding): Incident {
  const { tenant: _tenant, maturity: _maturity, steps, matched: values, causes: _causes, ...kept } = finding
  const findings = [...incident.findings, { ...kept, calls: kept.calls.slice(0, mostCalls) }].sort(byTime)
  const allSteps = mergeSteps([...incident.timeline, ...steps])
  const allMatched = mergeMatched([...incident.matched, ...values])
  const timeline = withoutMiddle(allSteps, mostSteps)
  const matched = allMatched.slice(0, mostMatched)
  const times = [finding.at, ...steps.map((step) => step.at)]
  return {
    ...incident,
    ...headline(findings),
    causes: [...new Set([...incident.causes, ...causesOf(finding)])].slice(0, mostCauses),
    severity: highest([incident.severity, severityOf(findings)]),
    findings,
    timeline,
    matched,
    omitted: incident.omitted + allSteps.length - timeline.length + allMatched.length - matched.length,
    firstAt: Math.min(incident.firstAt, ...times),
    lastAt: Math.max(incident.lastAt, ...times),
  }
}

/**
 * The highest of the findings' severities, one step up where two or more different detectors each say at least medium:
 * they look at different traces of one story, so their agreement is evidence of its own.
 */
export function severityOf(findings: readonly Pick<Finding, 'severity' | 'detector'>[]): Severity {
  const top = highest(findings.map((finding) => finding.severity))
  const weighty = findings.filter((finding) => severityRank(finding.severity) >= severityRank('medium'))
  const corroborated = new Set(weighty.map((finding) => finding.detector)).size > 1
  return corroborated ? (severities[severityRank(top) + 1] ?? 'critical') : top
}

const highest = (given: readonly Severity[]): Severity => severities[Math.max(0, ...given.map(severityRank))] ?? 'info'

/** The most severe finding leads, the earliest of these: lists and pagers cut what comes after. */
function headline(findings: readonly JoinedFinding[]): Pick<Incident, 'title' | 'summary'> {
  const [lead, ...others] = findings.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))
  if (lead === undefined) return { title: '', summary: '' }
  const [first = '', ...further] = new Set([lead, ...others].map((finding) => finding.title))
  const shown = [first, ...further.slice(0, 2), ...(further.length > 2 ? [`${further.length - 2} more`] : [])]
  const sentence = lead.summary.replace(/[.\s]*$/, '.')
  const rest = others.length === 0 ? '' : ` And ${others.length} more finding${others.length > 1 ? 's' : ''}.`
  return { title: shown.join(' + '), summary: sentence + rest }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const byTime = (a: Pick<Finding, 'at' | 'fingerprint'>, b: Pick<Finding, 'at' | 'fingerprint'>): number =>
  a.at - b.at || compare(a.fingerprint, b.fingerprint)
/** Its own session's story before one that only read the same text, then the newest. */
const nearest =
  (finding: Finding) =>
  (a: Incident, b: Incident): number => {
    const own = (incident: Incident): number => Number(incident.causes.includes(groupKey(finding)))
    return own(b) - own(a) || b.lastAt - a.lastAt || compare(a.id, b.id)
  }
