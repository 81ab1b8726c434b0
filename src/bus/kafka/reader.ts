/**
 * Reads the topics for one handler. A fetch brings records of many partitions; they are gathered into one batch, and an
 * offset is committed only after the handler has resolved. While a batch is in hand nothing more is fetched: that is the
 * back-pressure. Heartbeats go on meanwhile, so that a slow or failing store does not set off a rebalance.
 */
import type { EachBatchPayload, Kafka } from 'kafkajs'
import type { Config } from '../../config.js'
import type { Logger } from '../../log.js'
import type { Telemetry } from '../../telemetry.js'
import { Gatherer, tellOf } from '../gather.js'
import type { BatchHandler, BusMessage } from '../index.js'
import { heartbeatInterval, sessionTimeout } from './client.js'
import { decode } from './codec.js'
import { keepMember } from './member.js'

export interface ReaderOptions {
  readonly kafka: Kafka
  readonly group: string
  readonly topics: readonly string[]
  readonly config: Pick<Config, 'storeBatchRows' | 'storeBatchMs'>
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly now: () => number
}

/** Compressed bytes of one fetch, and of one partition in it. Decoded, a fetch is about five times as large. */
const fetchBytes = { most: 4 * 1_048_576, mostOfPartition: 1_048_576, enough: 262_144 } as const

/** Partitions of one fetch are handed in within a moment; this waits for the fetches of the other brokers. Milliseconds. */
const gatherMs = 5

export function read(options: ReaderOptions, handler: BatchHandler): () => Promise<void> {
  const { log, config } = options
  const gatherer = new Gatherer<BusMessage>({
    rows: config.storeBatchRows,
    bytes: Number.POSITIVE_INFINITY,
    waitMs: gatherMs,
    ...tellOf('acknowledgement by the store', log),
  })
  const stopHandling = gatherer.run(handler)
  /** Aborted when what this member was given may belong to another. */
  let tenure = new AbortController()
  const revoke = (reason: unknown) => tenure.abort(reason)
  const leave = keepMember({
    ...options,
    fetch: {
      minBytes: fetchBytes.enough,
      maxBytes: fetchBytes.most,
      maxBytesPerPartition: fetchBytes.mostOfPartition,
      maxWaitTimeInMs: Math.max(config.storeBatchMs, 20),
    },
    run: {
      autoCommit: false,
      eachBatchAutoResolve: false,
      // All partitions of a fetch at once: the gatherer makes one batch of them.
      partitionsConsumedConcurrently: 256,
      eachBatch: (payload) => handOn(payload, gatherer, options, tenure),
    },
    onAssigned: () => {
      tenure = new AbortController()
    },
    onRevoked: () => revoke(new Error('the partitions were revoked')),
  })
  return async () => {
    revoke(new Error('the consumer stops'))
    await leave()
    await stopHandling()
  }
}

async function handOn(
  payload: EachBatchPayload,
  gatherer: Gatherer<BusMessage>,
  { config, now, telemetry }: ReaderOptions,
  tenure: AbortController,
): Promise<void> {
  const { batch, resolveOffset, commitOffsetsIfNecessary, heartbeat, isRunning } = payload
  const { topic, partition, messages } = batch
  const stopBeating = keepBeating(heartbeat, tenure)
  try {
    for (let from = 0; from < messages.length; from += config.storeBatchRows) {
      const chunk = messages.slice(from, from + config.storeBatchRows)
      const last = chunk.at(-1)
      if (last === undefined) return
      const decoded = chunk.map(({ offset, key, value }) => decode({ topic, partition, offset, key, value }, now))
      const undecodable = decoded.filter(
        (message) => message.type === 'dead-letter' && message.letter.reason === 'undecodable',
      )
      if (undecodable.length > 0) telemetry.count('bus', 'failed', undecodable.length, 'undecodable')
      await gatherer.add(decoded, 0, tenure.signal)
      const next = String(BigInt(last.offset) + 1n)
      await commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: next }] }] })
      resolveOffset(last.offset)
    }
  } catch (error) {
    // Stopping: what was not kept is not committed, and the next owner of the partition reads it again.
    if (isRunning()) throw error
  } finally {
    stopBeating()
  }
}

/**
 * Heartbeats while a batch is in hand. The brokers' answer may be that the group rebalances or knows this member no more:
 * then the tenure ends with that answer. No answer for a whole session means the same.
 */
function keepBeating(heartbeat: () => Promise<void>, tenure: AbortController): () => void {
  let confirmed = performance.now()
  const timer = setInterval(() => {
    heartbeat().then(
      () => {
        confirmed = performance.now()
      },
      (error: unknown) => {
        const answered = typeof error === 'object' && error !== null && 'type' in error
        if (answered || performance.now() - confirmed > sessionTimeout) tenure.abort(error)
      },
    )
  }, heartbeatInterval)
  return () => clearInterval(timer)
}
