import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Arrival, Pending } from '../../src/detect/pending.js'

const second = 1_000_000
const minute = 60 * second
const arrival = (given: Partial<Arrival> = {}): Arrival => ({
  tenant: 't',
  key: 'c:1',
  minute: 10 * minute,
  records: 1,
  earliest: 600 * second,
  ...given,
})
const keys = (pending: Pending, now: number) => pending.due(now, 100).map(({ key }) => key)

test('what was counted before is not new; one more record is', () => {
  const pending = new Pending({ rest: 0 })
  assert.equal(pending.arrived(arrival(), 0), true)
  for (const waiting of pending.due(0, 10)) pending.done(waiting)
  assert.equal(pending.arrived(arrival(), 1), false)
  assert.deepEqual(keys(pending, 1), [])
  assert.equal(pending.arrived(arrival({ records: 2 }), 2), true)
  assert.deepEqual(keys(pending, 2), ['c:1'])
})

test('a count that shrank (copies were merged, rows expired) is nothing new', () => {
  const pending = new Pending({ rest: 0 })
  pending.arrived(arrival({ records: 5 }), 0)
  assert.equal(pending.arrived(arrival({ records: 3 }), 1), false)
})

test('a session is due once it rested', () => {
  const pending = new Pending({ rest: second })
  pending.arrived(arrival(), 0)
  assert.deepEqual(keys(pending, second - 1), [])
  pending.arrived(arrival({ records: 2 }), second - 1)
  assert.deepEqual(keys(pending, second), [])
  assert.deepEqual(keys(pending, 2 * second), ['c:1'])
})

test('a session that never rests is due after ten times as long', () => {
  const pending = new Pending({ rest: second })
  for (let step = 0; step <= 20; step++) pending.arrived(arrival({ records: step + 1 }), step * (second / 2))
  assert.deepEqual(keys(pending, 10 * second), ['c:1'])
})

test('the watermark may not pass what waits', () => {
  const pending = new Pending({ rest: second })
  assert.equal(pending.storedFrom(), undefined)
  pending.arrived(arrival({ minute: 12 * minute }), 0)
  pending.arrived(arrival({ minute: 11 * minute, key: 'c:2' }), 0)
  assert.equal(pending.storedFrom(), 11 * minute)
  for (const waiting of pending.due(second, 10)) if (waiting.key === 'c:2') pending.done(waiting)
  assert.equal(pending.storedFrom(), 12 * minute)
})

test('what waits is told once, with the earliest of its records', () => {
  const pending = new Pending({ rest: 0 })
  pending.arrived(arrival({ earliest: 900 * second }), 0)
  pending.arrived(arrival({ minute: 11 * minute, earliest: 30 * second }), 0)
  assert.deepEqual(
    pending.due(0, 10).map(({ earliest }) => earliest),
    [30 * second],
  )
})

test('a session that waits for verdicts on absence is judged at once when something new arrives', () => {
  const pending = new Pending({ rest: 0 })
  pending.wait({ tenant: 't', key: 'c:1', earliest: 0, storedFrom: 0, since: 0, last: 0, notBefore: 50 * second })
  assert.deepEqual(keys(pending, 49 * second), [])
  assert.deepEqual(keys(pending, 50 * second), ['c:1'])
  pending.arrived(arrival(), 10 * second)
  assert.deepEqual(keys(pending, 10 * second), ['c:1'])
})

test('memory is bounded: the oldest counts are forgotten, which at worst judges a session once more', () => {
  const pending = new Pending({ rest: 0, remembered: 100 })
  for (let number = 0; number < 1000; number++) pending.arrived(arrival({ key: `c:${number}` }), 0)
  assert.equal(pending.arrived(arrival({ key: 'c:999' }), 1), false)
  assert.equal(pending.arrived(arrival({ key: 'c:0' }), 1), true)
})

test('tenants and keys that look alike are kept apart', () => {
  const pending = new Pending({ rest: 0 })
  pending.arrived(arrival({ tenant: 'a', key: 'b","c' }), 0)
  assert.equal(pending.arrived(arrival({ tenant: 'a","b', key: 'c' }), 0), true)
})
