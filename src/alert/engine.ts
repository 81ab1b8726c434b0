/**
 * Alerting, turn by turn: findings become incident versions, versions that page are delivered. Delivery runs beside the next
 * look, so that a slow receiver does not keep an incident from the terminal and the console.
 */
import type { Shares } from '../bus/index.js'
import { type Severity, severityRank } from '../finding.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { deliverer } from './deliver.js'
import { gatherer } from './gather.js'
import type { Change, Incident } from './incident.js'
import type { IncidentChange } from './incidents.js'
import type { DeliveryResult, Notifier } from './notifiers/contract.js'
import type { Waiting } from './outbox.js'

export interface EngineSettings {
  readonly store: Store
  readonly shares: Shares
  /** None: incidents are made and shown, and go nowhere. */
  readonly notifier: Notifier | undefined
  readonly least: Severity
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
  /** Delivers what is due; a second call while one runs is that one. Throws what the store throws. */
  deliver(): Promise<void>
  /** Lets the delivery in hand end, at most `graceMs`, and starts no other. */
  close(graceMs: number): Promise<void>
}

export function engine(settings: EngineSettings): Engine {
  const { store, shares, notifier, least, log, telemetry, now, random, onIncident } = settings
  const stop = new AbortController()
  const cut = new AbortController()
  /** Versions that wait for the receiver, by incident: for our own counters, the store knows better. */
  const waiting = new Map<string, number>()

  function made(changes: readonly IncidentChange[]): void {
    for (const { incident, change } of changes) {
      telemetry.count('alert', 'received')
      const reason = undelivered(incident)
      if (reason !== undefined) telemetry.count('alert', 'dropped', 1, reason)
      else {
        if (waiting.has(incident.id)) telemetry.count('alert', 'dropped', 1, 'superseded')
        waiting.set(incident.id, incident.version)
      }
      log.info({ incident: incident.id, version: incident.version, severity: incident.severity }, `incident ${change}`)
      onIncident(incident, change)
    }
    telemetry.gauge('alert_waiting', waiting.size)
  }

  /** Why a version never goes out. */
  function undelivered(incident: Incident): string | undefined {
    if (incident.maturity === 'trial') return 'trial'
    if (severityRank(incident.severity) < severityRank(least)) return 'below_severity'
    return notifier === undefined ? 'no_receiver' : undefined
  }

  function answered(to: Waiting, result: DeliveryResult): void {
    const about = { incident: to.id, version: to.version, attempt: to.attempts + 1, status: result.status }
    if (result.type === 'retry') {
      log.warn({ ...about, reason: result.reason }, 'an incident was not delivered yet; it will be tried again')
      return
    }
    waiting.delete(to.id)
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
  const out =
    notifier && deliverer({ store, shares, notifier, least, now, random, stopped: stop.signal, onResult: answered })
  let delivering: Promise<void> | undefined

  return {
    gather: () => gather(now(), made),
    async deliver() {
      if (stop.signal.aborted) return
      delivering ??= out?.deliver(cut.signal).finally(() => {
        delivering = undefined
      })
      await delivering
    },
    async close(graceMs) {
      stop.abort()
      const timer = setTimeout(() => cut.abort(), graceMs)
      await delivering?.catch(() => undefined)
      clearTimeout(timer)
    },
  }
}
