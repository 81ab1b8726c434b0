/** Writes batches to Kafka, acknowledged by all in-sync replicas. */
import { promisify } from 'node:util'
import { gzip, unzip } from 'node:zlib'
import kafkajs, { CompressionTypes, type Kafka, Partitioners, type Producer } from 'kafkajs'
import type { Encoded } from './codec.js'

// What kafkajs exports after these is not seen by Node as named exports.
const { CompressionCodecs, KafkaJSProtocolError } = kafkajs

/**
 * Most of one request, before compression. A partition accepts 1 MiB of compressed records by default; a request is spread
 * over the partitions, so only a burst of one trace comes near that, and then it is split.
 */
export const maxRequest = { rows: 5_000, bytes: 4 * 1_048_576 } as const

/** kafkajs compresses at zlib's level 6, which is a third slower from end to end than level 1 for a tenth fewer bytes. */
const fastGzip = {
  compress: ({ buffer }: { readonly buffer: Buffer }): Promise<Buffer> => promisify(gzip)(buffer, { level: 1 }),
  decompress: (buffer: Buffer): Promise<Buffer> => promisify(unzip)(buffer),
}

/** Milliseconds in which the replicas must have it. */
const replicationTimeout = 5_000

export class Writer {
  readonly #producer: Producer
  readonly #topics: { readonly events: string; readonly deadLetters: string }

  constructor(kafka: Kafka, topics: { readonly events: string; readonly deadLetters: string }) {
    this.#topics = topics
    // The one place where kafkajs takes a codec.
    CompressionCodecs[CompressionTypes.GZIP] = () => fastGzip
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
    try {
      await this.#send(batch)
    } catch (error) {
      if (batch.length === 1 || !tooLarge(error)) throw error
      const half = Math.ceil(batch.length / 2)
      await this.write(batch.slice(0, half))
      await this.write(batch.slice(half))
    }
  }

  async #send(batch: readonly Encoded[]): Promise<void> {
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

const tooLarge = (error: unknown): boolean =>
  error instanceof KafkaJSProtocolError &&
  (error.type === 'MESSAGE_TOO_LARGE' || error.type === 'RECORD_LIST_TOO_LARGE')
