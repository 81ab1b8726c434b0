/**
 * One producer of audit events: numbers them, chains them, and delivers them. It has its own queue and its own way out, so
 * that the host's OpenTelemetry set-up neither loses an audit record nor is touched by one.
 */
import { randomUUID } from 'node:crypto'
import { toAttributes } from './attributes.js'
import { type Backlog, MemoryBacklog } from './backlog.js'
import { type Capturer, type ClearTextRules, createCapturer } from './capture/index.js'
import { chainHash } from './chain.js'
import { eventClock } from './clock.js'
import { outsideCalls } from './conversation.js'
import { Delivery, type DeliveryCounts, type DeliveryProblem } from './delivery.js'
import type { Dsn } from './dsn.js'
import { type EventKind, eventNameOf, type ProducerEvent, producerEvent } from './event.js'
import { createLater } from './later.js'
import { encodeRecord, type RequestFrame } from './otlp-json.js'
import { beforeProcessEnds } from './process-end.js'
import { sendLogs } from './send.js'
import { source } from './source.js'
import { Spool } from './spool/index.js'
import { untraced } from './untraced.js'

export interface EmitterOptions {
  /** Where to, with which keys: what `watchkeeper keys create` printed, read by `parseDsn`. */
  readonly dsn: Dsn
  /** Names this service in the records' resource (`service.name`). */
  readonly service?: string
  /** Bytes of records that wait for the receiver; default 16 MiB. Beyond it records are dropped, counted, and missing in the numbering. */
  readonly maxQueueBytes?: number
  /**
   * Folder on a local disk for records until the receiver has them: they outlive an outage of the receiver and the end of
   * this process. May be shared by processes of one user. Must be writable by that user alone; is made where it is not there.
   * Default: none, and what waits is in memory only.
   */
  readonly spoolDir?: string
  /** Bytes of files of this producer in `spoolDir`; default 1 GiB. */
  readonly maxSpoolBytes?: number
  /** Flush for at most 2 s on SIGTERM, then end as without. Default: false, and the signal is the host's alone. */
  readonly flushOnSigterm?: boolean
  /** Longest wait of a record for its batch to fill, milliseconds; default 1000. */
  readonly flushEveryMs?: number
  /** Called when records are dropped, rejected, refused or held up; never with content. Default: nothing is said. */
  readonly onProblem?: (problem: DeliveryProblem) => void
  /** Microseconds since 1970, strictly increasing. */
  readonly now?: () => number
  /** Opt-in: contents are sent in the clear as well, after these rules. The receiver has to accept them. */
  readonly clearText?: ClearTextRules
  /** Default: one with the DSN's fingerprint key. */
  readonly capturer?: Capturer
}

/** What is stated, before numbering. `capture` adds what stands in contents; it runs later, off the host's path. */
export interface Statement {
  readonly kind: EventKind
  readonly facts: Partial<ProducerEvent>
  /** Where others must name this event before it is stated; default: a new one. */
  readonly eventId?: string | undefined
  /** Default: now. */
  readonly startedAt?: number
  readonly endedAt?: number
  readonly capture?: (capturer: Capturer) => Partial<ProducerEvent>
  /** Characters of the contents that `capture` holds on to, about. Default: 0. */
  readonly weight?: number
}

export interface EmitterCounts extends DeliveryCounts {
  readonly emitted: number
  /** Emitted without what capture would have found, for want of room or by a fault. */
  readonly omitted: number
}

const MiB = 1_048_576
/** Statements whose contents wait for capture, and characters of those contents. */
const captureRoom = { pieces: 512, weight: 32 * MiB }
/** Things that are said only once (tool definitions); beyond it they are said again. */
const rememberedMost = 10_000

export class Emitter {
  readonly capturer: Capturer
  readonly producerId = randomUUID()
  readonly now: () => number
  readonly #delivery: Delivery
  readonly #spool: Spool | undefined
  readonly #forgetEnd: () => void
  readonly #later = createLater(captureRoom)
  readonly #said = new Set<string>()
  #sequence = 0
  #previousHash = ''
  #omitted = 0

