import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type DeliveryProblem, Emitter, type EmitterOptions, type ProducerEvent } from '@watchkeeper/sdk'
import { toAttributes } from '@watchkeeper/sdk/attributes'
import { chainHash } from '@watchkeeper/sdk/chain'
import { eventNameOf } from '@watchkeeper/sdk/event'
import { type Answer, type Collector, startCollector } from '../support/collector.js'
import { until } from '../support/landing.js'

interface Producing {
  readonly collector: Collector
  readonly emitter: Emitter
  readonly problems: DeliveryProblem[]
}

async function producing(
  t: TestContext,
  answer?: (request: number) => Answer | undefined,
  options: Partial<EmitterOptions> = {},
): Promise<Producing> {
  const collector = await startCollector(answer)
  const problems: DeliveryProblem[] = []
  const onProblem = (problem: DeliveryProblem): void => void problems.push(problem)
  const emitter = new Emitter({ dsn: collector.dsn, onProblem, ...options })
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  return { collector, emitter, problems }
}

const say = (emitter: Emitter, tool: string): string => emitter.emit({ kind: 'call', facts: { tool } })
const numbers = (events: readonly ProducerEvent[]): number[] => events.map(({ sequence }) => sequence)

test('records are numbered without gaps and chained, each by the hash of the one before', async (t) => {
  const { collector, emitter } = await producing(t)
  for (const tool of ['a', 'b', 'c']) say(emitter, tool)
  await emitter.flush()
  assert.deepEqual(numbers(collector.events), [1, 2, 3])
  let previous = ''
  for (const event of collector.events) {
    assert.equal(event.previousHash, previous)
    const { traceId, spanId } = event
    previous = event.hash
    assert.equal(chainHash({ eventName: eventNameOf(event.kind), traceId, spanId }, toAttributes(event)), previous)
  }
})

test('a receiver that is away or full is waited for, and nothing is lost', async (t) => {
  const answers: readonly (Answer | undefined)[] = [
    'reset',
    { status: 503, headers: { 'retry-after': '0' } },
    'keep-and-reset',
    { status: 429, headers: { 'retry-after': '0' } },
  ]
  const { collector, emitter, problems } = await producing(t, (request) => answers[request])
  for (const tool of ['a', 'b']) say(emitter, tool)
  await emitter.flush()
  assert.deepEqual(numbers(collector.events), [1, 2, 1, 2])
  assert.deepEqual(
    problems.map(({ type }) => type),
    ['waiting', 'waiting', 'waiting', 'waiting'],
  )
  assert.deepEqual([emitter.counts.sent, emitter.counts.dropped], [2, 0])
})

test('a key that is not accepted holds records up instead of losing them', async (t) => {
  const { collector, emitter, problems } = await producing(t, () => ({ status: 401, body: { message: 'no such key' } }))
  say(emitter, 'a')
  const flushed = emitter.flush()
  await until(
    async () => problems.length,
    (told) => told > 0,
  )
  await emitter.close(50)
  await flushed
  assert.equal(collector.requests.length, 1)
  assert.deepEqual(
    problems.map(({ type, message }) => [type, message]),
    [
      ['waiting', 'status 401: no such key'],
      ['dropped', 'the producer was closed before they were sent'],
    ],
  )
})

test('what the receiver rejects is counted and told, and not sent again', async (t) => {
  const body = { partialSuccess: { rejectedLogRecords: 1, errorMessage: 'too old' } }
  const { collector, emitter, problems } = await producing(t, () => ({ status: 200, body }))
  for (const tool of ['a', 'b', 'c']) say(emitter, tool)
  await emitter.flush()
  assert.equal(collector.requests.length, 1)
  assert.deepEqual(problems, [{ type: 'rejected', records: 1, message: 'too old' }])
  assert.deepEqual([emitter.counts.sent, emitter.counts.rejected], [2, 1])
})

test('a request that is refused for good does not hold up the ones after it', async (t) => {
  const { collector, emitter } = await producing(t, (request) => (request === 0 ? { status: 400 } : undefined))
  say(emitter, 'a')
  await emitter.flush()
  say(emitter, 'b')
  await emitter.flush()
  assert.deepEqual(numbers(collector.events), [2])
  assert.equal(emitter.counts.rejected, 1)
})

