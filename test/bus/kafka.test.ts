import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import kafkajs, { Kafka, logLevel } from 'kafkajs'
import { Watch } from '../../src/bus/kafka/watch.js'
import { Telemetry } from '../../src/telemetry.js'
import { gate } from '../support/gate.js'
import { anyBroker } from '../support/kafka.js'
import { busContract, hasCode } from './contract.js'
import { kafkaBuses, nextPrefix, silent } from './kafka-buses.js'
import { eventMessage, eventMessages, idOf, Kept } from './messages.js'

const deadlineMs = 8_000
const broker = await anyBroker()
if (typeof broker === 'string') test('Kafka', { skip: broker })
else {
  const { openBus, closeAll } = kafkaBuses(broker.address)
  const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  after(async () => {
    await closeAll()
    await admin.disconnect()
    await broker.stop()
  })

  const noSecurity = broker.secure ? false : 'KAFKA_BROKERS names a broker without TLS and SASL'

  busContract('Kafka', openBus)

  test('Kafka: topics are created with the partitions, retention and in-sync replicas of the settings', async () => {
    const prefix = nextPrefix()
    await openBus({ kafkaTopicPrefix: prefix, kafkaPartitions: 3, kafkaRetentionHours: 5 })
    const topics = [`${prefix}.events`, `${prefix}.dead-letters`]
    const { topics: described } = await admin.fetchTopicMetadata({ topics })
    assert.deepEqual(
      described.map(({ name, partitions }) => [name, partitions.length, partitions[0]?.replicas.length]).sort(),
      [
        [`${prefix}.dead-letters`, 1, 1],
        [`${prefix}.events`, 3, 1],
      ],
    )
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: topics.map((name) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name,
        configNames: ['retention.ms', 'min.insync.replicas', 'cleanup.policy'],
      })),
    })
    for (const { configEntries } of resources)
      assert.deepEqual(
        Object.fromEntries(configEntries.map(({ configName, configValue }) => [configName, configValue])),
        {
          'cleanup.policy': 'delete',
          'min.insync.replicas': '1',
          'retention.ms': String(5 * 3_600_000),
        },
      )
  })

  test('Kafka: a topic with fewer partitions than the settings state is used, with a warning that says what to do', async () => {
    const kafkaTopicPrefix = nextPrefix()
    await openBus({ kafkaTopicPrefix, kafkaPartitions: 2 })
    const lines: string[] = []
    const bus = await openBus({ kafkaTopicPrefix, kafkaPartitions: 6 }, { lines })
    assert.equal(lines.filter((line) => line.includes('has 2 partitions, fewer than the 6')).length, 1)
    await bus.publish([eventMessage('a')], { deadlineMs })
  })

  test('Kafka: more replicas than brokers, or an impossible name, is told as such', async () => {
    await assert.rejects(openBus({ kafkaReplication: 15 }), hasCode('WK_BUS_TOPIC'))
    await assert.rejects(openBus({ kafkaTopicPrefix: 'no spaces allowed' }), hasCode('WK_BUS_TOPIC'))
  })

  test('Kafka: where no broker answers, start says so', async () => {
    await assert.rejects(openBus({ kafkaBrokers: ['127.0.0.1:1'] }), hasCode('WK_BUS_UNAVAILABLE'))
  })

  test('Kafka: a publisher is answered by the broker, long before anybody has handled its records', async () => {
    const bus = await openBus()
    await bus.publish(eventMessages(3), { deadlineMs })
    const kept = new Kept()
    await bus.consume(kept.handler)
    await kept.all(['0', '1', '2'])
  })

  test('Kafka: offsets are committed only after the handler has kept the batch; the lag tells both', async () => {
    const kafkaTopicPrefix = nextPrefix()
    const bus = await openBus({ kafkaTopicPrefix })
    await bus.publish(eventMessages(5), { deadlineMs })
    const telemetry = new Telemetry()
    const watch = new Watch(admin, silent, telemetry)
    watch.follow(`${kafkaTopicPrefix}.store`, [`${kafkaTopicPrefix}.events`, `${kafkaTopicPrefix}.dead-letters`])
    const begun = gate()
    const release = gate()
    const stop = await bus.consume(async () => {
      begun.open()
      await release.opened
    })
    await begun.opened
    await watch.look()
    assert.equal(telemetry.gauges().get('bus_lag'), 5)
    release.open()
    await stop()
    await watch.look()
    assert.equal(telemetry.gauges().get('bus_lag'), 0)
  })

  test('Kafka: a record that cannot be read becomes a dead letter, and the records around it are kept', async () => {
    const kafkaTopicPrefix = nextPrefix()
    const telemetry = new Telemetry()
    const bus = await openBus({ kafkaTopicPrefix }, { telemetry })
    const producer = kafka.producer()
    await producer.connect()
    const raw = (values: readonly (string | Buffer | null)[]) =>
      producer.send({
        topic: `${kafkaTopicPrefix}.events`,
        messages: values.map((value) => ({ key: '["acme","trace"]', value, partition: 0 })),
      })
    await bus.publish(eventMessages(2), { deadlineMs })
    await raw(['not json', Buffer.from([0xff, 0x00, 0xfe]), null, '{"v":2,"type":"event"}', '{"v":1,"type":"event"}'])
    await bus.publish(eventMessages(2, 2), { deadlineMs })
    await producer.disconnect()
    const kept = new Kept()
    const stop = await bus.consume(kept.handler)
    await kept.all(['0', '1', '2', '3'])
    await stop()
    const letters = kept.messages.flatMap((message) => (message.type === 'dead-letter' ? [message.letter] : []))
    assert.deepEqual(
      letters.map(({ tenant, stage, reason, body }) => [tenant, stage, reason, body]),
      [
        ['acme', 'bus', 'undecodable', 'not json'],
        ['acme', 'bus', 'undecodable', Buffer.from([0xff, 0x00, 0xfe]).toString('base64')],
        ['acme', 'bus', 'undecodable', ''],
        ['acme', 'bus', 'undecodable', '{"v":2,"type":"event"}'],
        ['acme', 'bus', 'undecodable', '{"v":1,"type":"event"}'],
      ],
    )
    assert.equal(new Set(letters.map(({ id }) => id)).size, 5)
    assert.equal(telemetry.counters().find(({ reason }) => reason === 'undecodable')?.value, 5)
  })

  test('Kafka: an event too large for a record is kept as a dead letter that says so', async () => {
    const bus = await openBus()
    await bus.publish([eventMessage('huge', 'trace', 1_100_000), eventMessage('small')], { deadlineMs })
    const kept = new Kept()
    await bus.consume(kept.handler)
    await kept.all(['small'])
    while (kept.messages.length < 2) await kept.next()
    const letter = kept.messages.find((message) => message.type === 'dead-letter')?.letter
    assert.equal(letter?.reason, 'too_large')
    assert.equal(letter?.tenant, 'acme')
  })

  test('Kafka: a request larger than the topic accepts is split until it fits', async () => {
    const kafkaTopicPrefix = nextPrefix()
    const configEntries = [{ name: 'max.message.bytes', value: '20000' }]
    await admin.createTopics({
      topics: [{ topic: `${kafkaTopicPrefix}.events`, numPartitions: 1, replicationFactor: 1, configEntries }],
      waitForLeaders: true,
    })
    const bus = await openBus({ kafkaTopicPrefix, kafkaPartitions: 1 })
    const sent = Array.from({ length: 40 }, (_, id) => eventMessage(String(id), randomBytes(3_000).toString('base64')))
    await bus.publish(sent, { deadlineMs })
    const kept = new Kept()
    await bus.consume(kept.handler)
    const ids = sent.map(idOf)
    await kept.all(ids)
    assert.deepEqual(kept.ids, ids)
  })

  test('Kafka: two consumers share the records, one that joins or leaves in the middle loses none', async () => {
    const kafkaTopicPrefix = nextPrefix()
    const publisher = await openBus({ kafkaTopicPrefix })
    const [first, second] = [await openBus({ kafkaTopicPrefix }), await openBus({ kafkaTopicPrefix })]
    const [keptByFirst, keptBySecond] = [new Kept(), new Kept()]
    const stopFirst = await first.consume(keptByFirst.handler)
    let published = 0
    const publishRound = async () => {
      const round = Array.from({ length: 40 }, (_, place) => eventMessage(String(published + place), `trace-${place}`))
      published += round.length
      await publisher.publish(round, { deadlineMs })
      return round.map(idOf)
    }
    await keptByFirst.all(await publishRound())
    const secondJoined = second.consume(keptBySecond.handler)
    while (keptBySecond.ids.length === 0) await publishRound()
    await secondJoined
    await publishRound()
    await stopFirst()
    await keptBySecond.all((await publishRound()).slice(0, 1))
    const everything = Array.from({ length: published }, (_, id) => String(id))
    while (everything.some((id) => !keptByFirst.ids.includes(id) && !keptBySecond.ids.includes(id)))
      await keptBySecond.next()
    assert.ok(keptByFirst.ids.length > 0 && keptBySecond.ids.length > 0)
  })

  test('Kafka: a batch that fails while another consumer joins is given up by its holder and handed out again', async () => {
    const kafkaTopicPrefix = nextPrefix()
    const [first, second] = [await openBus({ kafkaTopicPrefix }), await openBus({ kafkaTopicPrefix })]
    const sent = Array.from({ length: 40 }, (_, id) => eventMessage(String(id), `trace-${id}`))
    await first.publish(sent, { deadlineMs })
    const begun = gate()
    const kept = new Kept()
    let told = false
    await first.consume(async (batch, signal) => {
      begun.open()
      if (told) return kept.handler(batch)
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      told = true
      throw new Error('the store is not there')
    })
    await begun.opened
    await second.consume(kept.handler)
    await kept.all(sent.map(idOf))
    assert.equal(told, true)
  })

  test('Kafka: TLS and each way to log in; a wrong password or an unknown authority is told', {
    skip: noSecurity,
  }, async () => {
    assert.ok(broker.secure)
    const { address, caFile, user, password } = broker.secure
    const given = {
      kafkaBrokers: [address],
      kafkaTls: true,
      kafkaTlsCaFile: caFile,
      kafkaSaslUser: user,
      kafkaSaslPassword: password,
    }
    for (const kafkaSaslMechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const) {
      const bus = await openBus({ ...given, kafkaSaslMechanism })
      const kept = new Kept()
      await bus.consume(kept.handler)
      await bus.publish([eventMessage(kafkaSaslMechanism)], { deadlineMs })
      await kept.all([kafkaSaslMechanism])
    }
    const scram = { ...given, kafkaSaslMechanism: 'scram-sha-256' } as const
    for (const wrong of [{ kafkaSaslPassword: 'wrong' }, { kafkaTlsCaFile: '' }])
      await assert.rejects(openBus({ ...scram, ...wrong }), hasCode('WK_BUS_UNAVAILABLE'))
    await assert.rejects(openBus({ ...scram, kafkaTlsCaFile: '/no/such/file' }), hasCode('WK_CONFIG'))
  })

  test('Kafka: shares are split between two members, and go to the other when one leaves', async () => {
    const kafkaTopicPrefix = nextPrefix()
    const [first, second] = [await openBus({ kafkaTopicPrefix }), await openBus({ kafkaTopicPrefix })]
    const a = await first.shares('detect')
    const all = Array.from({ length: 16 }, (_, share) => share)
    await until(() => a.owned().size === 16)
    assert.deepEqual(
      [...a.owned()].sort((x, y) => x - y),
      all,
    )
    const b = await second.shares('detect')
    await until(() => b.owned().size === 8 && a.owned().size === 8)
    assert.deepEqual(
      [...a.owned(), ...b.owned()].sort((x, y) => x - y),
      all,
    )
    const alerting = await first.shares('alert')
    await until(() => alerting.owned().size === 16)
    await a.close()
    assert.equal(a.owned().size, 0)
    await until(() => b.owned().size === 16)
  })
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}
