/** Our topics: how each is made when it is missing, and what is said about one that is there and differs. */
import { setTimeout } from 'node:timers/promises'
import type { Admin, ITopicConfig } from 'kafkajs'
import { WatchkeeperError } from '../../errors.js'
import type { Logger } from '../../log.js'
import { retryDelay } from '../gather.js'
import { type KafkaSettings, unreachable } from './client.js'

export interface TopicPlan {
  readonly topic: string
  readonly partitions: number
  readonly replicas: number
  readonly retentionHours: number
}

/** Milliseconds. */
const creationTimeout = 10_000

/** Names and facts of every topic and group, from the settings. */
export function plan(config: KafkaSettings) {
  const { kafkaTopicPrefix: prefix, kafkaReplication: replicas, kafkaRetentionHours: retentionHours } = config
  return {
    events: { topic: `${prefix}.events`, partitions: config.kafkaPartitions, replicas, retentionHours },
    // Few and small; one partition keeps them in order.
    deadLetters: { topic: `${prefix}.dead-letters`, partitions: 1, replicas, retentionHours },
    /** Nothing is ever written to it: its partitions are the shares that a consumer group hands out. */
    shares: (group: string): TopicPlan => ({
      topic: `${prefix}.${group}-shares`,
      partitions: totalShares,
      replicas,
      retentionHours,
    }),
    group: (name: string) => `${prefix}.${name}`,
  } as const
}

/** In how many shares detection and alerting are cut: the most processes of a role that can work side by side. */
export const totalShares = 16

/** With three replicas two must have a record before it is acknowledged: one broker may be lost without losing a record or a beat. */
const minInSync = (replicas: number): number => (replicas >= 3 ? 2 : 1)

/**
 * Creates what is missing and returns the partitions each topic has. Throws `WK_BUS_TOPIC` when the brokers refuse to
 * create one, `WK_BUS_UNAVAILABLE` when they do not answer.
 */
export async function ensureTopics(
  admin: Admin,
  plans: readonly TopicPlan[],
  log: Logger,
): Promise<ReadonlyMap<string, number>> {
  const existing = new Set(await admin.listTopics().catch(unreachable('list topics')))
  for (const each of plans) {
    if (existing.has(each.topic)) continue
    await create(admin, each)
    log.info({ ...each, minInSync: minInSync(each.replicas) }, 'created a Kafka topic')
  }
  const partitions = await count(
    admin,
    plans.map(({ topic }) => topic),
  )
  for (const each of plans) compare(each, partitions.get(each.topic) ?? 0, log)
  return partitions
}

/** Brokers hear of a new topic a little later than the one that created it: asks again for a while. */
async function count(admin: Admin, topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const until = performance.now() + creationTimeout
  for (let attempt = 0; ; attempt += 1) {
    try {
      const described = await admin.fetchTopicMetadata({ topics: [...topics] })
      return new Map(described.topics.map(({ name, partitions }) => [name, partitions.length]))
    } catch (error) {
      const [type = ''] = protocolErrors(error).map(({ type }) => type)
      const settling = type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE'
      if (!settling || performance.now() > until) return unreachable(`describe the topics ${topics.join(', ')}`)(error)
      await setTimeout(retryDelay(attempt))
    }
  }
}

async function create(admin: Admin, { topic, partitions, replicas, retentionHours }: TopicPlan): Promise<void> {
  const config: ITopicConfig = {
    topic,
    numPartitions: partitions,
    replicationFactor: replicas,
    configEntries: [
      { name: 'cleanup.policy', value: 'delete' },
      { name: 'retention.ms', value: String(retentionHours * 3_600_000) },
      { name: 'min.insync.replicas', value: String(minInSync(replicas)) },
    ],
  }
  try {
    // false: another process created it meanwhile.
    await admin.createTopics({ topics: [config], waitForLeaders: false, timeout: creationTimeout })
  } catch (error) {
    const reasons = protocolErrors(error).flatMap(({ type, retriable }) => (retriable ? [] : [type]))
    if (reasons.length === 0) return unreachable(`create the topic ${topic}`)(error)
    throw new WatchkeeperError(
      'WK_BUS_TOPIC',
      `Kafka refused to create the topic ${topic} with ${partitions} partitions and ${replicas} replicas (${reasons.join(', ')}): correct WATCHKEEPER_KAFKA_REPLICATION, _PARTITIONS or _TOPIC_PREFIX, allow the user to create it, or create it yourself`,
      { cause: error },
    )
  }
}

/** What the brokers answered: kafkajs wraps the answers for each topic in one aggregate; an answer has a protocol `type`. */
function protocolErrors(error: unknown): readonly { readonly type: string; readonly retriable: boolean }[] {
  const all = hasErrors(error) ? error.errors : [error]
  return all.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('type' in each) || typeof each.type !== 'string') return []
    return [{ type: each.type, retriable: 'retriable' in each && each.retriable === true }]
  })
}

const hasErrors = (error: unknown): error is { readonly errors: readonly unknown[] } =>
  typeof error === 'object' && error !== null && 'errors' in error && Array.isArray(error.errors)

function compare({ topic, partitions }: TopicPlan, has: number, log: Logger): void {
  if (has < partitions)
    log.warn(
      { topic, partitions: has, wanted: partitions },
      `the Kafka topic ${topic} has ${has} partitions, fewer than the ${partitions} of the settings: at most ${has} processes can read it side by side. Add partitions with kafka-topics --alter, or lower WATCHKEEPER_KAFKA_PARTITIONS`,
    )
}
