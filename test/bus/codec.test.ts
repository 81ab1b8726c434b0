import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode, encode, maxValueBytes } from '../../src/bus/kafka/codec.js'
import { auditEvent } from '../support/events.js'

const now = () => 7
const place = { topic: 'events', partition: 3, offset: '41' }

test('what is encoded is decoded the same, whatever text an attacker put into it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 })
  fc.assert(
    fc.property(text, text, fc.dictionary(text, text), (tenant, tool, attributes) => {
      const message = { type: 'event', event: auditEvent({ tenant, tool, attributes }) } as const
      const { key, value, deadLetter } = encode(message, now)
      assert.equal(deadLetter, false)
      assert.deepEqual(
        JSON.parse(JSON.stringify(decode({ ...place, key: Buffer.from(key), value }, now))),
        JSON.parse(JSON.stringify(message)),
      )
    }),
  )
})

test('no bytes make decoding fail; what is no message becomes a dead letter of bounded size', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json().map((json) => Buffer.from(json)),
  )
  fc.assert(
    fc.property(bytes, bytes, (key, value) => {
      const read = decode({ ...place, key: Buffer.from(key), value: Buffer.from(value) }, now)
      assert.ok(read.type === 'dead-letter' && read.letter.reason === 'undecodable')
      assert.ok(encode(read, now).value.length <= maxValueBytes)
    }),
  )
})

test('the same unreadable record read twice is one dead letter, another record is another', () => {
  const idOf = (offset: string) => {
    const read = decode({ ...place, offset, key: null, value: Buffer.from('x') }, now)
    return read.type === 'dead-letter' ? read.letter.id : ''
  }
  assert.equal(idOf('1'), idOf('1'))
  assert.notEqual(idOf('1'), idOf('2'))
})

test('records of one trace have one key, records without a trace go by their producer, tenants never share a key', () => {
  const keyOf = (given: Parameters<typeof auditEvent>[0]) =>
    encode({ type: 'event', event: auditEvent(given) }, now).key
  assert.equal(keyOf({ traceId: 'a', producerId: 'x' }), keyOf({ traceId: 'a', producerId: 'y' }))
  assert.equal(keyOf({ traceId: '', producerId: 'x' }), keyOf({ traceId: '', producerId: 'x' }))
  assert.notEqual(keyOf({ traceId: '', producerId: 'x' }), keyOf({ traceId: '', producerId: 'y' }))
  assert.notEqual(keyOf({ tenant: 'a', traceId: 'bc' }), keyOf({ tenant: 'ab', traceId: 'c' }))
})

test('an event beyond the limit becomes a dead letter with its tenant, its reason and the beginning of its body', () => {
  const { deadLetter, value } = encode({ type: 'event', event: auditEvent({ tool: 'x'.repeat(maxValueBytes) }) }, now)
  assert.equal(deadLetter, true)
  const read = decode({ ...place, key: null, value }, now)
  assert.ok(read.type === 'dead-letter')
  assert.equal(read.letter.tenant, 'acme')
  assert.equal(read.letter.reason, 'too_large')
  assert.ok(read.letter.body.startsWith('{"v":1,"type":"event"'))
})
