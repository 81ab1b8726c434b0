/**
 * Alerting, turn by turn: findings become incident versions, versions that page are delivered. Delivery runs beside the next
 * look, so that a slow receiver does not keep an incident from the terminal and the console.
 */
import type { Shares } from '../bus/index.js'
import { severityRank } from '../finding.js'
import type { Change, Incident } from '../incidents.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { deliverer } from './deliver.js'
import { gatherer } from './gather.js'
import type { IncidentChange } from './joining.js'
import type { DeliveryResult } from './notifiers/contract.js'
import type { Waiting } from './outbox.js'
import type { Receiver } from './receivers.js'
import { type Hold, holds, type Suppression, suppression } from './suppression.js'

export interface EngineSettings {
  readonly store: Store
  readonly shares: Shares
  /** None: incidents are made and shown, and go nowhere. */
  readonly receivers: readonly Receiver[]
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds. */
  readonly now: () => number
  /** 0..1 */
  readonly random: () => number
  readonly onIncident: (incident: Incident, change: Change) => void
}

export interface Engine {
  /** One look for new findings. Throws what the store throws. */
  gather(): Promise<void>
  /** Delivers what is due; for a receiver whose delivery still runs it is that one. Throws what the store throws. */
  deliver(): Promise<void>
  /** Lets the delivery in hand end, at most `graceMs`, and starts no other. */
  close(graceMs: number): Promise<void>
}

export function engine(settings: EngineSettings): Engine {
  const { store, shares, receivers, log, telemetry, now, random, onIncident } = settings
  const stop = new AbortController()
  const cut = new AbortController()
  /** Incidents that wait, by receiver: for our own counters, the store knows better. */
  const waiting = new Set<string>()
  const waits = (receiver: string, incident: string): string => `${receiver} ${incident}`

  /** Counted once for each receiver that it goes to, or once where it goes to none. */
  function made(changes: readonly IncidentChange[]): void {
    for (const { incident, change } of changes) {
      const to = receivers.filter((receiver) => undelivered(incident, receiver) === undefined)
      telemetry.count('alert', 'received', Math.max(1, to.length))
      if (to.length === 0) telemetry.count('alert', 'dropped', 1, nowhere(incident))
      for (const { notifier } of to) {
        const key = waits(notifier.name, incident.id)
        if (waiting.has(key)) telemetry.count('alert', 'dropped', 1, 'superseded')
        waiting.add(key)
      }
      log.info({ incident: incident.id, version: incident.version, severity: incident.severity }, `incident ${change}`)
      onIncident(incident, change)
    }
    telemetry.gauge('alert_waiting', waiting.size)
  }

  /** Why a version never goes to a receiver. */
  function undelivered(incident: Incident, { least, routing }: Receiver): string | undefined {
    if (incident.maturity === 'trial') return 'trial'
    if (routing(incident) === undefined) return 'no_receiver'
    return severityRank(incident.severity) < severityRank(least) ? 'below_severity' : undefined
  }

  /** Why a version goes to none. */
  function nowhere(incident: Incident): string {
    if (incident.maturity === 'trial') return 'trial'
    const reasons = receivers.map((receiver) => undelivered(incident, receiver))
    return reasons.includes('below_severity') ? 'below_severity' : 'no_receiver'
  }

  function answered(receiver: string, to: Waiting, result: DeliveryResult): void {
    const about = { receiver, incident: to.id, version: to.version, attempt: to.attempts + 1, status: result.status }
    if (result.type === 'retry') {
      log.warn({ ...about, reason: result.reason }, 'an incident was not delivered yet; it will be tried again')
      return
    }
    waiting.delete(waits(receiver, to.id))
    telemetry.gauge('alert_waiting', waiting.size)
    if (result.type === 'delivered') {
      telemetry.count('alert', 'sent')
      log.info(about, 'incident delivered')
    } else {
      telemetry.count('alert', 'failed', 1, 'refused')
      log.error({ ...about, reason: result.reason }, 'an incident was refused; `watchkeeper incidents` lists it')
    }
  }

  const { gather } = gatherer(store, shares)
  /** How many each receiver is not told of now, by reason. The gauge says how many at the one with most. */
  const heldBy = new Map<string, ReadonlyMap<Hold, number>>()
  /** Each receiver has a delivery of its own, so that a slow one holds up none of the others. */
  const outs = receivers.map((receiver) => {
    const { deliver } = deliverer({
      store,
      shares,
      receiver,
      now,
      random,
      stopped: stop.signal,
      onResult: (to, result) => answered(receiver.notifier.name, to, result),
      onHeld: (held) => {
        heldBy.set(receiver.notifier.name, held)
        for (const hold of holds) {
          const counts = [...heldBy.values()].map((one) => one.get(hold) ?? 0)
          telemetry.gauge(`alert_${hold}`, Math.max(...counts))
        }
      },
    })
    let under: Promise<void> | undefined
    return {
      deliver: (suppressed: () => Promise<Suppression>): Promise<void> => {
        under ??= deliver(suppressed, cut.signal).finally(() => {
          under = undefined
        })
        return under
      },
      under: () => under,
    }
  })

  return {
    gather: () => gather(now(), made),
    async deliver() {
      if (stop.signal.aborted) return
      if (outs.length === 0 || shares.owned().size === 0) return
      // Once for all receivers, and only where something waits.
      let asked: Promise<Suppression> | undefined
      const suppressed = (): Promise<Suppression> => {
        asked ??= suppression(store, receivers, now())
        return asked
      }
      const ends = await Promise.allSettled(outs.map((out) => out.deliver(suppressed)))
      const failed = ends.find((end) => end.status === 'rejected')
      if (failed) throw failed.reason
    },
    async close(graceMs) {
      stop.abort()
      const timer = setTimeout(() => cut.abort(), graceMs)
      await Promise.allSettled(outs.map((out) => out.under()))
      clearTimeout(timer)
    },
  }
}
