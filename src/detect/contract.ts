/**
 * `#detector`: all that a detector may import besides the event type and simple-statistics.
 *
 * A detector holds no state, reads no clock and opens no socket. It is a pure function over one session's events, or SQL on a
 * schedule plus a pure `judge(row)`. So live detection, a restart and a backtest over last month are the same code over
 * another range.
 */
import { type EventKind, eventKinds } from '@watchkeeper/sdk/event'
import type { AuditEvent } from '../audit-event.js'
import type { EvidenceStep, MatchedValue, Maturity, Severity, Tags } from '../finding.js'

export type { EventKind } from '@watchkeeper/sdk/event'
export type { AuditEvent } from '../audit-event.js'
export type { EvidenceStep, MatchedValue, Severity, Tags } from '../finding.js'
export { failed, listed, nameOf, stepOf, whoOf } from './evidence.js'
export { type Flow, isSink, linksWithData, orderedIn, type Request, type Sent, sentIn, strangersIn } from './flow.js'
export { type Hop, hopsOf, isInside } from './journey.js'
export { type Deeds, leastHistory, unneeded } from './least-privilege.js'
export { decayed } from './statistics/decay.js'
export { surprise } from './statistics/rarity.js'
export { type Baseline, baselineOf, robustDeviation } from './statistics/robust.js'
export { hourOfWeek, sameHours } from './statistics/season.js'

/** What a detector cannot do without. Where one is missing its verdict is *not evaluated*, never *clean*. */
export const inputs = [
  'arguments',
  'results',
  'user_message',
  'authorization',
  'history',
  'counterpart',
  'policy',
] as const
export type Input = (typeof inputs)[number]

export interface About {
  readonly title: string
  /** The highest severity it gives. */
  readonly severity: Severity
  readonly maturity: Maturity
  readonly tags: Tags
  readonly needs: readonly Input[]
  /** Raised with every change of its verdicts. */
  readonly version: number
}

/** The parts of a policy. Where the file says nothing about one, detectors fall back on what names suggest, and say less. */
export const policyParts = [
  'servers',
  'tools',
  'sensitive',
  'destinations',
  'scopes',
  'roots',
  'crown_jewels',
  'approvals',
  'sandbox',
  'issuers',
] as const
export type PolicyPart = (typeof policyParts)[number]

/** What the allowlist says of a server. `moved`: its name is known, its address or command line is another one. */
export type Standing = 'approved' | 'unknown' | 'moved'

/** Where a result came from, as far as it matters for what is in it. */
export type Source = Pick<AuditEvent, 'tool' | 'serverName' | 'resource' | 'prompt' | 'resultSecretKinds'>

/** What an answer rests on: the policy file, what a server claims of itself, the words of names and arguments, or nothing. */
export type Basis = 'policy' | 'annotation' | 'name' | 'nothing'

/** Who or what an event names; a query detector has these from its row. */
export type ServerNames = Pick<AuditEvent, 'serverName' | 'serverAddress'> & Partial<Pick<AuditEvent, 'detail'>>

/** What the policy file says for one tenant; without one, the defaults of the design's "Trust" section. */
export interface Policy {
  /** Whether the file says anything of this part. */
  states(part: PolicyPart): boolean
  /** By name and, where the allowlist gives them, address or command line. `unknown` where there is no allowlist. */
  standing(server: ServerNames): Standing
  /** A server whose results are not open to outsiders' text, approved as such. */
  isClosedWorld(server: string): boolean
  /** The tool's class by policy, else by its name and groups together; unknown = effectful. */
  toolClass(event: AuditEvent): 'read' | 'write' | 'high-impact' | 'unknown'
  toolClassBasis(event: AuditEvent): Basis
  /** Hosts and address domains that are our own. */
  isOwnDestination(destination: string): boolean
  /** A result of this call is private: mail, files, records, credentials by name, or secrets by kind. */
  isSensitive(event: Source): boolean
  /** Rank of a scope: 0 unknown, 1 read, 2 write, 3 admin or wildcard. */
  scopeRank(scope: string): number
  scopeRankBasis(scope: string): Basis
  /** What a person has to approve before this call (`arguments`), or of it before it is used (`result`); '' for nothing. */
  mustBeApproved(event: AuditEvent): '' | 'arguments' | 'result'
  /** Which crown jewel this call touches, in the policy's words or (without any) in ours; '' for none. */
  crownJewel(event: AuditEvent): string
  /** Folders that a local server may work in, absolute; `undefined` where the policy does not say. */
  rootsOf(server: string): readonly string[] | undefined
  /** Issuers whose tokens a server may take; [] where the policy does not say. */
  issuersOf(server: string): readonly string[]
  /** This local server has to run in a box. */
  mustBeSandboxed(server: string): boolean
  /** Names on the allowlist. */
  approvedServers(): readonly string[]
  /** Whom to ask about a server; '' where the policy does not say. */
  ownerOf(server: string): string
}

