import assert from 'node:assert/strict'
import { appendFile, chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type DeliveryProblem, Emitter, type EmitterOptions, type ProducerEvent } from '@watchkeeper/sdk'
import { toAttributes } from '@watchkeeper/sdk/attributes'
import { chainHash } from '@watchkeeper/sdk/chain'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import { eventNameOf } from '@watchkeeper/sdk/event'
import { type Answer, type Collector, startCollector } from '../support/collector.js'
import { temporaryFolder, testReceiver } from '../support/receiver.js'
import { spoolingHost } from '../support/spooling-host.js'

const away: Answer = { status: 503, headers: { 'retry-after': '0.02' } }

/** A collector that can be away. */
async function collectorOf(t: TestContext, gone = false): Promise<Collector & { gone: boolean }> {
  const state = { gone }
  const collector = await startCollector(() => (state.gone ? away : undefined))
  t.after(() => collector.close())
  return {
    ...collector,
    get gone() {
      return state.gone
    },
    set gone(value: boolean) {
      state.gone = value
    },
  }
}

function emitterOf(t: TestContext, options: EmitterOptions): { emitter: Emitter; problems: DeliveryProblem[] } {
  const problems: DeliveryProblem[] = []
  const emitter = new Emitter({ flushEveryMs: 5, onProblem: (problem) => problems.push(problem), ...options })
  t.after(() => emitter.close(0))
  return { emitter, problems }
}

const say = (emitter: Emitter, count: number): void => {
  for (let index = 0; index < count; index++) emitter.emit({ kind: 'call', facts: { tool: `tool-${index}` } })
}

/** First arrivals, by producer. */
function byProducer(events: readonly ProducerEvent[]): ReadonlyMap<string, readonly ProducerEvent[]> {
  const first = [...new Map(events.toReversed().map((event) => [event.eventId, event])).values()].reverse()
  const groups = new Map<string, ProducerEvent[]>()
  for (const event of first) {
    const group = groups.get(event.producerId)
    if (group) group.push(event)
    else groups.set(event.producerId, [event])
  }
  return groups
}

/** That these are the records 1 to `count` of one producer, in order, with a sound chain. */
function assertWhole(events: readonly ProducerEvent[] | undefined, count: number): void {
  assert.equal(events?.length, count)
  let previous = ''
  for (const [index, event] of (events ?? []).entries()) {
    assert.equal(event.sequence, index + 1)
    assert.equal(event.previousHash, previous)
    const { traceId, spanId } = event
    previous = chainHash({ eventName: eventNameOf(event.kind), traceId, spanId }, toAttributes(event))
    assert.equal(event.hash, previous)
  }
}

const idsOf = (events: readonly ProducerEvent[]): number => new Set(events.map(({ eventId }) => eventId)).size
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jsonl')).sort()

test('tens of thousands of events during an outage arrive once each, in order, from a small memory', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = await temporaryFolder(t)
  const { emitter, problems } = emitterOf(t, { dsn: collector.dsn, spoolDir, maxQueueBytes: 64 * 1024 })
  const many = 30_000
  say(emitter, many)
  assert.equal(emitter.counts.queued, many)
  assert.ok((await filesIn(spoolDir)).length > 1)
  collector.gone = false
  await emitter.flush()
  assert.equal(collector.events.length, many)
  assertWhole(byProducer(collector.events).get(emitter.producerId), many)
  assert.deepEqual([emitter.counts.sent, emitter.counts.dropped], [many, 0])
  assert.ok(problems.every(({ type }) => type === 'waiting'))
  await emitter.close()
  assert.deepEqual(await filesIn(spoolDir), [])
})

test('the receiver finds the chain sound after an outage', async (t) => {
  const { app, events, letters } = await testReceiver(t)
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 })
  const spoolDir = await temporaryFolder(t)
  const dsn = { ...developmentDsn, endpoint }
  const first = emitterOf(t, { dsn, spoolDir, maxQueueBytes: 8192, flushEveryMs: 60_000 })
  // Less than a batch, so that nothing is sent before it is closed.
  say(first.emitter, 150)
  await first.emitter.close(0)
  assert.equal(events().length, 0)
  assert.deepEqual([first.emitter.counts.queued, first.emitter.counts.dropped], [150, 0])
  const second = emitterOf(t, { dsn, spoolDir })
  while (events().length < 150) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(letters(), [])
  assert.ok(
    events().every(
      ({ attributes, producerId }) => !attributes['receive.chain'] && producerId === first.emitter.producerId,
    ),
  )
  assert.deepEqual(second.problems, [])
})

test('what a killed host had not delivered is sent by the next one, under the same ids', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = await temporaryFolder(t)
  const host = spoolingHost(t, { dsn: collector.dsn, spoolDir, count: 5000, after: 'stay' })
  await host.emitted
  host.process.kill('SIGKILL')
  assert.equal(await host.ended, 'SIGKILL')
  collector.gone = false
  const { emitter } = emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => idsOf(events) >= 5000)
  const [events] = byProducer(collector.events).values()
  assertWhole(events, 5000)
  assert.equal(emitter.counts.sent, 0)
})

