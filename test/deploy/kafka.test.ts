/**
 * The broker as docker-compose.yml starts it: its properties, secrets and set-up script, on this machine's ports; and the roles over it,
 * with the users and the rights that they have there.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Kafka, logLevel } from 'kafkajs'
import { brokerJars, fetchTools, launch, open } from '../support/kafka.js'
import { recordCount, until } from '../support/landing.js'
import { baseTime, freshSettings, recorded, startReplay } from '../support/recorded-run.js'
import { fromRoot } from '../support/root.js'
import { freePort, service } from '../support/service.js'
import { outcome, without } from '../support/tools.js'

const session = (number: number) => ({
  id: `session-${number}`,
  user_prompt: 'Summarise my unread mail.',
  calls: [{ tool: 'read_email', arguments: { id: number }, result: 'All is well.', turn: 0 }],
})

test('the broker of deploy/ takes the roles with the rights that its script gives, and nobody with more', {
  timeout: 240_000,
}, async (t) => {
  const jars = await brokerJars()
  if (typeof jars !== 'string') return t.skip(jars.absent)
  const lacking = await without('bash', 'openssl')
  if (lacking !== false) return t.skip(lacking)
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-deploy-kafka-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const secrets = join(folder, 'secrets')
  const made = await outcome('bash', [fromRoot('deploy/secrets.sh'), secrets], {
    env: { ...process.env, WATCHKEEPER_SECRETS_SEEN_AT: secrets },
  })
  assert.equal(made.code, 0, made.stderr)
  const secret = (name: string) => readFileSync(join(secrets, name), 'utf8')

  // Only places differ: ports, folders, and the broker's name.
  const [clients, controller] = [await freePort(), await freePort()]
  const properties = join(folder, 'server.properties')
  writeFileSync(
    properties,
    readFileSync(fromRoot('deploy/kafka/server.properties'), 'utf8')
      .replaceAll('/run/secrets', secrets)
      .replace('CLIENTS://0.0.0.0:9092', `CLIENTS://127.0.0.1:${clients}`)
      .replace('CLIENTS://kafka:9092', `CLIENTS://localhost:${clients}`)
      .replaceAll('localhost:9093', `localhost:${controller}`)
      .replace('/var/lib/kafka/data', join(folder, 'data')),
  )
  const java = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'd2F0Y2hrZWVwZXItb25lMA', '-c', properties]
  const formatted = await outcome('java', [...java, '-cp', `${jars}/*`, ...format])
  assert.equal(formatted.code, 0, formatted.stdout + formatted.stderr)
  const log = join(folder, 'broker.log')
  const jaas = `-Djava.security.auth.login.config=${join(secrets, 'kafka-users.jaas')}`
  const broker = launch([...java, jaas, '-cp', `${jars}/*`, 'kafka.Kafka', properties], log)
  t.after(async () => {
    if (broker.exitCode !== null) return
    const exited = once(broker, 'exit')
    broker.stdin?.end()
    await exited
  })
  await open(clients, () => broker.exitCode === null).catch(() => assert.fail(readFileSync(log, 'utf8').slice(-4000)))

  const tools = join(folder, 'bin')
  mkdirSync(tools)
  const classpath = `${await fetchTools()}/*`
  for (const [script, main] of [
    ['kafka-topics.sh', 'org.apache.kafka.tools.TopicCommand'],
    ['kafka-acls.sh', 'org.apache.kafka.tools.AclCommand'],
  ]) {
    const path = join(tools, String(script))
    writeFileSync(path, `#!/bin/sh\nexec java ${java.join(' ')} -cp '${classpath}' ${main} "$@"\n`)
    chmodSync(path, 0o755)
  }
  const prefix = 'deploy'
  const environment = {
    ...process.env,
    KAFKA_TOOLS: tools,
    KAFKA_BROKERS: `localhost:${clients}`,
    KAFKA_ADMIN_CONFIG: join(secrets, 'kafka-admin.properties'),
    WATCHKEEPER_KAFKA_TOPIC_PREFIX: prefix,
    WATCHKEEPER_KAFKA_PARTITIONS: '4',
  }
  const setUp = () => outcome('bash', [fromRoot('deploy/kafka/topics-and-acls.sh')], { env: environment })
  const first = await setUp()
  assert.equal(first.code, 0, first.stdout + first.stderr + readFileSync(log, 'utf8').slice(-2000))

  const common = {
    ...(await freshSettings(t)),
    WATCHKEEPER_BUS: 'kafka',
    WATCHKEEPER_KAFKA_BROKERS: `localhost:${clients}`,
    WATCHKEEPER_KAFKA_TOPIC_PREFIX: prefix,
    WATCHKEEPER_KAFKA_PARTITIONS: '4',
    WATCHKEEPER_KAFKA_TLS: 'true',
    WATCHKEEPER_KAFKA_TLS_CA_FILE: join(secrets, 'ca.pem'),
    WATCHKEEPER_KAFKA_SASL_MECHANISM: 'plain',
  }
  const as = async (user: 'receive' | 'pipeline') => ({
    ...common,
    WATCHKEEPER_KAFKA_SASL_USER: `watchkeeper_${user}`,
    WATCHKEEPER_KAFKA_SASL_PASSWORD_FILE: join(secrets, `kafka-${user}`),
    WATCHKEEPER_CONSOLE_PORT: String(await freePort()),
  })
  const receiveSettings = { ...(await as('receive')), WATCHKEEPER_PEPPER_FILE: join(secrets, 'pepper') }
  const storeSettings = await as('pipeline')
  const roles = [
    service(t, receiveSettings, ['--role', 'receive']),
    service(t, storeSettings, ['--role', 'store']),
    service(t, await as('pipeline'), ['--role', 'detect']),
    service(t, await as('pipeline'), ['--role', 'alert']),
  ]
  await Promise.all(roles.map((role) => role.start()))

  const file = join(folder, 'sessions.jsonl.gz')
  writeFileSync(file, gzipSync(Array.from({ length: 40 }, (_, number) => JSON.stringify(session(number))).join('\n')))
  const total = await recorded(file)
  const replayed = await startReplay(receiveSettings, { file, base: baseTime(), rate: 200 })
  assert.equal(replayed.code, 0, replayed.stderr)
  await until(
    () => recordCount(storeSettings),
    (count) => count >= total.calls + total.messages,
  )
  assert.deepEqual(await Promise.all(roles.map((role) => role.stop())), [0, 0, 0, 0])

  const client = (user: string) =>
    new Kafka({
      clientId: 'test',
      brokers: [`localhost:${clients}`],
      ssl: { ca: secret('ca.pem') },
      sasl: { mechanism: 'plain', username: `watchkeeper_${user}`, password: secret(`kafka-${user}`) },
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
    })
  const admin = client('receive').admin()
  await admin.connect()
  t.after(() => admin.disconnect())
  await assert.rejects(admin.createTopics({ topics: [{ topic: 'other' }] }), 'the receiver makes no topics')
  await assert.rejects(admin.deleteTopics({ topics: [`${prefix}.events`] }), 'the receiver deletes no topics')
  const reader = client('receive').consumer({ groupId: `${prefix}.store` })
  t.after(() => reader.disconnect())
  await reader.connect()
  await assert.rejects(
    (async () => {
      await reader.subscribe({ topic: `${prefix}.events` })
      const crashed = new Promise((_, reject) => reader.on('consumer.crash', ({ payload }) => reject(payload.error)))
      await reader.run({ eachMessage: async () => undefined })
      await crashed
    })(),
    /not authorized|group coordinator/i,
    'the receiver reads nothing back',
  )
})
