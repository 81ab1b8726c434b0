import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeadLetter } from '../../src/bus/index.js'
import { createPepper } from '../../src/receive/pepper.js'
import { eventRecord, logsRequest } from '../support/otlp.js'
import { testReceiver } from '../support/receiver.js'

const hash = '00112233445566aa'
const digest = 'ab'.repeat(16)

/** One of our events with every kind of hash in it, in attributes as a producer sends them. */
const record = () =>
  eventRecord({
    eventId: 'e',
    tool: 'pay',
    argFingerprints: [{ kind: 'name', hash, leaf: 0 }],
    resultFingerprints: [{ kind: 'date', hash, leaf: 1 }],
    argDigest: digest,
    resultDigest: digest,
    tokenFingerprint: hash,
    verbHashes: [hash],
    orders: [
      {
        position: 0,
        mood: 0.5,
        flags: [],
        verbs: [],
        nouns: [],
        verbHashes: [hash],
        atoms: [],
        following: [],
        shingles: [hash],
      },
    ],
    detail: { schema_digest: hash, annotations: 'readOnlyHint=true' },
  })

const more = (given: Record<string, unknown>, ...list: object[]): Record<string, unknown> => ({
  ...given,
  attributes: [...(given['attributes'] as object[]), ...list],
})
const unknownName = { key: 'watchkeeper.result.novel', value: { arrayValue: { values: [{ stringValue: hash }] } } }
const wrongType = { key: 'watchkeeper.arguments.bytes', value: { stringValue: 'many' } }

/** The attributes of the letter's one record. */
function attributesOf({ body }: DeadLetter): { key: string; value: { stringValue?: string } }[] {
  const { resourceLogs } = JSON.parse(body) as {
    resourceLogs: { scopeLogs: { logRecords: { attributes: { key: string; value: object }[] }[] }[] }[]
  }
  return resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.attributes ?? []
}

test('a dead letter of one of our events shows no hash that has no pepper, and all that is clear', async (t) => {
  const receiver = await testReceiver(t)
  await receiver.send('/v1/logs', logsRequest([more(record(), wrongType, unknownName)]))
  const [letter] = receiver.letters()
  assert.ok(letter)
  assert.equal(letter.reason, 'invalid_event')
  assert.ok(!letter.body.includes(hash) && !letter.body.includes(digest))
  const names = attributesOf(letter).map(({ key }) => key)
  for (const clear of ['gen_ai.tool.name', 'watchkeeper.detail.annotations', 'watchkeeper.event.id'])
    assert.ok(names.includes(clear), clear)
  assert.ok(!names.includes('watchkeeper.result.novel'), 'what a newer version calls a hash is not known here')
})

test('replayed after it is mended, it is the very record that was sent: peppered once', async (t) => {
  const receiver = await testReceiver(t)
  await receiver.send('/v1/logs', logsRequest([record()]))
  await receiver.send('/v1/logs', logsRequest([{ ...record(), eventName: 'watchkeeper.novel' }]))
  const [letter] = receiver.letters()
  assert.ok(letter)
  // Stands for a receiver that knows the event by now.
  const mended = letter.body.replace('watchkeeper.novel', 'watchkeeper.call')
  await receiver.post('/v1/logs', mended, { 'content-type': 'application/json' })
  const [sent, replayed] = receiver.events()
  assert.ok(sent)
  assert.deepEqual(replayed, sent)
})

test('a letter that is still not understood is the same letter, to the byte', async (t) => {
  const receiver = await testReceiver(t)
  await receiver.send('/v1/logs', logsRequest([{ ...record(), eventName: 'watchkeeper.novel' }]))
  await receiver.post('/v1/logs', receiver.letters()[0]?.body ?? '', { 'content-type': 'application/json' })
  const [first, second] = receiver.letters()
  assert.deepEqual(second, first)
})

test('what others sealed, or nobody, is refused: an event without its hashes would look harmless', async (t) => {
  const receiver = await testReceiver(t)
  const foreign = createPepper('another pepper')
    .sealOf('default')
    .close({ 'watchkeeper.verb_hashes': [hash] })
  const tenant = createPepper('a pepper for tests')
    .sealOf('other')
    .close({ 'watchkeeper.verb_hashes': [hash] })
  for (const sealed of [foreign, tenant, 'x', '']) {
    const attribute = { key: 'watchkeeper.sealed', value: { stringValue: sealed } }
    await receiver.send('/v1/logs', logsRequest([more(eventRecord({ eventId: sealed.slice(0, 9) || 'e' }), attribute)]))
  }
  assert.equal(receiver.events().length, 0)
  for (const { reason, explanation } of receiver.letters())
    assert.deepEqual([reason, explanation.split(':')[0]], ['invalid_event', 'watchkeeper.sealed'])
})

test('a seal keeps values of every type apart from text', () => {
  const seal = createPepper('a pepper for tests').sealOf('t')
  const values = { a: 1, b: 2n ** 63n, c: true, d: ['x', 'y'], e: '9223372036854775808', f: 0.5 }
  assert.deepEqual(seal.open(seal.close(values)), values)
})
