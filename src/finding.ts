/** What a detector found: crosses from `detect` over the store into `alert`. */

export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof severities)[number]

/** 0 for `info` … 4 for `critical`. */
export const severityRank = (severity: Severity): number => severities.indexOf(severity)

export const maturities = ['trial', 'stable'] as const
/** A `trial` finding is recorded and never pages. */
export type Maturity = (typeof maturities)[number]

/** Public catalogues of attacks. Versions: ATLAS 5.6, OWASP MCP Top 10 v0.1 (2025), OWASP Agentic Top 10 2026. */
export interface Tags {
  readonly atlas: readonly `AML.T${number}${'' | `.${number}`}`[]
  readonly mcp: readonly `MCP${number}:2025`[]
  readonly asi: readonly `ASI${number}`[]
}

/** One line of the evidence, in time order: which record, what part it plays, what there is to see. */
export interface EvidenceStep {
  readonly recordId: string
  readonly eventId: string
  /** Microseconds since 1970. */
  readonly at: number
  readonly part: 'request' | 'source' | 'action' | 'context'
  /** Clear names (server, tool, method, destination hosts) and our own words; still attacker-controlled text to whoever shows it. */
  readonly note: string
}

/** A value that ties two records together: where it first appeared and where it was used. */
export interface MatchedValue {
  readonly kind: string
  readonly hash: string
  readonly firstIn: string
  readonly usedIn: string
}

export interface Finding {
  /** UUID over (detector, tenant, anchor): judged twice, recorded once. */
  readonly fingerprint: string
  readonly detector: string
  readonly detectorVersion: number
  readonly tenant: string
  readonly severity: Severity
  readonly maturity: Maturity
  readonly title: string
  /** One sentence for this case. Contains names from events: neutralise it where it is shown. */
  readonly summary: string
  /** Resolved session, or '' for findings that have none. */
  readonly session: string
  readonly subject: string
  readonly server: string
  readonly tool: string
  /** Event id (session detectors) or stable key (query detectors) that the finding is about. */
  readonly anchor: string
  /** Records a reviewer should look at first; for session detectors the calls judged (the scorecard's `calls`). */
  readonly calls: readonly string[]
  readonly steps: readonly EvidenceStep[]
  readonly matched: readonly MatchedValue[]
  /** Score and its parts, baseline, window, deviation: numbers that explain the verdict. */
  readonly score: Readonly<Record<string, number>>
  readonly tags: Tags
  /** Microseconds: time of the anchor, and when the engine judged. */
  readonly at: number
  readonly foundAt: number
  /** Id of the policy file's exclusion that covers it, or ''. An excluded finding is recorded and never alerts. */
  readonly excludedBy: string
  /**
   * What ties it to findings of other sessions: keyed digests of the text that gave the orders, and of the addresses that it named.
   * Empty where it is not about such a text.
   */
  readonly causes: readonly string[]
}
