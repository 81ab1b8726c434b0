/**
 * Every kind of bad input, its answer, and that the good records of the same request are kept. Requests as a whole that
 * cannot be read are 400 and nothing of them is kept; a bad record alone is a dead letter beside its good neighbours.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { clockTolerance } from '../../src/audit-event.js'
import { bounds } from '../../src/receive/otlp/export.js'
import { anyValue, eventRecord, logsRequest, type Plain, span, tracesRequest } from '../support/otlp.js'
import { attributeOf, encode, eventParts, logsOf, type Part, textValue } from '../support/protobuf.js'
import { gzipped, receivedAt, type TestReceiver, testReceiver } from '../support/receiver.js'

const proto = { 'content-type': 'application/x-protobuf' }
const json = { 'content-type': 'application/json' }

const good = (eventId: string) => eventRecord({ eventId })
const keptIds = (receiver: TestReceiver) => receiver.events().map(({ eventId }) => eventId)
const reasons = (receiver: TestReceiver) => receiver.letters().map(({ reason }) => reason)

/** Sends a bad record between two good ones, and tells why it became a dead letter. */
async function amidGood(t: TestContext, bad: unknown): Promise<TestReceiver> {
  const receiver = await testReceiver(t)
  const answer = await receiver.send('/v1/logs', logsRequest([good('before'), bad, good('after')]))
  assert.equal(answer.status, 200)
  assert.deepEqual(keptIds(receiver), ['before', 'after'])
  return receiver
}

async function amidGoodProtobuf(t: TestContext, bad: readonly Part[] | Uint8Array): Promise<TestReceiver> {
  const receiver = await testReceiver(t)
  const body = logsOf([eventParts('before'), bad, eventParts('after')])
  const answer = await receiver.post('/v1/logs', body, proto)
  assert.equal(answer.status, 200)
  assert.deepEqual(keptIds(receiver), ['before', 'after'])
  return receiver
}

const withAttribute = (key: string, value: unknown): object => {
  const record = good('bad')
  return { ...record, attributes: [...(record['attributes'] as object[]), { key, value }] }
}

test('protobuf that ends in the middle is 400 at every length, and nothing of it is kept', async (t) => {
  const receiver = await testReceiver(t)
  const whole = logsOf([eventParts('one'), eventParts('two')])
  for (let length = 1; length < whole.length; length += 1)
    assert.equal((await receiver.post('/v1/logs', whole.subarray(0, length), proto)).status, 400, `${length} bytes`)
  assert.equal(receiver.published.length, 0)
})

test('a record in protobuf that is broken inside is a dead letter, its neighbours are kept', async (t) => {
  const whole = encode(eventParts('bad'))
  const receiver = await amidGoodProtobuf(t, whole.subarray(0, -3))
  assert.deepEqual(reasons(receiver), ['malformed_record'])
})

test('protobuf of random bytes is 400 or dead letters, never a fault', async (t) => {
  const receiver = await testReceiver(t)
  let seed = 7
  for (let round = 0; round < 300; round += 1) {
    const bytes = Buffer.from(logsOf([eventParts('one'), eventParts('two')]))
    for (let change = 0; change < 3; change += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      bytes[seed % bytes.length] = (seed >> 8) & 0xff
    }
    const { status } = await receiver.post('/v1/logs', bytes, proto)
    assert.ok(status === 200 || status === 400, `${status}`)
  }
  assert.doesNotMatch(receiver.log(), /could not be translated/)
})

for (const [what, body] of [
  ['that ends in the middle', JSON.stringify(logsRequest([good('quoted')])).slice(0, -9)],
  ['that is a list', '[]'],
  ['that is empty', ''],
  ['with a wrong envelope', '{"resourceLogs":{"scopeLogs":[]}}'],
  ['with a wrong scope', '{"resourceLogs":[{"scopeLogs":"x"}]}'],
  ['with wrong records', '{"resourceLogs":[{"scopeLogs":[{"logRecords":{}}]}]}'],
] as const) {
  test(`JSON ${what} is 400, and the answer does not quote it`, async (t) => {
    const receiver = await testReceiver(t)
    const answer = await receiver.post('/v1/logs', body, json)
    assert.equal(answer.status, 400)
    assert.equal((answer.json as { code: number }).code, 3)
    assert.ok(!answer.raw.toString().includes('quoted'))
    assert.equal(receiver.published.length, 0)
  })
}