/** The policy of each tenant. */
export type Policies = (tenant: string) => Policy

/** One session: events ordered by end time, then start time, then record id. All events of one authenticated subject. */
export interface Session {
  readonly tenant: string
  readonly id: string
  /** '' where nobody is named. */
  readonly subject: string
  readonly events: readonly AuditEvent[]
  /** Older events were left out (a session longer than the window of 500). */
  readonly truncated: boolean
  readonly policy: Policy
}

/** A finding in the detector's words; the engine adds identity, tags and times. */
export interface Draft {
  /** The event the finding is about. Verdicts about it may rest only on events that ended before it started. */
  readonly anchor: AuditEvent
  readonly severity: Severity
  readonly summary: string
  /** The judged calls, most telling first. */
  readonly calls: readonly AuditEvent[]
  readonly steps: readonly EvidenceStep[]
  readonly matched?: readonly MatchedValue[]
  readonly score: Readonly<Record<string, number>>
}

/** Why nothing can be said. */
export interface NotEvaluated {
  readonly notEvaluated: Input
  readonly because: string
}

export type Verdict = readonly Draft[] | NotEvaluated

export interface SessionDetector {
  readonly type: 'session'
  readonly about: About
  /**
   * Milliseconds after an event before its absence-based verdicts are final (no approval, no second side). 0: verdicts rest
   * on what is there.
   */
  readonly settleMs: number
  /** A session is judged again when an event of one of these kinds arrives in it. */
  readonly wakesOn: readonly EventKind[]
  /**
   * Pure, and stable under more events: what it finds about an anchor may not change with events after it, since a live
   * engine judges a session many times while it grows, and a backtest once.
   */
  judge(session: Session): Verdict
}

/** A row that a query detector judged strange. */
export interface RowDraft {
  /** Says what is strange within the window (a subject and a destination, say). No record id: those differ between a live run and a backtest. */
  readonly anchor: string
  readonly session: string
  readonly subject: string
  readonly server: string
  readonly tool: string
  readonly severity: Severity
  readonly summary: string
  /** Record ids. */
  readonly calls: readonly string[]
  readonly steps?: readonly EvidenceStep[]
  readonly matched?: readonly MatchedValue[]
  readonly score: Readonly<Record<string, number>>
  /** Key id and digest of a text that gives orders, if it is about one: findings of sessions that read it become one incident. */
  readonly text?: string
}

export interface QueryDetector<Row = Record<string, unknown>> {
  readonly type: 'query'
  readonly about: About
  /** Windows are aligned to the epoch: [k·every, (k+1)·every). Seconds. */
  readonly everySeconds: number
  /** Seconds after a window's end before it is judged, for late events. */
  readonly settleSeconds: number
  /**
   * ClickHouse SQL over the view `audit` and the rollups. Bound: `{from:DateTime64(6, 'UTC')}`, `{to:DateTime64(6, 'UTC')}`
   * (the window) and `{tenants:Array(String)}` (empty: all). One row is one candidate; a column `tenant` is demanded.
   */
  readonly sql: string
  judge(row: Row, policy: Policy): RowDraft | NotEvaluated | undefined
}

export type Detector = SessionDetector | QueryDetector

export function sessionDetector(
  detector: Omit<SessionDetector, 'type' | 'settleMs' | 'wakesOn'> &
    Partial<Pick<SessionDetector, 'settleMs' | 'wakesOn'>>,
): SessionDetector {
  return { type: 'session', settleMs: 0, wakesOn: eventKinds, ...detector }
}

export function isNotEvaluated(verdict: Verdict | RowDraft): verdict is NotEvaluated {
  return 'notEvaluated' in verdict
}

export function queryDetector<Row>(detector: Omit<QueryDetector<Row>, 'type'>): QueryDetector<Row> {
  return { type: 'query', ...detector }
}

/** A story told to a session detector: what it must find, by event id. */
export interface SessionCase {
  readonly name: string
  readonly kind: 'fires' | 'quiet'
  readonly events: readonly AuditEvent[]
  readonly policy?: Partial<Policy>
  /** Event ids of the anchors found, in order; [] for a quiet case. */
  readonly finds: readonly string[]
  /** At least this, where it fires. */
  readonly severity?: Severity
  readonly notEvaluated?: Input
}

/** A story told to a query detector: events put into a real store, or rows straight to `judge`. */
export interface QueryCase<Row = Record<string, unknown>> {
  readonly name: string
  readonly kind: 'fires' | 'quiet'
  /** Put into a store of their own; every window from the first event's (or `judgedFrom`) up to the last one's is judged, in order. */
  readonly events?: readonly AuditEvent[]
  /** Microseconds: what ended before is history only. Long stories judged in short windows need it. */
  readonly judgedFrom?: number
  readonly row?: Row
  readonly policy?: Partial<Policy>
  /** Number of findings. */
  readonly finds: number
  readonly severity?: Severity
  readonly notEvaluated?: Input
}
