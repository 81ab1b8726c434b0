/**
 * The bus inside one process: a publisher's acknowledgement is the consumer's own, so what was published and not
 * acknowledged is lost with the process, and the publisher knows that it must send again.
 */
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Telemetry } from '../telemetry.js'
import type { BatchHandler, Bus, BusMessage, Shares } from './index.js'
import { Intake } from './intake.js'
import { weightOf } from './weight.js'

/** One process owns all of them; the number is the same as with Kafka, so that the work is cut alike. */
const totalShares = 16

export class InProcessBus implements Bus {
  readonly #intake: Intake<BusMessage>
  #consumer: (() => Promise<void>) | undefined
  #closed = false

  constructor({
    config,
    log,
    telemetry,
  }: {
    readonly config: Pick<Config, 'busMaxBytes' | 'storeBatchRows' | 'storeBatchMs'>
    readonly log: Logger
    readonly telemetry: Telemetry
  }) {
    this.#intake = new Intake({
      maxBytes: config.busMaxBytes,
      batchRows: config.storeBatchRows,
      batchBytes: config.busMaxBytes,
      batchWaitMs: config.storeBatchMs,
      keeper: 'the store',
      log,
      telemetry,
    })
  }

  async start(): Promise<void> {}

  async publish(messages: readonly BusMessage[], { deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    if (this.#closed) throw new WatchkeeperError('WK_BUS_UNAVAILABLE', 'the bus is closed: send it again')
    await this.#intake.offer(
      messages.map((item) => ({ item, bytes: weightOf(item) })),
      deadlineMs,
    )
  }

  /** Without a consumer, messages wait until their publishers' deadlines. */
  async consume(handler: BatchHandler): Promise<() => Promise<void>> {
    if (this.#consumer) throw new WatchkeeperError('WK_INTERNAL', 'the in-process bus has a consumer already')
    const stop = this.#intake.run(handler)
    const stopOnce = async () => {
      await stop()
      if (this.#consumer === stopOnce) this.#consumer = undefined
    }
    this.#consumer = stopOnce
    return stopOnce
  }

  async shares(): Promise<Shares> {
    const all = new Set(Array.from({ length: totalShares }, (_, share) => share))
    return { total: totalShares, owned: () => all, close: async () => {} }
  }

  ready(): boolean {
    return !this.#closed && this.#consumer !== undefined && this.#intake.fit
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#intake.drained()
    await this.#consumer?.()
  }
}