test('a host that is killed while it sends loses nothing: some records come twice, and have one id', async (t) => {
  const collector = await collectorOf(t)
  const spoolDir = await temporaryFolder(t)
  const host = spoolingHost(t, { dsn: collector.dsn, spoolDir, count: 20_000, after: 'stay' })
  await host.emitted
  await collector.until((events) => events.length > 0)
  host.process.kill('SIGKILL')
  await host.ended
  emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => idsOf(events) >= 20_000)
  const [events] = byProducer(collector.events).values()
  assertWhole(events, 20_000)
})

test('processes that share a folder send their own records only, and one alone adopts a dead one', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = await temporaryFolder(t)
  const dead = spoolingHost(t, { dsn: collector.dsn, spoolDir, count: 300, after: 'stay' })
  await dead.emitted
  dead.process.kill('SIGKILL')
  await dead.ended
  const hosts = [1, 2, 3].map((number) =>
    spoolingHost(t, { dsn: collector.dsn, spoolDir, count: 300, first: number * 1000, after: 'stay' }),
  )
  await Promise.all(hosts.map(({ emitted }) => emitted))
  collector.gone = false
  await collector.until((events) => idsOf(events) >= 1200)
  const producers = byProducer(collector.events)
  assert.equal(producers.size, 4)
  for (const events of producers.values()) assertWhole(events, 300)
  assert.equal(collector.events.length, 1200)
})

test('records of one tenant are never adopted by a producer of another', async (t) => {
  const collector = await collectorOf(t)
  const spoolDir = await temporaryFolder(t)
  const first = emitterOf(t, { dsn: collector.dsn, spoolDir, flushEveryMs: 60_000 })
  say(first.emitter, 3)
  await first.emitter.close(0)
  const other = emitterOf(t, { dsn: { ...collector.dsn, tenant: 'other' }, spoolDir })
  say(other.emitter, 1)
  await other.emitter.flush()
  await other.emitter.close()
  assert.equal(collector.events.length, 1)
  emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => events.length >= 4)
  assertWhole(byProducer(collector.events).get(first.emitter.producerId), 3)
})

test('a torn last record costs that record alone, and is told', async (t) => {
  const collector = await collectorOf(t)
  const spoolDir = await temporaryFolder(t)
  const first = emitterOf(t, { dsn: collector.dsn, spoolDir, flushEveryMs: 60_000 })
  say(first.emitter, 20)
  await first.emitter.close(0)
  const [file = ''] = await filesIn(spoolDir)
  const text = await readFile(join(spoolDir, file), 'utf8')
  await writeFile(join(spoolDir, file), text.slice(0, -10))
  const { problems } = emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => events.length >= 19)
  assertWhole(byProducer(collector.events).get(first.emitter.producerId), 19)
  assert.deepEqual(problems, [{ type: 'dropped', records: 1, message: 'torn records were left in the spool' }])
})

test('lines that are no records are left out, and do not hold up the ones after them', async (t) => {
  const collector = await collectorOf(t)
  const spoolDir = await temporaryFolder(t)
  const first = emitterOf(t, { dsn: collector.dsn, spoolDir, flushEveryMs: 60_000 })
  say(first.emitter, 2)
  await first.emitter.close(0)
  const [file = ''] = await filesIn(spoolDir)
  await appendFile(join(spoolDir, file), 'no json\n{"eventName":3}\n[]\n')
  await writeFile(join(spoolDir, file.replace(/\d{10}\.jsonl$/, '9999999999.jsonl')), '{"resource":{},"sco')
  const { emitter, problems } = emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => events.length >= 2)
  say(emitter, 1)
  await emitter.flush()
  assert.equal(collector.events.length, 3)
  assert.deepEqual(
    problems.map(({ records }) => records),
    [3],
  )
})

test('files are for their owner alone, and hold no clear content', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = join(await temporaryFolder(t), 'made', 'here')
  const { emitter } = emitterOf(t, { dsn: { ...collector.dsn, ingestKey: 'wk_secret_key' }, spoolDir })
  emitter.emit({
    kind: 'call',
    facts: { tool: 'pay' },
    capture: (capturer) => capturer.arguments('pay', { to: 'anna.berg@example.org', iban: 'DE02120300000000202051' }),
  })
  const sending = emitter.flush()
  const [file = ''] = await filesIn(spoolDir)
  const text = await readFile(join(spoolDir, file), 'utf8')
  assert.match(text, /watchkeeper\.arguments\.fingerprints/)
  assert.doesNotMatch(text, /anna|DE0212|wk_secret/)
  let path = spoolDir
  for (const part of ['', ...file.split('/')]) {
    path = join(path, part)
    const { mode } = await stat(path)
    assert.equal(mode & 0o077, 0, path)
  }
  collector.gone = false
  await sending
})

