/** From what a detector says to what is kept: identity, tags and times are the engine's. */
import { type AuditEvent, stableId } from '../audit-event.js'
import type { Finding, Tags } from '../finding.js'
import type { InsertRows } from '../store/index.js'
import type { Named } from './catalogue.js'
import type { Draft, RowDraft, Session } from './contract.js'
import { type Exclusions, noExclusions, reachOf, reachOfRow } from './exclusion.js'

/** Characters of a summary, a note and a name: they hold text from events, which may be long on purpose. */
const limits = { summary: 1000, note: 500, name: 256, calls: 100, steps: 100, matched: 200, causes: 8 } as const

/** (detector, tenant, anchor): the same verdict has the same identity in a live run, after a restart and in a backtest. */
export const fingerprintOf = (detector: string, tenant: string, anchor: string): string =>
  stableId('finding', detector, tenant, anchor)

/** `foundAt` in microseconds. */
export function sessionFinding(
  { id, detector: { about } }: Named,
  session: Pick<Session, 'tenant' | 'id' | 'subject' | 'events'>,
  draft: Draft,
  foundAt: number,
  exclusions: Exclusions = noExclusions,
): Finding {
  const { anchor } = draft
  const named = {
    server: cut(anchor.serverName || anchor.serverAddress),
    tool: cut(anchor.tool),
    subject: session.subject,
  }
  return {
    ...explained(draft),
    ...named,
    excludedBy: exclusions(session.tenant, { detector: id, ...named, ...reachOf(draft.calls) }, foundAt),
    fingerprint: fingerprintOf(id, session.tenant, anchor.eventId),
    detector: id,
    detectorVersion: about.version,
    maturity: about.maturity,
    title: about.title,
    tags: about.tags,
    tenant: session.tenant,
    session: session.id,
    anchor: anchor.eventId,
    calls: draft.calls.slice(0, limits.calls).map(({ recordId }) => recordId),
    steps: stepsOf(draft.steps),
    matched: matchedOf(draft.matched),
    causes: isAboutOrders(about.tags) ? causesOf(draft, session.events) : [],
    at: anchor.endedAt,
    foundAt,
  }
}

/** ATLAS: indirect prompt injection. */
const isAboutOrders = ({ atlas }: Tags): boolean => atlas.includes('AML.T0051.001')

const textCause = (text: string): string => `text ${text}`

/** The texts whose orders were followed, and the addresses that first appeared in them: the same in every session that read them. */
function causesOf({ steps, matched = [] }: Draft, events: readonly AuditEvent[]): Finding['causes'] {
  const sources = steps
    .filter(({ part }) => part === 'source')
    .flatMap(({ recordId }) => events.find((event) => event.recordId === recordId) ?? [])
  const read = new Set(sources.flatMap(({ recordId, eventId }) => [recordId, eventId]))
  const texts = sources
    .filter(({ resultDigest }) => resultDigest !== '')
    .map(({ keyId, resultDigest }) => textCause(`${keyId} ${resultDigest}`))
  const addresses = matched
    .filter(({ kind, firstIn }) => (kind === 'email' || kind === 'url') && read.has(firstIn))
    .map(({ kind, hash }) => `${kind} ${hash}`)
  return [...new Set([...texts, ...addresses])].slice(0, limits.causes)
}

/** A window [from, to) in microseconds that a query detector found strange; its start is part of the identity. */
export function queryFinding(
  { id, detector: { about } }: Named,
  window: { readonly tenant: string; readonly from: number; readonly to: number },
  draft: RowDraft,
  row: Readonly<Record<string, unknown>>,
  foundAt: number,
  exclusions: Exclusions = noExclusions,
): Finding {
  const named = { server: cut(draft.server), tool: cut(draft.tool), subject: draft.subject }
  const anchor = `${new Date(window.from / 1000).toISOString()} ${draft.anchor}`
  return {
    ...explained(draft),
    ...named,
    excludedBy: exclusions(window.tenant, { detector: id, ...named, ...reachOfRow(row) }, foundAt),
    fingerprint: fingerprintOf(id, window.tenant, anchor),
    detector: id,
    detectorVersion: about.version,
    maturity: about.maturity,
    title: about.title,
    tags: about.tags,
    tenant: window.tenant,
    session: draft.session,
    anchor,
    calls: draft.calls.slice(0, limits.calls),
    steps: stepsOf(draft.steps),
    matched: matchedOf(draft.matched),
    causes: draft.text === undefined ? [] : [textCause(draft.text)],
    at: window.to,
    foundAt,
  }
}

function explained({ severity, summary, score }: Draft | RowDraft): Pick<Finding, 'severity' | 'summary' | 'score'> {
  // NaN and infinity are no numbers to a reader, and none to JSON.
  const numbers = Object.entries(score).filter(([, value]) => Number.isFinite(value))
  return { severity, summary: summary.slice(0, limits.summary), score: Object.fromEntries(numbers) }
}

const stepsOf = (steps: Draft['steps'] = []): Finding['steps'] =>
  steps.slice(0, limits.steps).map((step) => ({ ...step, note: step.note.slice(0, limits.note) }))

const matchedOf = (matched: Draft['matched'] = []): Finding['matched'] => matched.slice(0, limits.matched)

const cut = (name: string): string => name.slice(0, limits.name)

/** As the store's table `findings` takes it. */
export const findingRow = (finding: Finding): InsertRows['findings'] => ({
  fingerprint: finding.fingerprint,
  detector: finding.detector,
  detector_version: finding.detectorVersion,
  tenant: finding.tenant,
  severity: finding.severity,
  maturity: finding.maturity,
  title: finding.title,
  summary: finding.summary,
  session: finding.session,
  subject: finding.subject,
  server: finding.server,
  tool: finding.tool,
  anchor: finding.anchor,
  calls: finding.calls,
  steps: JSON.stringify(finding.steps),
  matched: JSON.stringify(finding.matched),
  score: finding.score,
  tags: JSON.stringify(finding.tags),
  at: finding.at,
  found_at: finding.foundAt,
  excluded_by: finding.excludedBy,
  causes: finding.causes,
})
