import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson } from '@watchkeeper/sdk/canonical'
import { chainHash } from '@watchkeeper/sdk/chain'

const record = { eventName: 'watchkeeper.call', traceId: 'ab'.repeat(16), spanId: '' }
const attributes = {
  'watchkeeper.event.id': 'e1',
  'watchkeeper.producer.sequence': 7,
  'watchkeeper.producer.previous_hash': 'f'.repeat(64),
  'watchkeeper.detail.posture': 'root',
}

test('members are ordered by code units and written as RFC 8785 says', () => {
  // The example of RFC 8785 section 3.2.3: the order is that of UTF-16 code units, not of code points.
  const names = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
  assert.equal(canonicalJson(names), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}')
  assert.equal(canonicalJson([333333333.3333333, 1e30, 4.5, 2e-3, 1e-27]), '[333333333.3333333,1e+30,4.5,0.002,1e-27]')
  assert.equal(canonicalJson('a\ud800b'), '"a\ufffdb"')
})

test('the hash does not change when a Collector reorders attributes or adds its own', () => {
  const reordered = Object.fromEntries([['collector.added', 'x'], ...Object.entries(attributes).reverse()])
  assert.equal(chainHash(record, reordered), chainHash(record, attributes))
  assert.equal(
    chainHash(record, { ...attributes, 'watchkeeper.producer.hash': '0'.repeat(64) }),
    chainHash(record, attributes),
  )
})

test('the hash changes with the event, any value of ours, a detail, or the record before', () => {
  const hashes = [
    chainHash(record, attributes),
    chainHash({ ...record, eventName: 'watchkeeper.consent' }, attributes),
    chainHash({ ...record, traceId: 'cd'.repeat(16) }, attributes),
    chainHash(record, { ...attributes, 'watchkeeper.event.id': 'e2' }),
    chainHash(record, { ...attributes, 'watchkeeper.detail.posture': 'user' }),
    chainHash(record, { ...attributes, 'watchkeeper.producer.previous_hash': 'e'.repeat(64) }),
    chainHash(record, { ...attributes, 'watchkeeper.tool.claimed_class': 'read' }),
  ]
  assert.equal(new Set(hashes).size, hashes.length)
})
