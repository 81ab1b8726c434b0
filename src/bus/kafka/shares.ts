/**
 * Shares of work as partitions of an empty topic: the consumer group gives each share to one live process, and to
 * another when that one is gone. For a moment two may hold the same share (one has not heard of it yet), so what they do
 * must bear repetition; findings and incidents do, by their fingerprints.
 */
import type { Kafka } from 'kafkajs'
import type { Logger } from '../../log.js'
import type { Shares } from '../index.js'
import { sessionTimeout } from './client.js'
import { keepMember } from './member.js'

const none: ReadonlySet<number> = new Set()

export function holdShares(options: {
  readonly kafka: Kafka
  readonly group: string
  readonly topic: string
  readonly total: number
  readonly log: Logger
}): Shares {
  const { topic, total } = options
  let held = none
  let confirmed = 0
  const leave = keepMember({
    ...options,
    topics: [topic],
    // Nothing comes; how long a fetch waits is how soon a rebalance is noticed.
    fetch: { maxWaitTimeInMs: 1_000 },
    run: { autoCommit: false, eachBatch: async () => {} },
    onAssigned: (partitions) => {
      held = new Set(partitions[topic] ?? [])
      confirmed = performance.now()
    },
    onRevoked: () => {
      held = none
    },
    onConfirmed: () => {
      confirmed = performance.now()
    },
  })
  return {
    total,
    // Unconfirmed for a whole session, the shares belong to somebody else by now.
    owned: () => (performance.now() - confirmed > sessionTimeout ? none : held),
    close: leave,
  }
}
