import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProducerEvent, producerEvent } from '@watchkeeper/sdk/event'
import { auditEventOf, clockTolerance, type Reception, stableId } from '../src/audit-event.js'

const reception: Reception = {
  tenant: 't',
  owner: 'o',
  role: 'agent',
  form: 'event',
  receivedAt: 1_800_000_000_000_000,
}
const record = (said: Partial<ProducerEvent> = {}, given: Partial<Reception> = {}) =>
  auditEventOf(producerEvent({ kind: 'call', eventId: 'e1', producerId: 'p', startedAt: 5, endedAt: 6, ...said }), {
    ...reception,
    ...given,
  })

test('a record is itself again when it is sent again, whatever else its producer says the second time', () => {
  const first = record({ tool: 'a' })
  const again = record({ tool: 'a' }, { receivedAt: reception.receivedAt + 9 })
  const changed = record({ tool: 'b' })
  assert.equal(again.recordId, first.recordId)
  assert.equal(again.contentHash, first.contentHash)
  assert.equal(changed.recordId, first.recordId)
  assert.notEqual(changed.contentHash, first.contentHash)
})

test('another tenant, owner, producer or event id is another record', () => {
  const ids = [
    record(),
    record({}, { tenant: 'u' }),
    record({}, { owner: 'q' }),
    record({ producerId: 'r' }),
    record({ eventId: 'e2' }),
    record({ producerId: 'pe', eventId: '1' }),
  ].map(({ recordId }) => recordId)
  assert.equal(new Set(ids).size, ids.length)
})

test('a plain span is identified by trace, span and side', () => {
  const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), side: 'client' } as const
  const first = record(span, { form: 'span' })
  assert.equal(record({ ...span, eventId: 'other' }, { form: 'span' }).recordId, first.recordId)
  assert.notEqual(record({ ...span, side: 'server' }, { form: 'span' }).recordId, first.recordId)
})

test('both sides of a call share its key; without trace or request id there is none', () => {
  const call = { traceId: 'a'.repeat(32), requestId: '7', tool: 'pay' }
  assert.equal(record({ ...call, side: 'client' }).callKey, record({ ...call, side: 'server', eventId: 'e2' }).callKey)
  assert.deepEqual([record({ ...call, requestId: '' }).callKey, record({ ...call, traceId: '' }).callKey], ['', ''])
})

test('the strongest session key wins', () => {
  const all = { conversationId: 'C', mcpSessionId: 'M', traceId: 'T' }
  const keys = [all, { ...all, conversationId: '' }, { ...all, conversationId: '', mcpSessionId: '' }].map(
    (said) => record(said).sessionKey,
  )
  assert.deepEqual(keys, ['c:C', 'm:M', 't:T'])
})

test('records without a key belong together by subject and client, across services', () => {
  const alice = record({ subject: 'alice', clientName: 'ide', serverName: 'mail', producerId: 'mail-1' })
  assert.equal(alice.sessionSource, 'none')
  assert.equal(record({ subject: 'alice', clientName: 'ide', producerId: 'files-1' }).sessionKey, alice.sessionKey)
  assert.notEqual(record({ subject: 'bob', clientName: 'ide' }).sessionKey, alice.sessionKey)
  assert.notEqual(record({ subject: 'alice', clientName: 'cli' }).sessionKey, alice.sessionKey)
})

test('the unnamed callers of two services are not taken for one', () => {
  const unnamed = record({ clientName: 'ide', producerId: 'mail-1' })
  assert.notEqual(record({ clientName: 'ide', producerId: 'files-1' }).sessionKey, unnamed.sessionKey)
  assert.notEqual(record({ clientName: 'ide', producerId: 'mail-1' }, { owner: 'x' }).sessionKey, unnamed.sessionKey)
  assert.notEqual(record({ subject: 'mail-1' }).sessionKey, record({ producerId: 'mail-1' }).sessionKey)
})

test('no sender chooses partition or expiry', () => {
  const { receivedAt } = reception
  assert.equal(record({ endedAt: 0 }).keptAt, receivedAt - clockTolerance.behind)
  assert.equal(record({ endedAt: receivedAt * 3 }).keptAt, receivedAt + clockTolerance.ahead)
  assert.equal(record({ endedAt: receivedAt - 5 }).keptAt, receivedAt - 5)
})

test('only an agent key is believed about what lowers suspicion', () => {
  for (const kind of ['user_message', 'approval', 'consent'] as const) {
    assert.equal(record({ kind }).trusted, true)
    assert.equal(record({ kind }, { role: 'server' }).trusted, false)
    assert.equal(record({ kind }, { role: 'tap' }).trusted, false)
  }
  assert.equal(record({ kind: 'call' }, { role: 'server' }).trusted, true)
})

test('an id keeps its parts apart', () => {
  assert.notEqual(stableId('a', 'bc'), stableId('ab', 'c'))
  assert.match(stableId('a'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