test('gzip that ends in the middle, and what is no gzip, is 400', async (t) => {
  const receiver = await testReceiver(t)
  const whole = gzipped(JSON.stringify(logsRequest([good('a')])))
  const headers = { ...json, 'content-encoding': 'gzip' }
  for (const body of [whole.subarray(0, -9), Buffer.from('{}'), whole.subarray(5)])
    assert.equal((await receiver.post('/v1/logs', body, headers)).status, 400)
  assert.equal(receiver.published.length, 0)
})

test('a body that is too large as sent is 413, declared or not', async (t) => {
  const receiver = await testReceiver(t, { config: { receiveMaxBody: 2048 } })
  const answer = await receiver.post('/v1/logs', Buffer.alloc(2049, ' '), json)
  assert.equal(answer.status, 413)
  assert.equal((answer.json as { code: number }).code, 8)
})

test('a gzip bomb is 413 and is not unfolded beyond the bound', async (t) => {
  const receiver = await testReceiver(t, { config: { receiveMaxDecoded: 65_536 } })
  const bomb = gzipped(Buffer.alloc(50_000_000, ' '))
  const answer = await receiver.post('/v1/logs', bomb, { ...json, 'content-encoding': 'gzip' })
  assert.equal(answer.status, 413)
  assert.match((answer.json as { message: string }).message, /after decompression/)
})

test('more bytes at once than there is room for is 503 with Retry-After, and the room is given back', async (t) => {
  const receiver = await testReceiver(t, { config: { receiveMaxInFlight: 1_048_576, receiveMaxBody: 4_194_304 } })
  const large = await receiver.post('/v1/logs', Buffer.alloc(1_048_577, ' '), json)
  assert.equal(large.status, 503)
  assert.ok(large.headers['retry-after'])
  assert.equal((await receiver.send('/v1/logs', logsRequest([good('a')]))).status, 200)
  assert.equal(receiver.telemetry.gauges().get('receive_in_flight_bytes'), 0)
})

test('a value nested too deeply is a dead letter, in JSON and in protobuf', async (t) => {
  let nested: Plain = 'deep'
  let parts: Part[] = textValue('deep')
  for (let level = 0; level < 100; level += 1) {
    nested = [nested]
    parts = [[5, [[1, parts]]]]
  }
  assert.deepEqual(reasons(await amidGood(t, withAttribute('deep', anyValue(nested)))), ['too_deep'])
  const bad: Part[] = [...eventParts('bad'), [6, attributeOf('deep', parts)]]
  assert.deepEqual(reasons(await amidGoodProtobuf(t, bad)), ['too_deep'])
})

test('nesting that would exhaust the stack is a dead letter', async (t) => {
  const receiver = await testReceiver(t)
  const levels = 100_000
  const text = '{"arrayValue":{"values":['.repeat(levels) + ']}}'.repeat(levels)
  const body = JSON.stringify(logsRequest([good('before'), withAttribute('deep', 'HERE'), good('after')]))
  const answer = await receiver.post('/v1/logs', body.replace('"HERE"', text), json)
  assert.equal(answer.status, 200)
  assert.deepEqual([keptIds(receiver), reasons(receiver)], [['before', 'after'], ['too_deep']])
  let bytes: Buffer = Buffer.alloc(0)
  for (let level = 0; level < 5000; level += 1) bytes = encode([[5, encode([[1, bytes]])]])
  const record = Buffer.concat([
    encode(eventParts('bad')),
    encode([
      [
        6,
        encode([
          [1, 'deep'],
          [2, bytes],
        ]),
      ],
    ]),
  ])
  assert.deepEqual(reasons(await amidGoodProtobuf(t, record)), ['too_deep'])
})

for (const [what, change] of [
  ['a number where a string belongs', { attributes: [{ key: 'watchkeeper.event.id', value: { stringValue: 7 } }] }],
  ['attributes that are an object', { attributes: { a: 1 } }],
  ['an attribute that is a word', { attributes: ['x'] }],
  ['an attribute without a key', { attributes: [{ value: { stringValue: 'x' } }] }],
  ['a bare value', { attributes: [{ key: 'a', value: 'x' }] }],
  ['an integer beyond 64 bits', { attributes: [{ key: 'a', value: { intValue: '9223372036854775808' } }] }],
  ['a trace id that is not hex', { traceId: 'zz'.repeat(16) }],
  ['a trace id in base64', { traceId: 'CvdlGRbNQ92ESOshHIAxnA==' }],
  ['a span id of the wrong length', { spanId: 'abcd' }],
  ['a time that is a word', { timeUnixNano: 'yesterday' }],
  ['a time before all time', { timeUnixNano: '-1' }],
  ['an event name that is a number', { eventName: 5 }],
] as const) {
  test(`${what} is a dead letter`, async (t) => {
    const receiver = await amidGood(t, { ...good('bad'), ...change })
    assert.deepEqual(reasons(receiver), ['malformed_record'])
  })
}

