/**
 * The bus over Kafka: a publisher's acknowledgement is that of all in-sync replicas. What each file in `kafka/` is for
 * stands at its top; what was measured and decided stands in README.md.
 */
import type { Admin, Kafka } from 'kafkajs'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Telemetry } from '../telemetry.js'
import type { BatchHandler, Bus, BusMessage, Shares } from './index.js'
import { Intake } from './intake.js'
import { createClient, type KafkaSettings, unreachable } from './kafka/client.js'
import { type Encoded, encode } from './kafka/codec.js'
import { read } from './kafka/reader.js'
import { holdShares } from './kafka/shares.js'
import { ensureTopics, plan } from './kafka/topics.js'
import { Watch } from './kafka/watch.js'
import { maxRequest, Writer } from './kafka/writer.js'

/** Requests are sent one after the other, so what comes meanwhile is a batch already; this is for the first. Milliseconds. */
const lingerMs = 5

export interface KafkaBusOptions {
  readonly config: KafkaSettings & Pick<Config, 'busMaxBytes' | 'storeBatchRows' | 'storeBatchMs'>
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds since 1970. */
  readonly now: () => number
}

export class KafkaBus implements Bus {
  readonly #options: KafkaBusOptions
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly #plan: ReturnType<typeof plan>
  readonly #writer: Writer
  readonly #watch: Watch
  readonly #intake: Intake<Encoded>
  readonly #open = new Set<() => Promise<void>>()
  #stopWriting: (() => Promise<void>) | undefined

  constructor(options: KafkaBusOptions) {
    const { config, log, telemetry } = options
    this.#options = options
    this.#kafka = createClient(config, log)
    this.#admin = this.#kafka.admin()
    this.#plan = plan(config)
    this.#writer = new Writer(this.#kafka, {
      events: this.#plan.events.topic,
      deadLetters: this.#plan.deadLetters.topic,
    })
    this.#watch = new Watch(this.#admin, log, telemetry)
    this.#intake = new Intake({
      maxBytes: config.busMaxBytes,
      batchRows: maxRequest.rows,
      batchBytes: maxRequest.bytes,
      batchWaitMs: lingerMs,
      keeper: 'Kafka',
      log,
      telemetry,
    })
  }

  async start(): Promise<void> {
    const { log } = this.#options
    await this.#admin.connect().catch(unreachable('connect'))
    await ensureTopics(this.#admin, [this.#plan.events, this.#plan.deadLetters], log)
    await this.#writer.connect().catch(unreachable('connect'))
    this.#stopWriting = this.#intake.run((batch) => this.#write(batch))
    this.#watch.start()
  }

  async publish(messages: readonly BusMessage[], { deadlineMs }: { readonly deadlineMs: number }): Promise<void> {
    if (this.#stopWriting === undefined)
      throw new WatchkeeperError('WK_BUS_UNAVAILABLE', 'the bus is not open: send it again')
    await this.#intake.offer(
      messages.map((message) => {
        const item = encode(message, this.#options.now)
        return { item, bytes: item.key.length + item.value.length }
      }),
      deadlineMs,
    )
  }

  async consume(handler: BatchHandler): Promise<() => Promise<void>> {
    const group = this.#plan.group('store')
    const topics = [this.#plan.events.topic, this.#plan.deadLetters.topic]
    const stop = read({ ...this.#options, kafka: this.#kafka, group, topics }, handler)
    this.#watch.follow(group, topics)
    return this.#closing(async () => {
      this.#watch.unfollow()
      await stop()
    })
  }

  async shares(name: 'detect' | 'alert'): Promise<Shares> {
    const { log } = this.#options
    const planned = this.#plan.shares(name)
    const partitions = await ensureTopics(this.#admin, [planned], log)
    const shares = holdShares({
      kafka: this.#kafka,
      group: this.#plan.group(name),
      topic: planned.topic,
      total: partitions.get(planned.topic) ?? planned.partitions,
      log,
    })
    return { ...shares, close: this.#closing(shares.close) }
  }

  ready(): boolean {
    return this.#stopWriting !== undefined && this.#intake.fit && this.#watch.reachable
  }

  async close(): Promise<void> {
    const stopWriting = this.#stopWriting
    this.#stopWriting = undefined
    await Promise.all([...this.#open].map((close) => close()))
    await this.#watch.stop()
    if (stopWriting) {
      await this.#intake.drained()
      await stopWriting()
    }
    await this.#writer.close()
    await this.#admin.disconnect()
  }

  async #write(batch: readonly Encoded[]): Promise<void> {
    try {
      await this.#writer.write(batch)
    } catch (error) {
      this.#watch.doubt()
      throw error
    }
  }

  /** What is still open when the bus is closed is closed with it, once. */
  #closing(close: () => Promise<void>): () => Promise<void> {
    let closed: Promise<void> | undefined
    const once = () => {
      closed ??= close().finally(() => this.#open.delete(once))
      return closed
    }
    this.#open.add(once)
    return once
  }
}
