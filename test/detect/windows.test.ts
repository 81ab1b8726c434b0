import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dateTime } from '../../src/detect/judge-window.js'
import { catchUp, planWindows, windowsIn } from '../../src/detect/windows.js'

test('windows are aligned to the epoch, whenever one begins', () => {
  assert.deepEqual(windowsIn(95, 305, 100), [
    { from: 100, to: 200 },
    { from: 200, to: 300 },
  ])
  assert.deepEqual(windowsIn(100, 300, 100), windowsIn(95, 305, 100))
  assert.deepEqual(windowsIn(101, 199, 100), [])
  assert.deepEqual(windowsIn(105, 305, 100), [{ from: 200, to: 300 }], 'none that began before')
})

test('a window is due once it ended and settled', () => {
  assert.deepEqual(planWindows(300, 409, 100, 10).windows, [])
  assert.deepEqual(planWindows(300, 410, 100, 10).windows, [{ from: 300, to: 400 }])
})

test('the first look ever judges the latest window only', () => {
  assert.deepEqual(planWindows(undefined, 1_010, 100, 10), { windows: [{ from: 900, to: 1_000 }], skipped: 0 })
})

test('after a downtime windows are caught up with in order, a bounded number at once, and not for ever', () => {
  const hour = 3_600_000_000
  const now = 1_000_000 * hour
  const plan = planWindows(now - 100 * hour, now, hour, 0)
  assert.equal(plan.windows.length, catchUp.together)
  assert.equal(plan.windows[0]?.from, now - 100 * hour)
  const long = planWindows(now - 1_000 * hour, now, hour, 0)
  assert.equal(long.windows[0]?.from, now - catchUp.reach)
  assert.equal(long.skipped, 1_000 - 7 * 24)
})

test('a time is bound to the microsecond', () => {
  assert.equal(dateTime(1_767_225_600_000_001), '2026-01-01 00:00:00.000001')
  assert.equal(dateTime(1_767_225_600_999_999), '2026-01-01 00:00:00.999999')
})
