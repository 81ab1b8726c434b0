/**
 * The publishers' side of both homes: a bound on the bytes held, a deadline for the acknowledgement, and the counters.
 */
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Telemetry } from '../telemetry.js'
import { Gatherer, type Handle, tellOf } from './gather.js'

/** Something to hand on, and how much memory it takes until then. */
export interface Weighed<T> {
  readonly item: T
  readonly bytes: number
}

export interface IntakeOptions {
  /** Bytes held for all publishers together. */
  readonly maxBytes: number
  readonly batchRows: number
  readonly batchBytes: number
  readonly batchWaitMs: number
  /** Who acknowledges, for messages to people: `the store`, `Kafka`. */
  readonly keeper: string
  readonly log: Logger
  readonly telemetry: Telemetry
}

export class Intake<T> {
  readonly #options: IntakeOptions
  readonly #gatherer: Gatherer<T>
  readonly #drained: (() => void)[] = []
  #held = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    const { log, keeper, batchRows, batchBytes, batchWaitMs } = options
    this.#gatherer = new Gatherer({
      rows: batchRows,
      bytes: batchBytes,
      waitMs: batchWaitMs,
      ...tellOf(`acknowledgement by ${keeper}`, log),
    })
  }

  /** There is room, and no batch is being tried again. */
  get fit(): boolean {
    return this.#held < this.#options.maxBytes && !this.#gatherer.retrying
  }

  /** Resolves when nothing is held any more: at the latest at the last publisher's deadline and the end of its attempt. */
  drained(): Promise<void> {
    return this.#held === 0 ? Promise.resolve() : new Promise((resolve) => this.#drained.push(resolve))
  }

  run(handle: Handle<T>): () => Promise<void> {
    return this.#gatherer.run(handle)
  }

  /**
   * Resolves once all of it is acknowledged. Rejects with `WK_BUS_FULL` at once when there is no room, and with
   * `WK_BUS_UNAVAILABLE` at the deadline; what was being handed on just then may be kept nevertheless.
   */
  async offer(load: readonly Weighed<T>[], deadlineMs: number): Promise<void> {
    if (load.length === 0) return
    const { maxBytes, telemetry, keeper } = this.#options
    const bytes = load.reduce((sum, each) => sum + each.bytes, 0)
    telemetry.count('bus', 'received', load.length)
    // A load that is larger than the bound is let in when it is alone: refused, it could never be sent.
    if (this.#held > 0 && this.#held + bytes > maxBytes) {
      telemetry.count('bus', 'dropped', load.length, 'full')
      throw new WatchkeeperError(
        'WK_BUS_FULL',
        `the bus holds ${this.#held} of ${maxBytes} bytes, records come faster than ${keeper} takes them: send them again later, or raise WATCHKEEPER_BUS_MAX_BYTES`,
      )
    }
    const late = new AbortController()
    const unavailable = () =>
      new WatchkeeperError(
        'WK_BUS_UNAVAILABLE',
        `${keeper} acknowledged nothing within ${deadlineMs} ms: send it again`,
      )
    const timer = setTimeout(() => late.abort(unavailable()), deadlineMs)
    const expired = new Promise<never>((_, reject) =>
      late.signal.addEventListener('abort', () => reject(late.signal.reason), { once: true }),
    )
    try {
      const parcels = [...this.#cut(load)]
      await Promise.race([Promise.all(parcels.map((parcel) => this.#add(parcel, late.signal))), expired])
      telemetry.count('bus', 'sent', load.length)
    } catch (error) {
      telemetry.count('bus', 'failed', load.length, 'unavailable')
      throw error instanceof WatchkeeperError && error.code === 'WK_BUS_UNAVAILABLE'
        ? error
        : new WatchkeeperError('WK_BUS_UNAVAILABLE', `${keeper} stopped before it acknowledged: send it again`, {
            cause: error,
          })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Memory is held until the parcel has really left, which may be after its publisher's deadline. */
  async #add({ items, bytes }: { readonly items: readonly T[]; readonly bytes: number }, signal: AbortSignal) {
    this.#hold(bytes)
    try {
      await this.#gatherer.add(items, bytes, signal)
    } finally {
      this.#hold(-bytes)
    }
  }

  #hold(bytes: number): void {
    this.#held += bytes
    this.#options.telemetry.gauge('bus_held_bytes', this.#held)
    if (this.#held === 0) for (const resolve of this.#drained.splice(0)) resolve()
  }

  /** Cuts a load to the size of batches. */
  *#cut(load: readonly Weighed<T>[]): Generator<{ readonly items: readonly T[]; readonly bytes: number }> {
    const { batchRows, batchBytes } = this.#options
    let items: T[] = []
    let bytes = 0
    for (const each of load) {
      if (items.length > 0 && (items.length === batchRows || bytes + each.bytes > batchBytes)) {
        yield { items, bytes }
        items = []
        bytes = 0
      }
      items.push(each.item)
      bytes += each.bytes
    }
    yield { items, bytes }
  }
}
