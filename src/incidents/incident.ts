/** An incident: findings of one cause, told as one story. What the receivers, the terminal and the store's rows hold. */
import type { EvidenceStep, Finding, MatchedValue, Maturity, Severity } from '../finding.js'

/** One more opens another incident: of a noisy cause there may be thousands. */
export const mostFindings = 100

/** What an incident keeps of a finding; its steps and values are merged into the incident's own. */
export type JoinedFinding = Omit<Finding, 'tenant' | 'maturity' | 'steps' | 'matched' | 'causes'>

/** What the session called just before and just after the evidence: `server.tool`, in order. Text from events. */
export interface Around {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface Incident {
  /** UUID over tenant, group key and first finding. */
  readonly id: string
  readonly tenant: string
  /** 1, 2, 3 … */
  readonly version: number
  readonly status: 'open'
  /** All findings of an incident have the same; a `trial` incident is recorded and never delivered. */
  readonly maturity: Maturity
  readonly severity: Severity
  readonly title: string
  readonly summary: string
  /** '' where the cause is not a session. */
  readonly session: string
  readonly groupKey: string
  /** The group key, and what its findings have in common with those of other sessions. */
  readonly causes: readonly string[]
  /** In order of event time. */
  readonly findings: readonly JoinedFinding[]
  /** One step a record, in order of event time. */
  readonly timeline: readonly EvidenceStep[]
  readonly matched: readonly MatchedValue[]
  /** Steps and matched values that had no room. */
  readonly omitted: number
  /** Microseconds, event time: the span of the evidence. */
  readonly firstAt: number
  readonly lastAt: number
  /** Microseconds, our clock: when version 1 and this version were made. */
  readonly openedAt: number
  readonly updatedAt: number
  /** Looked up when it is told; no version holds it. */
  readonly around?: Around
}

/** What happened to an incident; for a receiver, `opened` is the first version that it got. */
export type Change = 'opened' | 'updated'

/** The different subjects, servers or tools of the findings, at most ten. Text from events. */
export function named(incident: Incident, member: 'subject' | 'server' | 'tool'): readonly string[] {
  return [...new Set(incident.findings.map((finding) => finding[member]).filter((text) => text !== ''))].slice(0, 10)
}

/** All tags of the findings, each once. */
export function tagsOf(incident: Incident): readonly string[] {
  return [
    ...new Set(incident.findings.flatMap(({ tags }): string[] => [...tags.atlas, ...tags.mcp, ...tags.asi])),
  ].sort()
}
