/** Why the writer is not idempotent: the measured trouble of kafkajs 2.2.4, and that the writer has none of it. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, test } from 'node:test'
import { type ISocketFactory, Kafka, logLevel, type Producer } from 'kafkajs'
import { Writer } from '../../src/bus/kafka/writer.js'
import { anyBroker } from '../support/kafka.js'
import { nextPrefix } from './kafka-buses.js'

const broker = await anyBroker()
if (typeof broker === 'string') test('Kafka and idempotence', { skip: broker })
else {
  after(() => broker.stop())

  test('kafkajs in idempotent mode acknowledges a record that the broker never stored', async () => {
    const { kafka, topic, loseAnswers, stored } = await onTopic(broker.address)
    const producer = kafka.producer({ idempotent: true, retry: { retries: 1 } })
    await producer.connect()
    const send = (value: string) => sendOne(producer, topic, value)
    await send('first')
    // One retry is the least that kafkajs allows; the broker knows it for a repetition.
    loseAnswers(2)
    await assert.rejects(send('stored, but unanswered'))
    await send('acknowledged')
    await producer.disconnect()
    assert.deepEqual(await stored(), ['first', 'stored, but unanswered'])
  })

  test('the writer loses nothing in the same case; what it repeats is stored twice', async () => {
    const { kafka, topic, loseAnswers, stored } = await onTopic(broker.address)
    const writer = new Writer(kafka, { events: topic, deadLetters: topic })
    await writer.connect()
    const write = (value: string) => writer.write([{ deadLetter: false, key: 'k', value: Buffer.from(value) }])
    await write('first')
    loseAnswers(1)
    await write('repeated')
    await write('acknowledged')
    await writer.close()
    assert.deepEqual(await stored(), ['first', 'repeated', 'repeated', 'acknowledged'])
  })
}

const sendOne = (producer: Producer, topic: string, value: string) =>
  producer.send({ topic, acks: -1, messages: [{ key: 'k', value }] })

const produceRequest = 0

/** A topic, and a client whose connection can be cut between the broker's work and its answer. */
async function onTopic(address: string) {
  let toLose = 0
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect)
    const write = socket.write.bind(socket)
    const watched = (data: Buffer, ...rest: never[]): boolean => {
      // A request begins with its length (4 bytes) and its kind (2 bytes).
      if (toLose > 0 && data.readInt16BE(4) === produceRequest) {
        toLose -= 1
        cutAtAnswer(socket)
      }
      return write(data, ...rest)
    }
    return Object.assign(socket, { write: watched })
  }
  const kafka = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    socketFactory,
    retry: { initialRetryTime: 50 },
  })
  const topic = nextPrefix()
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true })
  return {
    kafka,
    topic,
    loseAnswers: (count: number) => {
      toLose = count
    },
    async stored(): Promise<readonly string[]> {
      const [partition] = await admin.fetchTopicOffsets(topic)
      await admin.disconnect()
      return readAll(kafka, topic, Number(partition?.high))
    },
  }
}

function cutAtAnswer(socket: Socket): void {
  socket.removeAllListeners('data')
  socket.once('data', () => socket.destroy(new Error('cut by the test')))
}

async function readAll(kafka: Kafka, topic: string, count: number): Promise<readonly string[]> {
  const consumer = kafka.consumer({ groupId: `${topic}-reader`, maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve) => {
    consumer.run({
      eachMessage: async ({ message }) => {
        values.push(message.value?.toString('utf8') ?? '')
        if (values.length === count) resolve()
      },
    })
  })
  await consumer.disconnect()
  return values
}
