/**
 * The bus: what stands between an answered request and the store. Two homes, one contract: `in-process` (the
 * acknowledgement is the insert's own) and Kafka (the acknowledgement is the broker's, all in-sync replicas).
 */
import type { AuditEvent } from '../audit-event.js'
import type { Config } from '../config.js'
import type { Logger } from '../log.js'
import type { Telemetry } from '../telemetry.js'
import { InProcessBus } from './in-process.js'
import { KafkaBus } from './kafka.js'

/** A record that was not understood, with its reason. Its body has been through capture: no clear content. */
export interface DeadLetter {
  /** UUID over the content, so that a retry of the sender is one letter. */
  readonly id: string
  readonly tenant: string
  readonly owner: string
  readonly role: string
  /** Stage that refused it, and a code from that stage's closed list. */
  readonly stage: 'receive' | 'bus' | 'store'
  readonly reason: string
  /** What was wrong and where, in our words. */
  readonly explanation: string
  /** Microseconds. */
  readonly at: number
  /** Enough to replay it: one OTLP/JSON record after capture, or an audit event in JSON. */
  readonly body: string
  readonly signal: 'logs' | 'traces' | 'event'
}

export type BusMessage =
  | { readonly type: 'event'; readonly event: AuditEvent }
  | { readonly type: 'dead-letter'; readonly letter: DeadLetter }

/**
 * Handles one batch. Resolves once everything in it is kept; a rejection means: give me the same batch again later.
 * Aborting `signal` means that nobody waits for a retry (stop, rebalance, every publisher's deadline): finish what is
 * under way and begin nothing new; resolve if it was kept, else reject.
 */
export type BatchHandler = (batch: readonly BusMessage[], signal: AbortSignal) => Promise<void>

/** Numbered shares of work (detection by session, alerting by incident) that this process owns right now. */
export interface Shares {
  readonly total: number
  owned(): ReadonlySet<number>
  close(): Promise<void>
}

export interface Bus {
  /** Creates topics where they are missing; throws `WK_BUS_UNAVAILABLE` or `WK_BUS_TOPIC`. */
  start(): Promise<void>
  /**
   * Resolves once every message is kept (see the contract's homes). Rejects with `WK_BUS_FULL` before memory is, and with
   * `WK_BUS_UNAVAILABLE` when nothing acknowledged within `deadlineMs`.
   */
  publish(messages: readonly BusMessage[], options: { readonly deadlineMs: number }): Promise<void>
  /** Starts to consume; the returned function stops, after the batch in hand. Offsets are committed only after the handler resolved. */
  consume(handler: BatchHandler): Promise<() => Promise<void>>
  /** In-process: all shares. Kafka: by a consumer group of that name. */
  shares(group: 'detect' | 'alert'): Promise<Shares>
  /** Fit to accept now? For /readyz. */
  ready(): boolean
  /** Flushes what is in flight. */
  close(): Promise<void>
}

export interface BusOptions {
  readonly config: Config
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds since 1970. */
  readonly now: () => number
}

/** The bus that the settings ask for; nothing is connected before `start`. */
export function createBus(options: BusOptions): Bus {
  return options.config.bus === 'kafka' ? new KafkaBus(options) : new InProcessBus(options)
}
