import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toAttributes } from '@watchkeeper/sdk/attributes'
import { chainHash } from '@watchkeeper/sdk/chain'
import { producerEvent } from '@watchkeeper/sdk/event'
import { attributes, eventRecord, logsRequest, type Plain, traceId } from '../support/otlp.js'
import { testReceiver } from '../support/receiver.js'

/** A record as a producer that chains sends it. */
function chained(tool: string) {
  const event = producerEvent({
    kind: 'call',
    eventId: 'e',
    startedAt: 5,
    endedAt: 1_795_521_598_000_000,
    traceId,
    tool,
    sequence: 3,
    previousHash: 'a'.repeat(64),
    scopes: ['b', 'a'],
    argSignals: { entropy: 0.1 },
    argBytes: 70_000,
    delegates: true,
    detail: { posture: 'root' },
  })
  const hash = chainHash({ eventName: 'watchkeeper.call', traceId, spanId: '' }, toAttributes(event))
  return eventRecord({ ...event, hash })
}

const chainOf = async (t: Parameters<typeof testReceiver>[0], record: unknown) => {
  const receiver = await testReceiver(t)
  await receiver.send('/v1/logs', logsRequest([record]))
  assert.equal(receiver.letters().length, 0)
  return receiver.events()[0]?.attributes['receive.chain']
}

test('a record whose hash is right carries no mark, nor does one without a hash', async (t) => {
  assert.equal(await chainOf(t, chained('pay')), undefined)
  assert.equal(await chainOf(t, eventRecord({ eventId: 'e' })), undefined)
})

test('a record that was changed on its way is kept and marked', async (t) => {
  const record = chained('pay')
  const changed = (record['attributes'] as { key: string; value: object }[]).map((attribute) =>
    attribute.key === 'gen_ai.tool.name' ? { ...attribute, value: { stringValue: 'read' } } : attribute,
  )
  assert.equal(await chainOf(t, { ...record, attributes: changed }), 'broken')
  assert.equal(await chainOf(t, { ...record, eventName: 'watchkeeper.consent' }), 'broken')
  assert.equal(await chainOf(t, { ...record, traceId: 'cd'.repeat(16) }), 'broken')
})

test('a Collector that reorders attributes and adds its own does not break the hash', async (t) => {
  const record = chained('pay')
  const list = [...(record['attributes'] as object[])].reverse()
  const more = attributes({ 'collector.hop': 'eu-1', 'deployment.environment.name': 'prod' } as Record<string, Plain>)
  assert.equal(await chainOf(t, { ...record, attributes: [...more, ...list] }), undefined)
})

test('a sender cannot set the mark by itself', async (t) => {
  const record = chained('pay')
  const forged = [...(record['attributes'] as object[]), ...attributes({ 'receive.chain': 'sound' })]
  assert.equal(await chainOf(t, { ...record, attributes: forged }), undefined)
})

test('nor does it make another content of the record', async (t) => {
  const receiver = await testReceiver(t)
  const record = eventRecord({ eventId: 'e', tool: 'pay', detail: { b: '1', a: '2' }, scopes: ['x'] })
  const reordered = { ...record, attributes: [...(record['attributes'] as object[])].reverse() }
  await receiver.send('/v1/logs', logsRequest([record, reordered]))
  const [first, second] = receiver.events()
  assert.deepEqual([second?.recordId, second?.contentHash], [first?.recordId, first?.contentHash])
})
