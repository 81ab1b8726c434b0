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
    const consumer = createConsumer(options, () => {
      attempts = 0
    })
    const failure = await work(consumer, options, stop)
    onRevoked()
    await disconnect(consumer, log)
    if (stop.aborted) return
    const retryInMs = Math.round(retryDelay(attempts))
    const level = attempts === 0 ? 'warn' : 'debug'
    log[level]({ err: failure, group, retryInMs }, 'not in the Kafka consumer group, joining again')
    attempts += 1
    await pause(retryInMs, stop)
  }
}

function createConsumer(options: MemberOptions, onJoin: () => void): Consumer {
  const { kafka, group, fetch, log, onAssigned, onRevoked, onConfirmed } = options
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout,
    heartbeatInterval,
    rebalanceTimeout: 60_000,
    allowAutoTopicCreation: false,
    ...fetch,
    // Its own restart would go on after disconnect(); this loop is the one that restarts.
    retry: { restartOnFailure: async () => false },
  })
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    onJoin()
    const partitions = Object.values(payload.memberAssignment).flat().length
    log.info({ group, partitions }, 'joined the Kafka consumer group')
    onAssigned(payload.memberAssignment)
  })
  consumer.on(consumer.events.REBALANCING, onRevoked)
  if (onConfirmed) consumer.on(consumer.events.HEARTBEAT, onConfirmed)
  return consumer
}

/** Works until the stop, or until the consumer has failed; then it returns the reason. Never rejects. */
async function work(consumer: Consumer, { topics, run, log }: MemberOptions, stop: AbortSignal): Promise<unknown> {
  const crashed = new Promise<unknown>((resolve) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error))
  })
  try {
    await consumer.connect()
    await consumer.subscribe({ topics: [...topics], fromBeginning: true })
  } catch (error) {
    return error
  }
  // Settles when the first join has succeeded or crashed. A join may wait a minute for other members: a stop does not wait
  // for it, but what joins after a disconnect() would go on for ever, so the supervisor's disconnect() comes after this one.
  const joining = consumer.run(run)
  const failure = await Promise.race([crashed, aborted(stop)])
  if (stop.aborted) await disconnect(consumer, log)
  await joining.catch(() => {})
  return failure
}

async function disconnect(consumer: Consumer, log: Logger): Promise<void> {
  try {
    await consumer.disconnect()
  } catch (error) {
    log.debug({ err: error }, 'a Kafka consumer did not disconnect in order')
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