test('a batch that is too large is halved until it fits', async (t) => {
  const { collector, emitter } = await producing(t, (request) => (request < 2 ? { status: 413 } : undefined))
  for (let index = 0; index < 8; index++) say(emitter, `tool ${index}`)
  await emitter.flush()
  assert.deepEqual(numbers(collector.events), [1, 2, 3, 4, 5, 6, 7, 8])
  assert.deepEqual(
    collector.requests.map(({ records }) => records),
    [8, 4, 2, 6],
  )
})

test('what does not fit the queue is missing in the numbering', async (t) => {
  const { collector, emitter, problems } = await producing(t, undefined, { maxQueueBytes: 3000 })
  for (let index = 0; index < 9; index++) say(emitter, 'a')
  await emitter.flush()
  say(emitter, 'last')
  await emitter.flush()
  const kept = numbers(collector.events)
  assert.equal(kept.at(-1), 10)
  assert.ok(kept.length < 10)
  assert.equal(kept.length + emitter.counts.dropped, 10)
  assert.ok(problems.every(({ type }) => type === 'dropped'))
})

test('contents that capture has no room for are omitted, and the calls still told', async (t) => {
  const { collector, emitter } = await producing(t)
  const many = 1000
  for (let index = 0; index < many; index++)
    emitter.emit({ kind: 'call', facts: {}, capture: (capturer) => capturer.arguments('tool', { index }) })
  await emitter.flush()
  assert.equal(collector.events.length, many)
  const omitted = collector.events.filter(({ argCapture }) => argCapture === 'omitted').length
  assert.ok(omitted > 0 && omitted < many, `${omitted} omitted`)
  assert.equal(emitter.counts.omitted, omitted)
})

test('heavy contents wait in a bounded memory, and in the order in which they were stated', async (t) => {
  const { collector, emitter } = await producing(t)
  const many = 100
  for (let index = 0; index < many; index++)
    emitter.emit({
      kind: 'call',
      facts: { requestId: String(index) },
      weight: 1_048_576,
      capture: (capturer) => capturer.arguments('tool', { index }),
    })
  await emitter.flush()
  const omitted = collector.events.filter(({ argCapture }) => argCapture === 'omitted').length
  assert.deepEqual([collector.events.length, omitted], [many, many - 32])
  const captured = collector.events.filter(({ argCapture }) => argCapture === 'captured')
  assert.deepEqual(
    captured.map(({ requestId }) => requestId),
    Array.from({ length: 32 }, (_, index) => String(index)),
  )
  emitter.emit({ kind: 'call', facts: {}, weight: 1e9, capture: (capturer) => capturer.arguments('tool', { one: 1 }) })
  await emitter.flush()
  assert.equal(collector.events.at(-1)?.argCapture, 'captured', 'one alone always has room')
})

test("the host's faults in its listener stay its own", async (t) => {
  const onProblem = (): never => assert.fail('broken on purpose')
  const answers: readonly (Answer | undefined)[] = ['reset']
  const { collector, emitter } = await producing(t, (request) => answers[request], { onProblem })
  say(emitter, 'a')
  await emitter.flush()
  assert.deepEqual(numbers(collector.events), [1])
})

test('the ingest key is sent as a bearer token, and the service named in the resource', async (t) => {
  const plain = await startCollector()
  t.after(() => plain.close())
  const emitter = new Emitter({ dsn: { ...plain.dsn, ingestKey: 'wk_key' }, service: 'desk' })
  say(emitter, 'a')
  await emitter.close()
  assert.equal(plain.requests[0]?.headers.authorization, 'Bearer wk_key')
})

test('time is finer than a millisecond, never stands still and never lies far from the wall clock', async (t) => {
  const { emitter } = await producing(t)
  let last = emitter.now()
  for (let index = 0; index < 10_000; index++) {
    const now = emitter.now()
    assert.ok(now > last)
    last = now
  }
  assert.ok(Math.abs(last / 1000 - Date.now()) < 100)
})
