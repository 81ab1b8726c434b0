/** Sends what is due to one receiver, one after the other, and writes down what came of it. */
import type { Shares } from '../bus/index.js'
import { type Incident, incidentsById } from '../incidents.js'
import type { Store } from '../store/index.js'
import { backOffMs } from './back-off.js'
import type { DeliveryResult } from './notifiers/contract.js'
import { keepReceipts, type Receipt, type Waiting, waitingFor } from './outbox.js'
import type { Receiver } from './receivers.js'
import { shareOf } from './shares.js'
import { earliestPosition, keepPositions } from './watermarks.js'

/** A version is tried for three days, then it is dead. Microseconds. */
const giveUpAfter = 3 * 86_400_000_000
const sweepEvery = 3_600_000_000
/** Clocks of two hosts may differ by this much before a version waits for the hourly look. Microseconds. */
const clockSlack = 600_000_000
const mostWaiting = 10_000
/** Incidents that are read at once. */
const chunk = 20

export interface DelivererSettings {
  readonly store: Store
  readonly shares: Shares
  readonly receiver: Receiver
  /** Microseconds. */
  readonly now: () => number
  /** 0..1 */
  readonly random: () => number
  /** Nothing new is begun after this. */
  readonly stopped: AbortSignal
  readonly onResult: (waiting: Waiting, result: DeliveryResult) => void
}

export interface Deliverer {
  /** Sends what is due now; stops at the first that must be tried again. `signal` cuts the one in hand off. Throws what the store throws. */
  deliver(signal: AbortSignal): Promise<void>
}

export function deliverer({
  store,
  shares,
  receiver: { notifier, least, concerns },
  now,
  random,
  stopped,
  onResult,
}: DelivererSettings): Deliverer {
  const createdAt = now()
  let since: number | undefined
  let floor = 0
  let sweptAt = 0
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

  function settle(result: DeliveryResult, waiting: Waiting, at: number): DeliveryResult {
    if (result.type !== 'retry' || waiting.attempts === 0 || at - waiting.firstAttemptAt < giveUpAfter) return result
    const reason = `gave up after ${waiting.attempts + 1} attempts in three days; the last: ${result.reason}`
    return { type: 'refused', reason, status: result.status }
  }

  async function send(incident: Incident, waiting: Waiting, signal: AbortSignal): Promise<DeliveryResult | undefined> {
    const answer = await notifier.deliver(incident, waiting.told ? 'updated' : 'opened', signal)
    // Cut off by our own end: what came of it is unknown, so it is sent again.
    if (signal.aborted && answer.type === 'retry') return undefined
    const at = now()
    const result = settle(answer, waiting, at)
    const attempt = waiting.attempts + 1
    const pause = result.type === 'retry' ? backOffMs(attempt, random(), result.afterMs) * 1_000 : undefined
    unwritten = [
      {
        incident_id: incident.id,
        version: incident.version,
        receiver: notifier.name,
        attempt,
        outcome: result.type,
        status: result.status,
        reason: result.type === 'delivered' ? '' : result.reason,
        at,
        next_at: pause === undefined ? 0 : at + pause,
        step_id: '',
        message_group: '',
      },
    ]
    await write()
    return result
  }

  /** Versions whose route leads elsewhere are settled by a receipt too, or they would be looked at for ever. */
  async function passOver(elsewhere: readonly Waiting[]): Promise<void> {
    const at = now()
    unwritten = elsewhere.map(({ id, version, attempts }) => ({
      incident_id: id,
      version,
      receiver: notifier.name,
      // Not an attempt of its own: the later receipt of that number holds.
      attempt: attempts,
      outcome: 'unrouted',
      status: 0,
      reason: '',
      at,
      next_at: 0,
      step_id: '',
      message_group: '',
    }))
    await write()
  }

  async function write(): Promise<void> {
    await keepReceipts(store, unwritten)
    unwritten = []
  }

  /**
   * All that waits for this receiver. Once an hour from its first start on; else from the oldest that waited last time, so
   * that the months behind cost nothing.
   */
  async function waitingNow(): Promise<Waiting[]> {
    since ??= await firstStart()
    const at = now()
    if (at - sweptAt >= sweepEvery) {
      floor = since
      sweptAt = at
    }
    const waiting = await waitingFor(store, { receiver: notifier.name, least, since: floor, most: mostWaiting })
    if (waiting.length < mostWaiting)
      floor = Math.max(since, Math.min(at, ...waiting.map(({ updatedAt }) => updatedAt)) - clockSlack)
    return waiting
  }

  return {
    async deliver(signal) {
      const owned = shares.owned()
      if (owned.size === 0) return
      await write()
      const due = (await waitingNow()).filter(
        ({ notBefore, tenant }) => notBefore <= now() && owned.has(shareOf(tenant, shares.total)),
      )
      for (let at = 0; at < due.length; at += chunk) {
        const some = due.slice(at, at + chunk)
        const ids = some.map(({ id }) => id)
        const incidents = await incidentsById(store, ids)
        await passOver(
          some.filter(({ id, version }) => {
            const incident = incidents.get(id)
            return incident?.version === version && !concerns(incident)
          }),
        )
        for (const waiting of some) {
          if (stopped.aborted) return
          const incident = incidents.get(waiting.id)
          // A newer version was made meanwhile: it is its turn in the next round.
          if (incident?.version !== waiting.version || !concerns(incident)) continue
          const result = await send(incident, waiting, signal)
          if (result === undefined) return
          onResult(waiting, result)
          if (result.type === 'retry') return
        }
      }
    },
  }
}
