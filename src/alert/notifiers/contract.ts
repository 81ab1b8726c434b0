/** What every notifier is: one file here, one function that tries once and says whether trying again makes sense. */
import type { Change, Incident, Places } from '../../incidents.js'

export type DeliveryResult =
  /** The receiver has it. */
  | { readonly type: 'delivered'; readonly status: number }
  /** Not now. `afterMs`: not before that, by the receiver's own word. `status` 0: there was no answer. */
  | { readonly type: 'retry'; readonly reason: string; readonly status: number; readonly afterMs?: number }
  /** Never: the receiver understood and said no. The incident's version is dead for it, and listed. */
  | { readonly type: 'refused'; readonly reason: string; readonly status: number }

/** What is told of an incident: that it changed, that it still stands, that somebody looks after it, or that it is over. */
export type Notice = Change | 'reminded' | 'acknowledged' | 'resolved'

export interface Told {
  readonly incident: Incident
  readonly notice: Notice
}

export interface Notifier {
  /** Names the receiver in receipts. Stays the same when its address changes, so that nothing under way is lost. */
  readonly name: string
  /** Tries once. Never throws. Reasons are our words, never the receiver's, and hold no secret. */
  deliver(incident: Incident, notice: Notice, signal: AbortSignal): Promise<DeliveryResult>
  /** Several incidents of one group in one message, at least two. Where it is missing, each is told for itself. */
  deliverTogether?(told: readonly Told[], signal: AbortSignal): Promise<DeliveryResult>
}

/** A key, a password or an address that is one. Read at each attempt, so that a rotated one holds at once; throws where it cannot be read. */
export type Secret = () => Promise<string>

/** What every notifier is made with. */
export interface Common {
  readonly name: string
  /** Microseconds. */
  readonly now: () => number
  readonly timeoutMs?: number
  /** For links to the console and to Grafana. */
  readonly places?: Places
}
