import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decayed } from '../../src/detect/statistics/decay.js'
import { surprise } from '../../src/detect/statistics/rarity.js'
import { baselineOf, robustDeviation } from '../../src/detect/statistics/robust.js'
import { hourOfWeek, sameHours } from '../../src/detect/statistics/season.js'

const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 0.01, `${actual} ≠ ${expected}`)

test('the examples in the comments have the answers they state', () => {
  const usual = baselineOf([10, 12, 11, 9, 10, 500], 1)
  assert.deepEqual([usual.samples, usual.median], [6, 10.5])
  near(usual.spread, 1.4826)
  near(robustDeviation(16.43, usual), 4)
})

test('up to half of the samples may be outliers before the usual moves', () => {
  const quiet = [10, 11, 9, 10, 12, 10, 11]
  const noisy = [...quiet, 1e9, 1e9, 1e9]
  assert.ok(robustDeviation(60, baselineOf(noisy, 1)) > 10)
})

test('samples that are all alike do not make a small difference infinite', () => {
  const usual = baselineOf(Array(50).fill(0), 8)
  assert.equal(robustDeviation(4, usual), 0.5)
  assert.equal(robustDeviation(120, baselineOf(Array(50).fill(100), 1)), 2)
})

test('no samples give a baseline that says so, and no NaN', () => {
  const none = baselineOf([], 8)
  assert.equal(none.samples, 0)
  assert.equal(robustDeviation(0, none), 0)
})

test('the samples are not reordered', () => {
  const samples = [3, 1, 2]
  baselineOf(samples, 1)
  assert.deepEqual(samples, [3, 1, 2])
})

test('surprise: the prior on the first day, the counts later on', () => {
  assert.equal(surprise(0, 0, 0.25), 2)
  near(surprise(0, 1000, 0.25), 9.65)
  near(surprise(900, 1000, 0.25), 0.15)
  assert.ok(surprise(1, 1000, 0.25) < surprise(0, 1000, 0.25))
})

test('an average that forgets: by half with each half-life', () => {
  near(decayed([10, 10, 10, 20], 1) ?? 0, 15.33)
  near(decayed([7, 7, 7], 7) ?? 0, 7)
  assert.equal(decayed([], 7), undefined)
})

test('the hour of the week starts on Monday, and the week is a circle', () => {
  assert.equal(hourOfWeek(Date.UTC(2026, 10, 2, 10, 30) / 1000), 10)
  assert.equal(hourOfWeek(Date.UTC(2026, 10, 8, 23) / 1000), 167)
  const monday = Date.UTC(2026, 10, 2) / 1000
  const samples = Array.from({ length: 168 }, (_, index) => ({ hour: monday - 7 * 86_400 + index * 3_600 }))
  assert.deepEqual(
    sameHours(samples, monday).map(({ hour }) => hourOfWeek(hour)),
    [0, 1, 167],
  )
})
