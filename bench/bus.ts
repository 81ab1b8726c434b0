/**
 * How many records a second the bus carries from `publish` to the handler, and how long one publisher waits.
 * `npm run build && node dist/bench/bus.js [RECORDS]`; Kafka needs java and maven, or `KAFKA_BROKERS`.
 */
import { createHash } from 'node:crypto'
import { type Bus, type BusMessage, createBus } from '../src/bus/index.js'
import { type ConfigOverrides, readConfig } from '../src/config.js'
import { createLogger } from '../src/log.js'
import { Telemetry } from '../src/telemetry.js'
import { auditEvent } from '../test/support/events.js'
import { anyBroker } from '../test/support/kafka.js'

const total = Number(process.argv[2] ?? 100_000)
const perRequest = 200
const publishers = 64
const deadlineMs = 60_000

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** A call with 20 fingerprints on either side, 200 traces in all. */
function record(number: number): BusMessage {
  const fingerprints = Array.from({ length: 20 }, (_, leaf) => ({
    kind: 'id' as const,
    hash: hashOf(`${number}/${leaf}`),
    leaf,
  }))
  const event = auditEvent({
    eventId: String(number),
    traceId: hashOf(`trace ${number % 200}`).repeat(2),
    argFingerprints: fingerprints,
    resultFingerprints: fingerprints,
  })
  return { type: 'event', event }
}

async function measure(name: string, overrides: ConfigOverrides): Promise<void> {
  const config = readConfig({}, { busMaxBytes: 1_073_741_824, ...overrides })
  const log = createLogger({ logLevel: 'error', logFormat: 'json' })
  const bus: Bus = createBus({ config, log, telemetry: new Telemetry(), now: () => 0 })
  await bus.start()
  let handled = 0
  let batches = 0
  let done: () => void = () => {}
  await bus.consume(async (batch) => {
    handled += batch.length
    batches += 1
    if (handled >= total) done()
  })
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const records = Array.from({ length: total }, (_, number) => record(number))
  const waits: number[] = []
  let next = 0
  const publisher = async () => {
    while (next < total) {
      const from = next
      next += perRequest
      const began = performance.now()
      await bus.publish(records.slice(from, from + perRequest), { deadlineMs })
      waits.push(performance.now() - began)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: publishers }, publisher))
  const published = (performance.now() - began) / 1000
  await all
  const carried = (performance.now() - began) / 1000
  waits.sort((a, b) => a - b)
  const at = (share: number) => Math.round(waits[Math.floor(waits.length * share)] ?? 0)
  const rate = (seconds: number) => `${Math.round(total / seconds / 1000)}k/s`
  process.stdout.write(
    `${name}: published ${rate(published)}, handled ${rate(carried)}, ${batches} batches, a request of ${perRequest} waited ${at(0.5)} ms (p50) ${at(0.99)} ms (p99)\n`,
  )
  await bus.close()
}

const bytes = Buffer.byteLength(JSON.stringify(record(0)))
process.stdout.write(`${total} records of ${bytes} bytes of JSON, ${publishers} publishers\n`)
await measure('in-process', { bus: 'in-process' })
const broker = await anyBroker()
if (typeof broker === 'string') process.stdout.write(`Kafka: ${broker}\n`)
else {
  const kafkaTopicPrefix = `bench-${process.pid}`
  await measure('Kafka', { bus: 'kafka', kafkaBrokers: [broker.address], kafkaTopicPrefix })
  await broker.stop()
}
