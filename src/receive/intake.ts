/** One OTLP request from its bytes to its answer, whatever the server around it: read, decode, translate, publish. */

import type { Readable } from 'node:stream'
import { type Capturer, createCapturer } from '@watchkeeper/sdk/capture'
import type { Bus, BusMessage } from '../bus/index.js'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Telemetry } from '../telemetry.js'
import { InFlight, readBody } from './body.js'
import type { KeyRing, Sender } from './keys/ring.js'
import type { Encoding, Rejection, Signal } from './otlp/answer.js'
import { type Entry, type LogRecord, type Span, UnreadableRequest } from './otlp/export.js'
import { logsOfJson, spansOfJson } from './otlp/json.js'
import { logsOfProtobuf, spansOfProtobuf } from './otlp/protobuf.js'
import type { Pepper } from './pepper.js'
import { RateLimit } from './rate.js'
import { Refusal } from './refusal.js'
import { Seldom } from './seldom.js'
import { inSlices, Turns } from './slices.js'
import { type Translation, translate } from './translate.js'

/** Milliseconds from a request's last byte to its answer; an exporter waits 10 s by default. */
export const acknowledgeWithin = 8000

export interface IntakeOptions {
  readonly config: Pick<
    Config,
    'receiveMaxBody' | 'receiveMaxDecoded' | 'receiveMaxInFlight' | 'receiveRate' | 'clearText'
  >
  readonly bus: Pick<Bus, 'publish'>
  readonly ring: KeyRing
  readonly pepper: Pepper
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds. */
  readonly now: () => number
  /** Milliseconds, for tests. */
  readonly deadlineMs?: number
}

export interface Incoming {
  readonly signal: Signal
  readonly encoding: Encoding
  readonly key: string | undefined
  readonly contentEncoding: string | undefined
  /** As declared, if it was. */
  readonly contentLength: number | undefined
  readonly stream: Readable
}

/** Bytes from which a request waits for its turn to be decoded. */
const largeBody = 1_048_576

