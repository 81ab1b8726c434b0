import assert from 'node:assert/strict'
import { test } from 'node:test'
import protobuf from 'protobufjs/minimal.js'
import { WatchkeeperError } from '../../src/errors.js'
import { gate } from '../support/gate.js'
import { eventRecord, logsRequest, span, tracesRequest } from '../support/otlp.js'
import { gzipped, testReceiver } from '../support/receiver.js'

const json = { 'content-type': 'application/json' }
const proto = { 'content-type': 'application/x-protobuf' }

/** `google.rpc.Status`, read with the field numbers of its definition. */
function statusOf(body: Buffer): { code: number; message: string } {
  const reader = protobuf.Reader.create(body)
  const status = { code: 0, message: '' }
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (tag === 8) status.code = reader.int32()
    else if (tag === 18) status.message = reader.string()
    else reader.skipType(tag & 7)
  }
  return status
}

test('a full success leaves partial_success unset, in the type of the request', async (t) => {
  const receiver = await testReceiver(t)
  const asJson = await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })]))
  assert.deepEqual([asJson.status, asJson.headers['content-type'], asJson.json], [200, 'application/json', {}])
  const asProtobuf = await receiver.post('/v1/traces', Buffer.alloc(0), proto)
  assert.deepEqual(
    [asProtobuf.status, asProtobuf.headers['content-type'], asProtobuf.raw.length],
    [200, 'application/x-protobuf', 0],
  )
  assert.equal(receiver.events().length, 1)
})

test('an empty request is a success', async (t) => {
  const receiver = await testReceiver(t)
  for (const body of [{}, { resourceLogs: [] }, { resourceLogs: [{}] }])
    assert.equal((await receiver.send('/v1/logs', body)).status, 200)
  assert.equal(receiver.published.length, 0)
})

test('gzip and identity are read, parameters of the type are passed over, any other coding is 415', async (t) => {
  const receiver = await testReceiver(t)
  const body = JSON.stringify(logsRequest([eventRecord({ eventId: 'e1' })]))
  const status = async (payload: string | Buffer, headers: Record<string, string>) =>
    (await receiver.post('/v1/logs', payload, { ...json, ...headers })).status
  assert.equal(await status(gzipped(body), { 'content-encoding': 'gzip' }), 200)
  assert.equal(await status(body, { 'content-encoding': 'identity' }), 200)
  assert.equal(await status(body, { 'content-type': 'Application/JSON; charset=utf-8' }), 200)
  for (const coding of ['br', 'deflate', 'zstd', 'gzip, gzip'])
    assert.equal(await status(gzipped(body), { 'content-encoding': coding }), 415)
})

const refused: readonly (readonly [string, string, string, Record<string, string>, number, number])[] = [
  ['an unknown path', 'POST', '/v1/nothing', json, 404, 5],
  ['metrics', 'POST', '/v1/metrics', json, 404, 5],
  ['GET', 'GET', '/v1/logs', {}, 405, 12],
  ['DELETE', 'DELETE', '/v1/traces', {}, 405, 12],
  ['text', 'POST', '/v1/logs', { 'content-type': 'text/plain' }, 415, 3],
  ['no content type', 'POST', '/v1/logs', {}, 415, 3],
  ['a broken content type', 'POST', '/v1/logs', { 'content-type': ';;;' }, 415, 3],
  ['a path that cannot be decoded', 'POST', '/v1/%zz', json, 400, 3],
]
for (const [what, method, url, headers, status, code] of refused) {
  test(`${what} is ${status} with a Status body`, async (t) => {
    const { app } = await testReceiver(t)
    const reply = await app.inject({
      method: method as 'GET' | 'POST' | 'DELETE',
      url,
      headers,
      ...(method === 'POST' ? { payload: '{}' } : {}),
    })
    assert.equal(reply.statusCode, status)
    assert.equal(reply.headers['content-type'], 'application/json')
    assert.equal(reply.json().code, code)
    assert.ok(reply.json().message.length > 10)
    if (status === 405) assert.equal(reply.headers['allow'], 'POST')
  })
}

test('an error to a protobuf request is a protobuf Status', async (t) => {
  const receiver = await testReceiver(t)
  const broken = await receiver.post('/v1/logs', Buffer.from([0x0a, 0xff]), proto)
  assert.deepEqual([broken.status, broken.headers['content-type']], [400, 'application/x-protobuf'])
  assert.equal(statusOf(broken.raw).code, 3)
  assert.match(statusOf(broken.raw).message, /protobuf/)
  const missing = await receiver.post('/v1/nothing', Buffer.alloc(1), proto)
  assert.deepEqual([missing.status, statusOf(missing.raw).code], [404, 5])
})