test('a field of another wire type is a dead letter', async (t) => {
  const receiver = await amidGoodProtobuf(t, [...eventParts('bad'), [9, { varint: 5 }]])
  assert.deepEqual(reasons(receiver), ['malformed_record'])
})

test('a resource that cannot be read takes its own records along, and no others', async (t) => {
  const receiver = await testReceiver(t)
  const of = (resource: unknown, eventId: string) => ({ resource, scopeLogs: [{ logRecords: [good(eventId)] }] })
  const body = { resourceLogs: [of({}, 'a'), of({ attributes: 5 }, 'b'), of({}, 'c')] }
  assert.equal((await receiver.send('/v1/logs', body)).status, 200)
  assert.deepEqual([keptIds(receiver), reasons(receiver)], [['a', 'c'], ['malformed_record']])
})

test('a resource with too many attributes, or too many broken ones, costs its records and no more', async (t) => {
  const receiver = await testReceiver(t)
  const many = Array.from({ length: 5000 }, (_, index) => ({ key: `k${index}`, value: { stringValue: 'v' } }))
  const broken = Array.from({ length: 5000 }, () => 'x')
  const of = (attributes: unknown) => ({
    resource: { attributes },
    scopeLogs: [{ logRecords: Array.from({ length: 500 }, (_, index) => good(`e${index}`)) }],
  })
  const body = { resourceLogs: [of(many), of(broken), { scopeLogs: [{ logRecords: [good('kept')] }] }] }
  assert.equal((await receiver.send('/v1/logs', body)).status, 200)
  assert.deepEqual(keptIds(receiver), ['kept'])
  assert.deepEqual([...new Set(reasons(receiver))], ['too_many_values', 'malformed_record'])
  const bodies = receiver.letters().map((letter) => letter.body.length)
  assert.ok(bodies.length === 1000 && Math.max(...bodies) < 2000)
})

test('a large request does not keep a small one waiting until it is done', async (t) => {
  const receiver = await testReceiver(t)
  const large = logsRequest(Array.from({ length: 6000 }, (_, index) => good(`large-${index}`)))
  const [first, second] = [receiver.send('/v1/logs', large), receiver.send('/v1/logs', logsRequest([good('small')]))]
  assert.deepEqual([(await first).status, (await second).status], [200, 200])
  assert.equal(keptIds(receiver)[0], 'small')
})

test('a field of one of our events with a wrong value is a dead letter that says which, without the value', async (t) => {
  for (const [name, value] of [
    ['watchkeeper.side', { stringValue: 'sideways' }],
    ['watchkeeper.arguments.bytes', { intValue: '-5' }],
    ['watchkeeper.arguments.fingerprints', anyValue(['email:nothex:1'])],
    ['watchkeeper.producer.hash', { stringValue: 'nothex' }],
    ['watchkeeper.scopes.held', anyValue(Array.from({ length: 200 }, () => 'scope'))],
    ['watchkeeper.subject', { stringValue: 'sideways'.repeat(1000) }],
    ['watchkeeper.detail.nothex', anyValue({ sideways: true })],
    ['watchkeeper.detail.Sideways Name', { stringValue: 'x' }],
  ] as const) {
    const record = {
      ...good('bad'),
      attributes: [
        { key: 'watchkeeper.event.id', value: { stringValue: 'bad' } },
        { key: name, value },
      ],
    }
    const receiver = await amidGood(t, record)
    const [letter] = receiver.letters()
    assert.equal(letter?.reason, 'invalid_event', name)
    assert.doesNotMatch(letter?.explanation ?? '', /sideways|nothex/i)
  }
})

test('an event id that is missing or too long is a dead letter', async (t) => {
  const without = { ...good('bad'), attributes: [] }
  assert.deepEqual(reasons(await amidGood(t, without)), ['invalid_event'])
  assert.deepEqual(reasons(await amidGood(t, good('x'.repeat(201)))), ['invalid_event'])
})

