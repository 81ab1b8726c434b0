/** Our topics: how each is made when it is missing, and what is said about one that is there and differs. */
import type { Admin, ITopicConfig } from 'kafkajs'
import { WatchkeeperError } from '../../errors.js'
import type { Logger } from '../../log.js'
import { type KafkaSettings, unreachable } from './client.js'

export interface TopicPlan {
  readonly topic: string
  readonly partitions: number
  readonly replicas: number
  readonly retentionHours: number
}

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
  const { topics } = await admin
    .fetchTopicMetadata({ topics: plans.map(({ topic }) => topic) })
    .catch(unreachable('describe topics'))
  const partitions = new Map(topics.map(({ name, partitions }) => [name, partitions.length]))
  for (const each of plans) compare(each, partitions.get(each.topic) ?? 0, log)
  return partitions
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
    await admin.createTopics({ topics: [config], waitForLeaders: true, timeout: 10_000 })
  } catch (error) {
    const reasons = refusals(error)
    if (reasons.length === 0) return unreachable(`create the topic ${topic}`)(error)
    throw new WatchkeeperError(
      'WK_BUS_TOPIC',
      `Kafka refused to create the topic ${topic} with ${partitions} partitions and ${replicas} replicas (${reasons.join(', ')}): correct WATCHKEEPER_KAFKA_REPLICATION, _PARTITIONS or _TOPIC_PREFIX, allow the user to create it, or create it yourself`,
      { cause: error },
    )
  }
}

/** kafkajs wraps the brokers' answers for each topic in one aggregate; an answer has a protocol `type`. */
function refusals(error: unknown): readonly string[] {
  const all = error instanceof AggregateError || hasErrors(error) ? error.errors : [error]
  return all.flatMap((each: unknown) => {
    const type = typeof each === 'object' && each !== null && 'type' in each ? each.type : undefined
    return typeof type === 'string' ? [type] : []
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
