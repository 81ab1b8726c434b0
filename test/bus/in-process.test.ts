import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type Bus, createBus } from '../../src/bus/index.js'
import { type ConfigOverrides, readConfig } from '../../src/config.js'
import { createLogger } from '../../src/log.js'
import { Telemetry } from '../../src/telemetry.js'
import { gate } from '../support/gate.js'
import { busContract, hasCode } from './contract.js'
import { eventMessage, eventMessages, idOf, Kept } from './messages.js'

const open: Bus[] = []
after(() => Promise.all(open.map((bus) => bus.close())))

async function openBus(overrides: ConfigOverrides = {}, telemetry = new Telemetry()): Promise<Bus> {
  const config = readConfig({}, { storeBatchMs: 5, ...overrides })
  const log = createLogger({ logLevel: 'silent', logFormat: 'json' })
  const bus = createBus({ config, log, telemetry, now: () => 0 })
  await bus.start()
  open.push(bus)
  return bus
}

busContract('in-process', openBus)

test('in-process: a publisher is answered only after the handler has kept its records', async () => {
  const bus = await openBus()
  const begun = gate()
  const release = gate()
  await bus.consume(async () => {
    begun.open()
    await release.opened
  })
  let answered = false
  const publishing = bus.publish([eventMessage('a')], { deadlineMs: 8_000 }).then(() => {
    answered = true
  })
  await begun.opened
  assert.equal(answered, false)
  release.open()
  await publishing
})

test('in-process: records of many publishers become one batch', async () => {
  const bus = await openBus({ storeBatchMs: 10_000, storeBatchRows: 50 })
  const sizes: number[] = []
  await bus.consume(async (batch) => {
    sizes.push(batch.length)
  })
  await Promise.all(eventMessages(50).map((message) => bus.publish([message], { deadlineMs: 8_000 })))
  assert.deepEqual(sizes, [50])
})

test('in-process: at its deadline a publisher hears that nothing was acknowledged, the records leave, and ready says so', async () => {
  const telemetry = new Telemetry()
  const bus = await openBus({}, telemetry)
  assert.equal(bus.ready(), false, 'nobody consumes')
  await assert.rejects(bus.publish([eventMessage('never')], { deadlineMs: 20 }), hasCode('WK_BUS_UNAVAILABLE'))
  const kept = new Kept()
  let working = false
  const failed = gate()
  await bus.consume(async (batch) => {
    failed.open()
    if (!working) throw new Error('the store is not there')
    await kept.handler(batch)
  })
  assert.equal(bus.ready(), true)
  const refused = assert.rejects(
    bus.publish([eventMessage('late')], { deadlineMs: 200 }),
    hasCode('WK_BUS_UNAVAILABLE'),
  )
  await failed.opened
  await refused
  working = true
  await bus.publish([eventMessage('kept')], { deadlineMs: 8_000 })
  assert.deepEqual(kept.ids, ['kept'])
  assert.equal(telemetry.gauges().get('bus_held_bytes'), 0)
  const counters = telemetry.counters().map(({ name, reason, value }) => [name, reason, value])
  assert.deepEqual(counters, [
    ['received', '', 3],
    ['failed', 'unavailable', 2],
    ['sent', '', 1],
  ])
})

test('in-process: the handler is told when nobody waits for its batch any more', async () => {
  const bus = await openBus()
  const told = gate()
  await bus.consume(async (_, signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    told.open()
    throw new Error('gave up')
  })
  await assert.rejects(bus.publish([eventMessage('a')], { deadlineMs: 30 }), hasCode('WK_BUS_UNAVAILABLE'))
  await told.opened
})

test('in-process: without a consumer records wait, and a later consumer gets them', async () => {
  const bus = await openBus()
  const stop = await bus.consume(async () => {})
  await stop()
  const publishing = bus.publish(eventMessages(3), { deadlineMs: 8_000 })
  const kept = new Kept()
  await bus.consume(kept.handler)
  await publishing
  assert.deepEqual(kept.ids, eventMessages(3).map(idOf))
})

test('in-process: one process owns every share', async () => {
  const bus = await openBus()
  const shares = await bus.shares('detect')
  assert.deepEqual(
    [...shares.owned()],
    Array.from({ length: shares.total }, (_, share) => share),
  )
  await shares.close()
})
