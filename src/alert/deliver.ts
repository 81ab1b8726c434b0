/** Sends what is due to one receiver, one after the other, and writes down what came of it. */
import type { Shares } from '../bus/index.js'
import type { Severity } from '../finding.js'
import type { Store } from '../store/index.js'
import { backOffMs } from './back-off.js'
import { incidentsById } from './incident-rows.js'
import type { DeliveryResult, Notifier } from './notifiers/contract.js'
import { type Due, dueFor, keepReceipts, type Receipt } from './outbox.js'
import { shareOf } from './shares.js'
import { earliestPosition, keepPositions } from './watermarks.js'

/** A version is tried for three days, then it is dead. Microseconds. */
const giveUpAfter = 3 * 86_400_000_000

export interface DelivererSettings {
  readonly store: Store
  readonly shares: Shares
  readonly notifier: Notifier
  readonly least: Severity
  /** Microseconds. */
  readonly now: () => number
  /** 0..1 */
  readonly random: () => number
  /** Nothing new is begun after this. */
  readonly stopped: AbortSignal
  readonly onResult: (due: Due, result: DeliveryResult) => void
}

export interface Deliverer {
  /** Sends what is due now; stops at the first that must be tried again. `signal` cuts the one in hand off. Throws what the store throws. */
  deliver(signal: AbortSignal): Promise<void>
}

export function deliverer({
  store,
  shares,
  notifier,
  least,
  now,
  random,
  stopped,
  onResult,
}: DelivererSettings): Deliverer {
  const createdAt = now()
  let since: number | undefined
  /** Answers whose receipt the store did not take: while it takes none, nothing more is sent, or it would be sent each second. */
  let unwritten: readonly Receipt[] = []

  /** A receiver hears of what changes from its first start on, not of the months before it was set up. */
  async function firstStart(): Promise<number> {
    const name = `alert/receiver/${notifier.name}`
    const known = await earliestPosition(store, [name])
    if (known > 0) return known
    await keepPositions(store, [name], createdAt, createdAt)
    return createdAt
  }

  function settle(result: DeliveryResult, due: Due, at: number): DeliveryResult {
    if (result.type !== 'retry' || due.attempts === 0 || at - due.firstAttemptAt < giveUpAfter) return result
    const reason = `gave up after ${due.attempts + 1} attempts in three days; the last: ${result.reason}`
    return { type: 'refused', reason, status: result.status }
  }

  async function send(due: Due, signal: AbortSignal): Promise<DeliveryResult | undefined> {
    const [incident] = await incidentsById(store, [due.id])
    // A newer version was made meanwhile: it is due in the next round.
    if (incident?.version !== due.version) return undefined
    const answer = await notifier.deliver(incident, due.told ? 'updated' : 'opened', signal)
    // Cut off by our own end: what came of it is unknown, so it is due again.
    if (signal.aborted && answer.type === 'retry') return undefined
    const at = now()
    const result = settle(answer, due, at)
    const attempt = due.attempts + 1
    const wait = result.type === 'retry' ? backOffMs(attempt, random(), result.afterMs) * 1_000 : undefined
    unwritten = [
      {
        incident_id: due.id,
        version: due.version,
        receiver: notifier.name,
        attempt,
        outcome: result.type,
        status: result.status,
        reason: result.type === 'delivered' ? '' : result.reason,
        at,
        next_at: wait === undefined ? 0 : at + wait,
      },
    ]
    await write()
    return result
  }

  async function write(): Promise<void> {
    await keepReceipts(store, unwritten)
    unwritten = []
  }

  return {
    async deliver(signal) {
      const owned = shares.owned()
      if (owned.size === 0) return
      await write()
      since ??= await firstStart()
      for (const due of await dueFor(store, { receiver: notifier.name, least, since, now: now() })) {
        if (!owned.has(shareOf(due.tenant, due.groupKey, shares.total))) continue
        if (stopped.aborted) return
        const result = await send(due, signal)
        if (result === undefined) continue
        onResult(due, result)
        if (result.type === 'retry') return
      }
    },
  }
}