test('whoever sends metrics is told how not to', async (t) => {
  const receiver = await testReceiver(t)
  const answer = await receiver.send('/v1/logs'.replace('logs', 'metrics') as '/v1/logs', {})
  assert.match((answer.json as { message: string }).message, /OTEL_METRICS_EXPORTER=none/)
})

test('records that are not understood are counted as rejected, and the good ones are kept', async (t) => {
  const receiver = await testReceiver(t)
  const bad = { eventName: 'watchkeeper.nonsense', attributes: [] }
  const answer = await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' }), bad, 7, bad]))
  assert.equal(answer.status, 200)
  const { partialSuccess } = answer.json as { partialSuccess: { rejectedLogRecords: string; errorMessage: string } }
  assert.equal(partialSuccess.rejectedLogRecords, '3')
  assert.match(partialSuccess.errorMessage, /2 unknown_event, 1 malformed_record/)
  assert.deepEqual(
    receiver.events().map(({ eventId }) => eventId),
    ['e1'],
  )
  assert.equal(receiver.letters().length, 3)
})

test('spans that are not of MCP are taken without a word, and counted as dropped', async (t) => {
  const receiver = await testReceiver(t)
  const answer = await receiver.send('/v1/traces', tracesRequest([span({ name: 'GET /', kind: 2 })]))
  assert.deepEqual([answer.status, answer.json], [200, {}])
  assert.equal(receiver.published.length, 0)
  const dropped = receiver.telemetry.counters().find(({ name }) => name === 'dropped')
  assert.deepEqual(dropped, { stage: 'receive', name: 'dropped', reason: 'not_mcp', value: 1 })
})

for (const code of ['WK_BUS_FULL', 'WK_BUS_UNAVAILABLE'] as const) {
  test(`${code} is 503 with Retry-After, and nothing is acknowledged`, async (t) => {
    const receiver = await testReceiver(t, {
      publish: async () => {
        throw new WatchkeeperError(code, 'no')
      },
    })
    const answer = await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })]))
    assert.equal(answer.status, 503)
    assert.match(String(answer.headers['retry-after']), /^\d+$/)
    assert.equal((answer.json as { code: number }).code, 14)
    const counters = receiver.telemetry.counters().map(({ name, value }) => `${name} ${value}`)
    assert.deepEqual(counters.sort(), ['failed 1', 'received 1'])
  })
}

test('a fault of ours is 503 and logged, never 500', async (t) => {
  const receiver = await testReceiver(t, {
    publish: async () => {
      throw new TypeError('surprise')
    },
  })
  const answer = await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })]))
  assert.equal(answer.status, 503)
  assert.ok(!answer.raw.includes('surprise'))
  assert.match(receiver.log(), /surprise/)
})

test('a bus that hangs is 503 after the deadline', async (t) => {
  const receiver = await testReceiver(t, { publish: () => new Promise(() => undefined), deadlineMs: 1 })
  const answer = await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })]))
  assert.equal(answer.status, 503)
})

test('the bus has what is left of 8 s after the last byte, and is not asked when nothing is', async (t) => {
  const deadlines: (number | undefined)[] = []
  const receiver = await testReceiver(t, {
    publish: async (_messages, options) => {
      deadlines.push(options?.deadlineMs)
    },
  })
  const send = () => receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })]))
  assert.equal((await send()).status, 200)
  assert.deepEqual(deadlines, [8000])
  const { clock } = receiver
  const goesOn = (eachLook: number) => {
    let { now } = clock
    Object.defineProperty(clock, 'now', { configurable: true, get: () => (now += eachLook) })
  }
  goesOn(500_000)
  assert.equal((await send()).status, 200)
  assert.ok((deadlines[1] ?? 8000) < 8000, String(deadlines[1]))
  goesOn(9_000_000)
  const late = await send()
  assert.equal(late.status, 503)
  assert.equal(deadlines.length, 2)
})

test('the answer comes after the acknowledgement', async (t) => {
  const acknowledged = gate()
  const order: string[] = []
  const published = gate()
  const receiver = await testReceiver(t, {
    publish: async () => {
      published.open()
      await acknowledged.opened
      order.push('acknowledged')
    },
  })
  const answered = receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })])).then(({ status }) => {
    order.push(`answered ${status}`)
  })
  await published.opened
  acknowledged.open()
  await answered
  assert.deepEqual(order, ['acknowledged', 'answered 200'])
})

test('while it stops, what is in hand is answered and what is new is 503', async (t) => {
  const acknowledged = gate()
  const published = gate()
  const receiver = await testReceiver(t, {
    publish: () => {
      published.open()
      return acknowledged.opened
    },
  })
  const inHand = receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e1' })]))
  await published.opened
  const drained = receiver.receiver.drain(60_000)
  const late = await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e2' })]))
  assert.equal(late.status, 503)
  assert.ok(late.headers['retry-after'])
  acknowledged.open()
  assert.equal((await inHand).status, 200)
  await drained
})
