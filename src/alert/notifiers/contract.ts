/** What every notifier is: one file here, one function that tries once and says whether trying again makes sense. */
import type { Change, Incident } from '../incident.js'

export type DeliveryResult =
  /** The receiver has it. */
  | { readonly type: 'delivered'; readonly status: number }
  /** Not now. `afterMs`: not before that, by the receiver's own word. `status` 0: there was no answer. */
  | { readonly type: 'retry'; readonly reason: string; readonly status: number; readonly afterMs?: number }
  /** Never: the receiver understood and said no. The incident's version is dead for it, and listed. */
  | { readonly type: 'refused'; readonly reason: string; readonly status: number }

export interface Notifier {
  /** Names the receiver in receipts. Stays the same when its address changes, so that nothing under way is lost. */
  readonly name: string
  /** Tries once. Never throws. Reasons are our words, never the receiver's. */
  deliver(incident: Incident, change: Change, signal: AbortSignal): Promise<DeliveryResult>
}
