/** Findings as the store has them. */
import type { EvidenceStep, Finding, MatchedValue, Maturity, Severity, Tags } from '../finding.js'
import type { Store } from '../store/index.js'

/** Place of a finding in the order they were judged in. */
export interface FindingPlace {
  /** Microseconds. */
  readonly foundAt: number
  readonly fingerprint: string
}

/** Clocks of two hosts may differ by this much before a finding is looked at twice. Microseconds. */
const clockSlack = 600_000_000

/**
 * What the latest versions hold. Two processes that both own a share for a moment may write the same version: then the view
 * shows the one, and what only the other holds is held by none, so that it is found again.
 */
const heldBy = (condition: string): string =>
  `SELECT arrayJoin(findings) FROM (
     SELECT findings FROM incidents WHERE ${condition}
     ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id)`

/**
 * The next findings after a place that alert and that no incident holds, in the order they were judged in. Reads the raw table, whose
 * index on time serves this (the view must merge all of it), so a finding that was judged twice comes twice.
 */
export async function unheld(store: Store, after: FindingPlace, most: number): Promise<FindingPlace[]> {
  const rows = await store.query<{ fingerprint: string; found: string }>(
    `SELECT fingerprint, toUnixTimestamp64Micro(found_at) AS found FROM findings
     WHERE found_at >= fromUnixTimestamp64Micro({at:Int64}, 'UTC')
       AND excluded_by = ''
       AND (found_at, fingerprint) > (fromUnixTimestamp64Micro({at:Int64}, 'UTC'), {fingerprint:UUID})
       AND fingerprint NOT IN (${heldBy(`updated_at >= fromUnixTimestamp64Micro({changed:Int64}, 'UTC')`)})
     ORDER BY found_at, findings.fingerprint LIMIT {most:UInt32}`,
    { at: after.foundAt, fingerprint: after.fingerprint, changed: Math.max(0, after.foundAt - clockSlack), most },
  )
  return rows.map((row) => ({ foundAt: Number(row.found), fingerprint: row.fingerprint }))
}

/** Those of the findings that no incident ever held, as they were first judged. */
export async function findingsOf(store: Store, fingerprints: readonly string[]): Promise<Finding[]> {
  if (fingerprints.length === 0) return []
  const rows = await store.query<FindingRow>(
    `SELECT fingerprint, detector, detector_version, tenant, severity, maturity, title, summary, session, subject, server,
       tool, anchor, calls, steps, matched, score, tags, causes,
       toUnixTimestamp64Micro(at) AS at_us, toUnixTimestamp64Micro(found_at) AS found_us
     FROM finding
     WHERE fingerprint IN {wanted:Array(UUID)} AND excluded_by = ''
       AND fingerprint NOT IN (${heldBy(
         'incident_id IN (SELECT incident_id FROM incidents WHERE hasAny(findings, {wanted:Array(UUID)}))',
       )})`,
    { wanted: fingerprints },
  )
  return rows.map(findingFrom)
}

interface FindingRow {
  readonly fingerprint: string
  readonly detector: string
  readonly detector_version: number
  readonly tenant: string
  readonly severity: Severity
  readonly maturity: Maturity
  readonly title: string
  readonly summary: string
  readonly session: string
  readonly subject: string
  readonly server: string
  readonly tool: string
  readonly anchor: string
  readonly calls: readonly string[]
  readonly steps: string
  readonly matched: string
  readonly score: Readonly<Record<string, number>>
  readonly tags: string
  readonly causes: readonly string[]
  readonly at_us: string
  readonly found_us: string
}

function findingFrom(row: FindingRow): Finding {
  const { detector_version, steps, matched, tags, at_us, found_us, ...same } = row
  return {
    ...same,
    detectorVersion: Number(detector_version),
    steps: JSON.parse(steps) as EvidenceStep[],
    matched: JSON.parse(matched) as MatchedValue[],
    tags: JSON.parse(tags) as Tags,
    at: Number(at_us),
    foundAt: Number(found_us),
    excludedBy: '',
  }
}
