import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baselineOf, robustDeviation } from '../../src/detect/statistics.js'

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