const unusable: readonly (readonly [name: string, make: (folder: string) => Promise<string>])[] = [
  [
    'a file where the folder should be',
    async (folder) => {
      await writeFile(join(folder, 'file'), '')
      return join(folder, 'file', 'spool')
    },
  ],
  [
    'a folder that others may write to',
    async (folder) => {
      await mkdir(join(folder, 'open'))
      await chmod(join(folder, 'open'), 0o777)
      return join(folder, 'open')
    },
  ],
]
for (const [name, make] of unusable)
  test(`${name} as spool is told, and records wait in memory`, async (t) => {
    const collector = await collectorOf(t)
    const spoolDir = await make(await temporaryFolder(t))
    const { emitter, problems } = emitterOf(t, { dsn: collector.dsn, spoolDir })
    say(emitter, 500)
    await emitter.flush()
    assertWhole(byProducer(collector.events).get(emitter.producerId), 500)
    assert.ok(problems.some(({ type, message }) => type === 'spool' && message.startsWith('records wait in memory')))
  })

test('a spool folder that cannot be made, though what it would be in is there, does not hold the host up', {
  // A process of its own, since one that stands still answers to nothing but a signal.
  skip: process.platform === 'linux' ? false : 'there is no /proc',
  timeout: 60_000,
}, async (t) => {
  const collector = await collectorOf(t)
  const host = spoolingHost(t, { dsn: collector.dsn, spoolDir: '/proc/spool/of/a/host', count: 20 })
  assert.equal(await host.ended, 0)
  const [events] = byProducer(collector.events).values()
  assertWhole(events, 20)
})

test('a full spool is topped up by memory, then records are dropped and counted; order stays', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = await temporaryFolder(t)
  const limits = { maxSpoolBytes: 100_000, maxQueueBytes: 50_000 }
  const { emitter, problems } = emitterOf(t, { dsn: collector.dsn, spoolDir, ...limits })
  say(emitter, 1000)
  const { queued, dropped } = emitter.counts
  assert.ok(dropped > 0 && queued + dropped === 1000, `${queued} queued, ${dropped} dropped`)
  assert.ok(problems.some(({ type }) => type === 'spool'))
  collector.gone = false
  await emitter.flush()
  assertWhole(collector.events, queued)
})

test('once the disk works again, what waited in memory is written first', async (t) => {
  const collector = await collectorOf(t, true)
  const folder = await temporaryFolder(t)
  const spoolDir = join(folder, 'spool')
  await writeFile(spoolDir, '')
  const first = emitterOf(t, { dsn: collector.dsn, spoolDir, flushEveryMs: 60_000 })
  say(first.emitter, 10)
  await rm(spoolDir)
  await first.emitter.close(0)
  assert.equal(first.emitter.counts.dropped, 0)
  collector.gone = false
  emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => events.length >= 10)
  assertWhole(collector.events, 10)
})

test('a folder that is cleared away under a living producer costs at most what was on disk alone', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = await temporaryFolder(t)
  const { emitter, problems } = emitterOf(t, { dsn: collector.dsn, spoolDir, maxQueueBytes: 20_000 })
  say(emitter, 200)
  await rm(spoolDir, { recursive: true })
  collector.gone = false
  await emitter.flush()
  const { sent, dropped } = emitter.counts
  assert.ok(sent > 0 && dropped > 0 && sent + dropped === 200, `${sent} sent, ${dropped} dropped`)
  assert.ok(problems.some(({ type, records }) => type === 'dropped' && records === dropped))
})

test('a program that ends by itself sends what waits first', async (t) => {
  const collector = await collectorOf(t)
  const host = spoolingHost(t, { dsn: collector.dsn, spoolDir: '', count: 10 })
  assert.equal(await host.ended, 0)
  assert.equal(collector.events.length, 10)
})

test('a program that ends while the receiver is away leaves its records to the next', async (t) => {
  const collector = await collectorOf(t, true)
  const spoolDir = await temporaryFolder(t)
  const host = spoolingHost(t, { dsn: collector.dsn, spoolDir, count: 10 })
  assert.equal(await host.ended, 0)
  collector.gone = false
  emitterOf(t, { dsn: collector.dsn, spoolDir })
  await collector.until((events) => events.length >= 10)
  const [events] = byProducer(collector.events).values()
  assertWhole(events, 10)
})

for (const then of ['stay', 'sigterm'] as const)
  test(`SIGTERM ends a host ${then === 'stay' ? 'at once, and the spool keeps its records' : 'after a flush, where it asked for one'}`, async (t) => {
    const collector = await collectorOf(t, then === 'stay')
    const spoolDir = then === 'stay' ? await temporaryFolder(t) : ''
    const host = spoolingHost(t, { dsn: collector.dsn, spoolDir, count: 50, after: then })
    await host.emitted
    host.process.kill('SIGTERM')
    assert.equal(await host.ended, 'SIGTERM')
    if (then === 'stay') {
      collector.gone = false
      emitterOf(t, { dsn: collector.dsn, spoolDir })
    }
    await collector.until((events) => events.length >= 50)
    assert.equal(idsOf(collector.events), 50)
  })