  constructor(options: EmitterOptions) {
    const { endpoint: url, ingestKey: key, fingerprintKey } = options.dsn
    this.capturer =
      options.capturer ??
      createCapturer({ key: fingerprintKey, ...(options.clearText && { clearText: options.clearText }) })
    this.now = options.now ?? eventClock()
    const { spoolDir, maxQueueBytes: memoryBytes = 16 * MiB, onProblem = () => {} } = options
    const frame = {
      resource: options.service === undefined ? {} : { 'service.name': options.service },
      scope: source,
    }
    const deliver = (backlog: Backlog, frame: RequestFrame): Delivery =>
      new Delivery({
        frame,
        backlog,
        send: (body, signal) =>
          untraced(() => outsideCalls(() => sendLogs(body, { url, key, signal, timeoutMs: 10_000 }))),
        batchRecords: 200,
        batchBytes: 4 * MiB,
        everyMs: options.flushEveryMs ?? 1000,
        backoff: { firstMs: 250, mostMs: 30_000 },
        onProblem,
      })
    this.#spool =
      spoolDir === undefined
        ? undefined
        : new Spool({
            dir: spoolDir,
            dsn: options.dsn,
            producerId: this.producerId,
            frame,
            maxBytes: options.maxSpoolBytes ?? 1024 * MiB,
            memoryBytes,
            onProblem,
            replay: (backlog, frame) => deliver(backlog, frame).sendAll(),
          })
    this.#delivery = deliver(this.#spool?.backlog ?? new MemoryBacklog(memoryBytes), frame)
    this.#forgetEnd = beforeProcessEnds({
      flush: (timeoutMs) => {
        this.#later.drain()
        return this.#delivery.flushWithin(timeoutMs)
      },
      last: () => {
        this.#later.drain()
        this.#spool?.close()
      },
      onSigterm: options.flushOnSigterm ?? false,
    })
  }

  get counts(): EmitterCounts {
    return { ...this.#delivery.counts, emitted: this.#sequence, omitted: this.#omitted }
  }

  /** States one event. Never throws. Returns its event id. */
  emit(statement: Statement): string {
    const eventId = statement.eventId ?? randomUUID()
    const at = this.now()
    const timed = { ...statement, startedAt: statement.startedAt ?? at, endedAt: statement.endedAt ?? at }
    const { capture } = statement
    if (capture === undefined) this.#finish(timed, eventId, {})
    else if (!this.#later.do(() => this.#finish(timed, eventId, this.#captured(capture)), statement.weight ?? 0))
      this.#finish(timed, eventId, this.#omit())
    return eventId
  }

  /** True the first time a key is given. */
  once(key: string): boolean {
    if (this.#said.has(key)) return false
    if (this.#said.size >= rememberedMost) this.#said.clear()
    this.#said.add(key)
    return true
  }

  /** Resolves once all that was emitted before is kept by the receiver, or refused for good. */
  flush(): Promise<void> {
    this.#later.drain()
    return this.#delivery.flush()
  }

  /** Flushes for at most so long, then stops. What is left stays in the spool, or is dropped and missing in the numbering. */
  async close(timeoutMs = 5000): Promise<void> {
    this.#forgetEnd()
    this.#later.drain()
    await this.#delivery.close(timeoutMs)
    this.#spool?.close()
  }

  #captured(capture: (capturer: Capturer) => Partial<ProducerEvent>): Partial<ProducerEvent> {
    try {
      return capture(this.capturer)
    } catch {
      return this.#omit()
    }
  }

  #omit(): Partial<ProducerEvent> {
    this.#omitted++
    return { argCapture: 'omitted', resultCapture: 'omitted' }
  }

  #finish(
    { kind, facts, startedAt, endedAt }: Required<Omit<Statement, 'capture' | 'weight' | 'eventId'>>,
    eventId: string,
    captured: Partial<ProducerEvent>,
  ): void {
    try {
      const event = producerEvent({
        ...facts,
        ...captured,
        kind,
        eventId,
        startedAt,
        endedAt,
        producerId: this.producerId,
        sequence: ++this.#sequence,
        previousHash: this.#previousHash,
        source: source.name,
        sourceVersion: source.version,
        captureVersion: this.capturer.version,
        capturePolicy: this.capturer.policy,
        keyId: this.capturer.keyId,
      })
      const attributes = toAttributes(event)
      const { traceId, spanId } = event
      this.#previousHash = chainHash({ eventName: eventNameOf(kind), traceId, spanId }, attributes)
      this.#delivery.add(encodeRecord(event, { ...attributes, 'watchkeeper.producer.hash': this.#previousHash }))
    } catch {
      // A number without its record shows at the receiver; an exception would show in the host.
      this.#omitted++
    }
  }
}