test('an unknown event name is a dead letter, and keeps its attributes for a receiver that knows it', async (t) => {
  const receiver = await amidGood(t, { ...good('bad'), eventName: 'watchkeeper.sabotage' })
  const [letter] = receiver.letters()
  assert.equal(letter?.reason, 'unknown_event')
  assert.match(letter?.body ?? '', /watchkeeper\.event\.id.*bad.*watchkeeper\.sabotage/)
})

test('a capture version of the future is kept: whoever compares decides', async (t) => {
  const receiver = await testReceiver(t)
  await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e', captureVersion: 99 })]))
  assert.equal(receiver.events()[0]?.captureVersion, 99)
})

test('clocks in 1970 and 2100 are kept as claimed, and filed under a time that no sender chooses', async (t) => {
  const receiver = await testReceiver(t)
  const [year1970, year2100] = [1_000_000, Date.UTC(2100, 0) * 1000]
  const at = (eventId: string, time: number) => eventRecord({ eventId, startedAt: time, endedAt: time })
  await receiver.send('/v1/logs', logsRequest([at('old', year1970), good('now'), at('new', year2100)]))
  const [old, , late] = receiver.events()
  assert.deepEqual([old?.endedAt, old?.keptAt], [year1970, receivedAt - clockTolerance.behind])
  assert.deepEqual([late?.endedAt, late?.keptAt], [year2100, receivedAt + clockTolerance.ahead])
  assert.equal(receiver.letters().length, 0)
})

test('a record that gives no time is filed under its receipt, and is the same when it comes again', async (t) => {
  const receiver = await testReceiver(t)
  const record = {
    eventName: 'watchkeeper.call',
    attributes: [{ key: 'watchkeeper.event.id', value: { stringValue: 'e' } }],
  }
  await receiver.send('/v1/logs', logsRequest([record]))
  receiver.clock.now += 5_000_000
  await receiver.send('/v1/logs', logsRequest([record]))
  const [first, again] = receiver.events()
  assert.deepEqual([first?.keptAt, again?.keptAt], [receivedAt, receivedAt + 5_000_000])
  assert.deepEqual([again?.recordId, again?.contentHash], [first?.recordId, first?.contentHash])
})

test('the end of the range of times is no fault', async (t) => {
  const receiver = await testReceiver(t)
  const last = { timeUnixNano: '18446744073709551615' }
  const answer = await receiver.send('/v1/logs', logsRequest([{ ...last, ...without(good('e'), 'timeUnixNano') }]))
  assert.deepEqual([answer.status, receiver.events().length], [200, 1])
})

test('one id with two contents is one record with two hashes: the first can win', async (t) => {
  const receiver = await testReceiver(t)
  const records = [eventRecord({ eventId: 'e', tool: 'pay' }), eventRecord({ eventId: 'e', tool: 'read' })]
  await receiver.send('/v1/logs', logsRequest([...records, records[0]]))
  const [first, other, again] = receiver.events()
  assert.equal(first?.recordId, other?.recordId)
  assert.notEqual(first?.contentHash, other?.contentHash)
  assert.equal(first?.contentHash, again?.contentHash)
})

test('NUL bytes and lone surrogates neither stop a record nor travel on as broken text', async (t) => {
  const receiver = await testReceiver(t)
  const body = JSON.stringify(logsRequest([eventRecord({ eventId: 'e\u0000', tool: 'a\u0000b' }), good('after')]))
  assert.equal((await receiver.post('/v1/logs', body.replace('after', 'aft\\ud800er'), json)).status, 200)
  assert.deepEqual(keptIds(receiver), ['e\u0000', 'aft\ufffder'])
  assert.equal(receiver.events()[0]?.tool, 'a\u0000b')
  const invalidUtf8 = Buffer.from([0xc3, 0x28])
  const parts: Part[] = [...eventParts('bytes'), [6, attributeOf('gen_ai.tool.name', [[1, invalidUtf8]])]]
  assert.equal((await receiver.post('/v1/logs', logsOf([parts]), proto)).status, 200)
  assert.equal(receiver.events()[2]?.tool, '\ufffd(')
})