interface Understood {
  readonly translation: Translation
  readonly records: number
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #inFlight: InFlight
  readonly #rate: RateLimit
  readonly #seldom: Seldom
  readonly #turns = new Turns()
  readonly #capturers = new Map<string, Capturer>()
  #droppedAttributes = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#inFlight = new InFlight(options.config.receiveMaxInFlight)
    this.#rate = new RateLimit(options.config.receiveRate, options.now)
    this.#seldom = new Seldom(options.now)
  }

  /** Resolves once everything in the request is kept. Throws a `Refusal`, and nothing else that is not a fault of ours. */
  async take(incoming: Incoming): Promise<Rejection | undefined> {
    const { config, ring, telemetry } = this.#options
    const sender = await ring.sender(incoming.key)
    this.#rate.check(sender.keyId)
    if ((incoming.contentLength ?? 0) > config.receiveMaxBody)
      throw new Refusal('too_large', `the body is larger than ${config.receiveMaxBody} bytes; send smaller batches`)
    const lease = this.#inFlight.lease()
    try {
      const body = await readBody(
        incoming.stream,
        incoming.contentEncoding,
        { maxBody: config.receiveMaxBody, maxDecoded: config.receiveMaxDecoded },
        lease,
      )
      telemetry.gauge('receive_in_flight_bytes', this.#inFlight.bytes)
      const arrivedAt = this.#options.now()
      const understand = (): Promise<Understood> => this.#understand(incoming, body, sender)
      const understood = await (body.length > largeBody ? this.#turns.take(understand) : understand())
      return await this.#keep(understood, sender, arrivedAt)
    } finally {
      lease.release()
      telemetry.gauge('receive_in_flight_bytes', this.#inFlight.bytes)
    }
  }

  async #understand(incoming: Incoming, body: Buffer, sender: Sender): Promise<Understood> {
    const { telemetry, pepper, now, log } = this.#options
    const entries = await decode(incoming, body)
    this.#rate.charge(sender.keyId, entries.length)
    telemetry.count('receive', 'received', entries.length)
    const translation = await translate(entries, {
      sender,
      capturer: this.#capturer(sender),
      pepper: pepper.of(sender.tenant),
      seal: pepper.sealOf(sender.tenant),
      acceptClearText: this.#options.config.clearText === 'accept',
      receivedAt: now(),
      onFault: (error) => {
        this.#seldom.line('fault', (heldBack) =>
          log.error({ err: error, heldBack }, 'a record could not be translated'),
        )
      },
    })
    return { translation, records: entries.length }
  }

  async #keep({ translation, records }: Understood, sender: Sender, arrivedAt: number): Promise<Rejection | undefined> {
    try {
      await this.#publish(translation.messages, arrivedAt)
    } catch (error) {
      const refusal = refusalOf(error)
      this.#options.telemetry.count('receive', 'failed', records, refusal.reason)
      throw refusal === error ? refusal : Object.assign(refusal, { cause: error })
    }
    this.#count(translation)
    return this.#rejection(translation, sender)
  }

  async #publish(messages: readonly BusMessage[], arrivedAt: number): Promise<void> {
    if (messages.length === 0) return
    const tookMs = Math.max(0, (this.#options.now() - arrivedAt) / 1000)
    const deadlineMs = Math.floor((this.#options.deadlineMs ?? acknowledgeWithin) - tookMs)
    // Whoever waited so long for the turn of a large request sends it again anyway: kept now, it would only be a copy.
    if (deadlineMs <= 0)
      throw new WatchkeeperError('WK_BUS_UNAVAILABLE', 'reading the request took all the time there is')
    let timer: NodeJS.Timeout | undefined
    // The bus keeps the deadline itself; this one is for a bus that hangs.
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new WatchkeeperError('WK_BUS_UNAVAILABLE', `the bus gave no answer within ${deadlineMs} ms`)),
        deadlineMs + 250,
      )
    })
    try {
      await Promise.race([this.#options.bus.publish(messages, { deadlineMs }), late])
    } finally {
      clearTimeout(timer)
    }
  }

  #count({ messages, deadLetters, dropped, droppedAttributes }: Translation): void {
    const { telemetry } = this.#options
    const letters = [...deadLetters.values()].reduce((sum, count) => sum + count, 0)
    if (messages.length > letters) telemetry.count('receive', 'sent', messages.length - letters)
    for (const [reason, count] of deadLetters) telemetry.count('receive', 'failed', count, reason)
    for (const [reason, count] of dropped) telemetry.count('receive', 'dropped', count, reason)
    this.#droppedAttributes += droppedAttributes
    telemetry.gauge('receive_dropped_attributes', this.#droppedAttributes)
  }

  /**
   * A dead letter is kept, and yet it is rejected in OTLP's sense: the audit trail does not have it, and only its sender
   * can mend it. Spans that are not of MCP are none of our business, and not rejected.
   */
  #rejection({ deadLetters }: Translation, { keyId, tenant, owner }: Sender): Rejection | undefined {
    const rejected = [...deadLetters.values()].reduce((sum, count) => sum + count, 0)
    if (rejected === 0) return undefined
    const reasons = [...deadLetters].map(([reason, count]) => `${count} ${reason}`).join(', ')
    this.#seldom.line(`${keyId}/${[...deadLetters.keys()].join()}`, (heldBack) => {
      this.#options.log.warn({ tenant, owner, reasons, heldBack }, 'records were not understood; they are dead letters')
    })
    return {
      rejected,
      message: `not understood, kept as dead letters and not part of the audit trail: ${reasons}; "watchkeeper dead-letters list" explains each`,
    }
  }

  #capturer({ fingerprintKey }: Sender): Capturer {
    const name = Buffer.from(fingerprintKey).toString('base64')
    const capturer = this.#capturers.get(name) ?? createCapturer({ key: fingerprintKey })
    this.#capturers.set(name, capturer)
    return capturer
  }
}

async function decode({ signal, encoding }: Incoming, body: Buffer): Promise<Entry<LogRecord>[] | Entry<Span>[]> {
  try {
    if (signal === 'logs') return await collected(encoding === 'json' ? logsOfJson(body) : logsOfProtobuf(body))
    return await collected(encoding === 'json' ? spansOfJson(body) : spansOfProtobuf(body))
  } catch (error) {
    if (!(error instanceof UnreadableRequest)) throw error
    throw new Refusal(error.status === 413 ? 'too_large' : 'unreadable', error.message)
  }
}

async function collected<T>(items: Iterable<T>): Promise<T[]> {
  const list: T[] = []
  await inSlices(items, (item) => list.push(item))
  return list
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof WatchkeeperError && error.code === 'WK_BUS_FULL')
    return new Refusal('bus_full', 'the service cannot keep more at the moment; try again')
  if (error instanceof WatchkeeperError && error.code === 'WK_BUS_UNAVAILABLE')
    return new Refusal('bus_unavailable', 'the service could not keep this in time; try again', 2)
  return new Refusal('fault', 'the service has a fault; try again', 5)
}
