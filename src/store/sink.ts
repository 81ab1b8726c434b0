/**
 * The end of the bus: one batch into the store. A batch is kept whole or not at all, with one exception: a record that the
 * engine refuses for what it is (not for how the engine is) would come back for ever and hold up all others. It is found
 * by halving and goes to the dead letters, the rest is kept.
 */
import { type AuditEvent, stableId } from '../audit-event.js'
import type { BatchHandler, BusMessage, DeadLetter } from '../bus/index.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Telemetry } from '../telemetry.js'
import type { Store } from './index.js'

export interface SinkOptions {
  readonly store: Pick<Store, 'insertEvents' | 'insertDeadLetters'>
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds since 1970. */
  readonly now: () => number
}

export function storeSink({ store, log, telemetry, now }: SinkOptions): BatchHandler {
  async function keep(events: readonly AuditEvent[], signal: AbortSignal): Promise<void> {
    if (events.length === 0) return
    try {
      await store.insertEvents(events)
      telemetry.count('store', 'sent', events.length)
    } catch (error) {
      // "Later" is the bus' business: it hands us the same batch again.
      if (!(error instanceof WatchkeeperError) || error.retryable || signal.aborted) throw error
      const [only] = events
      if (events.length > 1 || only === undefined) {
        const half = Math.ceil(events.length / 2)
        await keep(events.slice(0, half), signal)
        await keep(events.slice(half), signal)
        return
      }
      log.warn({ record: only.recordId, code: error.code }, 'the store refused a record; it is in the dead letters')
      await store.insertDeadLetters([refused(only, error, now())])
      telemetry.count('store', 'failed', 1, 'refused')
    }
  }

  return async (batch, signal) => {
    telemetry.count('store', 'received', batch.length)
    try {
      const letters = batch.filter(
        (message): message is BusMessage & { type: 'dead-letter' } => message.type === 'dead-letter',
      )
      if (letters.length > 0) {
        await store.insertDeadLetters(letters.map(({ letter }) => letter))
        telemetry.count('store', 'sent', letters.length, 'dead_letter')
      }
      const events = batch.flatMap((message) => (message.type === 'event' ? [message.event] : []))
      await keep(events, signal)
    } catch (error) {
      telemetry.count('store', 'failed', batch.length, 'retried')
      throw error
    }
  }
}

function refused(event: AuditEvent, error: WatchkeeperError, at: number): DeadLetter {
  return {
    id: stableId('store', event.tenant, event.recordId, event.contentHash),
    tenant: event.tenant,
    owner: event.owner,
    role: event.role,
    stage: 'store',
    reason: 'refused_by_store',
    explanation: error.message,
    at,
    body: JSON.stringify(event),
    signal: 'event',
  }
}
