/**
 * Keeps one member of a consumer group alive: joins, tells what it was given and what it lost, and begins again with a
 * new kafkajs consumer when one has crashed, for as long as it takes.
 */
import type { Consumer, ConsumerConfig, ConsumerRunConfig, Kafka } from 'kafkajs'
import type { Logger } from '../../log.js'
import { retryDelay } from '../gather.js'
import { heartbeatInterval, sessionTimeout } from './client.js'

export interface MemberOptions {
  readonly kafka: Kafka
  readonly group: string
  readonly topics: readonly string[]
  readonly fetch: Pick<ConsumerConfig, 'minBytes' | 'maxBytes' | 'maxBytesPerPartition' | 'maxWaitTimeInMs'>
  readonly run: ConsumerRunConfig
  readonly log: Logger
  /** The member now holds these partitions of each topic. */
  readonly onAssigned: (partitions: Readonly<Record<string, readonly number[]>>) => void
  /** The member holds nothing any more: rebalance, crash or stop. Called before the group is left. */
  readonly onRevoked: () => void
  /** The brokers confirmed the membership. */
  readonly onConfirmed?: () => void
}

/** Starts at once, in the background; the returned function ends the batch in hand and leaves the group. */
export function keepMember(options: MemberOptions): () => Promise<void> {
  const stop = new AbortController()
  const ended = supervise(options, stop.signal)
  return async () => {
    stop.abort()
    await ended
  }
}

async function supervise(options: MemberOptions, stop: AbortSignal): Promise<void> {
  const { log, group, onRevoked } = options
  let attempts = 0
  while (!stop.aborted) {
    const membership = new Membership(options, () => {
      attempts = 0
    })
    const failure = await membership.work(stop)
    onRevoked()
    const left = membership.leave()
    // Before a join there is nothing in hand; kafkajs would wait for the join, and so for the other members, up to a minute.
    if (!stop.aborted || membership.joined) await left
    if (stop.aborted) return
    const retryInMs = Math.round(retryDelay(attempts))
    const level = attempts === 0 ? 'warn' : 'debug'
    log[level]({ err: failure, group, retryInMs }, 'not in the Kafka consumer group, joining again')
    attempts += 1
    await pause(retryInMs, stop)
  }
}

/** One kafkajs consumer, from its first join to its end. */
class Membership {
  readonly #options: MemberOptions
  readonly #consumer: Consumer
  readonly #crashed: Promise<unknown>
  #joining: Promise<void> = Promise.resolve()
  #joined = false
  #leaving = false

  constructor(options: MemberOptions, onJoin: () => void) {
    const { kafka, group, fetch, log, onAssigned, onRevoked, onConfirmed } = options
    this.#options = options
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout,
      heartbeatInterval,
      rebalanceTimeout: 60_000,
      allowAutoTopicCreation: false,
      ...fetch,
      // Its own restart would go on after disconnect(); the supervisor is the one that restarts.
      retry: { restartOnFailure: async () => false },
    })
    this.#consumer = consumer
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#leaving) return
      this.#joined = true
      onJoin()
      const partitions = Object.values(payload.memberAssignment).flat().length
      log.info({ group, partitions }, 'joined the Kafka consumer group')
      onAssigned(payload.memberAssignment)
    })
    consumer.on(consumer.events.REBALANCING, () => {
      this.#joined = false
      onRevoked()
    })
    if (onConfirmed) consumer.on(consumer.events.HEARTBEAT, onConfirmed)
    this.#crashed = new Promise((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
    })
  }

  /** In the group, not on the way into it. */
  get joined(): boolean {
    return this.#joined
  }

  /** Works until the stop, or until the consumer has failed; then it returns the reason. Never rejects. */
  async work(stop: AbortSignal): Promise<unknown> {
    const { topics, run } = this.#options
    try {
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: [...topics], fromBeginning: true })
    } catch (error) {
      return error
    }
    this.#joining = this.#consumer.run(run)
    this.#joining.catch(() => {})
    return Promise.race([this.#crashed, aborted(stop)])
  }

  /** Ends the batch in hand and leaves the group. Never rejects. */
  async leave(): Promise<void> {
    this.#leaving = true
    await this.#disconnect()
    // A consumer that was stopped on its way in joins nevertheless, and would then work for ever: it is stopped once more.
    await this.#joining.catch(() => {})
    await this.#disconnect()
  }

  async #disconnect(): Promise<void> {
    try {
      await this.#consumer.disconnect()
    } catch (error) {
      this.#options.log.debug({ err: error }, 'a Kafka consumer did not disconnect in order')
    }
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
}
