import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backOffMs } from '../../src/alert/back-off.js'

const unit = fc.double({ min: 0, max: 1, noNaN: true })
const attempt = fc.integer({ min: 1, max: 10_000 })

test('pauses double from two seconds to ten minutes', () => {
  const pauses = [1, 2, 3, 8, 9, 10, 1_000].map((attempt) => backOffMs(attempt, 0))
  assert.deepEqual(pauses, [2_000, 4_000, 8_000, 256_000, 512_000, 600_000, 600_000])
})

test('jitter takes at most half of a pause away', () => {
  fc.assert(
    fc.property(attempt, unit, (attempt, random) => {
      const full = backOffMs(attempt, 0)
      assert.ok(backOffMs(attempt, random) <= full && backOffMs(attempt, random) >= full / 2)
    }),
  )
})

test('a receiver that asks for a pause gets at least that', () => {
  fc.assert(
    fc.property(attempt, unit, fc.integer({ min: 0, max: 3_600_000 }), (attempt, random, afterMs) => {
      const pause = backOffMs(attempt, random, afterMs)
      assert.ok(pause >= afterMs && pause <= Math.max(600_000, afterMs * 1.1 + 1))
    }),
  )
})