test('more attributes than a record may have is a dead letter of bounded size', async (t) => {
  const many = Array.from({ length: bounds.attributes + 1 }, (_, index) => ({
    key: `watchkeeper.x${index}`,
    value: { stringValue: 'y'.repeat(1000) },
  }))
  const receiver = await amidGood(t, { ...good('bad'), attributes: many })
  assert.deepEqual(reasons(receiver), ['too_many_values'])
  assert.ok((receiver.letters()[0]?.body.length ?? 0) < 300_000)
  const parts = many.map(({ key }): Part => [6, attributeOf(key, textValue('y'))])
  assert.deepEqual(reasons(await amidGoodProtobuf(t, [...eventParts('bad'), ...parts])), ['too_many_values'])
})

test('more values than a record may have is a dead letter', async (t) => {
  const list = Array.from({ length: bounds.recordValues + 1 }, () => 1)
  assert.deepEqual(reasons(await amidGood(t, withAttribute('many', anyValue(list)))), ['too_many_values'])
})

test('more records than a request may have is 413', async (t) => {
  const receiver = await testReceiver(t)
  const body = encode([[1, [[2, Array.from({ length: bounds.records + 1 }, (): Part => [2, []])]]]])
  assert.equal((await receiver.post('/v1/logs', body, proto)).status, 413)
  const jsonBody = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${'{},'.repeat(bounds.records)}{}]}]}]}`
  assert.equal((await receiver.post('/v1/logs', jsonBody, json)).status, 413)
})

test('a small body that would become a large heap is 413 before it is parsed', async (t) => {
  const receiver = await testReceiver(t, { config: { receiveMaxDecoded: 104_857_600 } })
  const body = gzipped(`{"resourceLogs":[${'{},'.repeat(bounds.requestValues * 3)}{}]}`)
  const answer = await receiver.post('/v1/logs', body, { ...json, 'content-encoding': 'gzip' })
  assert.equal(answer.status, 413)
})

test('an event that would not fit into a message of the bus is a dead letter', async (t) => {
  const long = Array.from({ length: 128 }, () => 'x'.repeat(4096))
  const receiver = await amidGood(
    t,
    eventRecord({ eventId: 'bad', scopes: long, destinations: long, delegation: long }),
  )
  assert.deepEqual(reasons(receiver), ['too_large'])
})

test('what would not fit is counted in bytes and not in characters', async (t) => {
  const wide = Array.from({ length: 100 }, () => '\u4e16'.repeat(4096))
  const receiver = await amidGood(t, eventRecord({ eventId: 'bad', scopes: wide }))
  assert.deepEqual(reasons(receiver), ['too_large'])
  const narrow = Array.from({ length: 100 }, () => 'x'.repeat(4096))
  await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'fits', scopes: narrow })]))
  assert.equal(keptIds(receiver).at(-1), 'fits')
})

test('an MCP span without ids is a dead letter, a foreign span without ids is none of ours', async (t) => {
  const receiver = await testReceiver(t)
  const attributes = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'add' }
  const spans = [
    span({ name: 'tools/call add', attributes, traceId: '0'.repeat(32) }),
    span({ name: 'tools/call add', attributes }),
    span({ name: 'GET /', traceId: '' }),
  ]
  const answer = await receiver.send('/v1/traces', tracesRequest(spans))
  assert.equal((answer.json as { partialSuccess: { rejectedSpans: string } }).partialSuccess.rejectedSpans, '1')
  assert.deepEqual([receiver.events().length, reasons(receiver)], [1, ['no_identity']])
})

test('members that OTLP does not know are passed over', async (t) => {
  const receiver = await testReceiver(t)
  const body = { ...logsRequest([{ ...good('e'), fromTheFuture: { deep: [] } }]), more: 1 }
  assert.equal((await receiver.send('/v1/logs', body)).status, 200)
  const parts: Part[] = [...eventParts('f'), [1000, 'x'], [1001, { varint: 5 }]]
  assert.equal((await receiver.post('/v1/logs', logsOf([parts]), proto)).status, 200)
  assert.deepEqual(keptIds(receiver), ['e', 'f'])
})

test('a name like __proto__ is a name like any other', async (t) => {
  const receiver = await testReceiver(t)
  const record = good('e')
  const attributes = [...(record['attributes'] as object[]), { key: '__proto__', value: anyValue({ tool: 'x' }) }]
  await receiver.send('/v1/logs', logsRequest([{ ...record, attributes }]))
  assert.deepEqual(keptIds(receiver), ['e'])
  assert.equal(({} as { tool?: string }).tool, undefined)
})

function without(record: Record<string, unknown>, name: string): Record<string, unknown> {
  const { [name]: _, ...rest } = record
  return rest
}
