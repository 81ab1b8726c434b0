/** Writes batches to Kafka, acknowledged by all in-sync replicas. */
import { CompressionTypes, type Kafka, Partitioners, type Producer } from 'kafkajs'
import { type Encoded, maxValueBytes } from './codec.js'

/** Most of one request: even if all of it goes to one partition, it stays below the 1 MiB that a topic accepts by default. */
export const maxRequest = { rows: 5_000, bytes: maxValueBytes } as const

/** Milliseconds in which the replicas must have it. */
const replicationTimeout = 5_000

export class Writer {
  readonly #producer: Producer
  readonly #topics: { readonly events: string; readonly deadLetters: string }

  constructor(kafka: Kafka, topics: { readonly events: string; readonly deadLetters: string }) {
    this.#topics = topics
    this.#producer = kafka.producer({
      // kafkajs gives the sequence number of a request that failed to the next one, whatever that holds. When the
      // failed one had arrived, the broker takes the next for its repetition and acknowledges what it never stored
      // (test/bus/idempotence.test.ts). Duplicates cost nothing here (records have ids); a lost record does.
      idempotent: false,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: { retries: 1 },
    })
  }

  connect(): Promise<void> {
    return this.#producer.connect()
  }

  async write(batch: readonly Encoded[]): Promise<void> {
    const messages = (deadLetter: boolean) =>
      batch.filter((each) => each.deadLetter === deadLetter).map(({ key, value }) => ({ key, value }))
    await this.#producer.sendBatch({
      acks: -1,
      timeout: replicationTimeout,
      compression: CompressionTypes.GZIP,
      topicMessages: [
        { topic: this.#topics.events, messages: messages(false) },
        { topic: this.#topics.deadLetters, messages: messages(true) },
      ].filter(({ messages }) => messages.length > 0),
    })
  }

  close(): Promise<void> {
    return this.#producer.disconnect()
  }
}
