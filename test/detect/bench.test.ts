import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bench } from '../../src/detect/bench.js'

const minute = 60_000_000

test('a detector sits out after failing on three sessions in a row, each time twice as long, an hour at most', () => {
  const bench = new Bench()
  const rests: number[] = []
  let now = 0
  for (let round = 0; round < 9; round++) {
    const until = ['a', 'b', 'c'].map((session) => bench.failed('d', 't', `${session}${round}`, now)).at(-1) ?? 0
    rests.push((until - now) / minute)
    assert.equal(bench.rests('d', 't', now), true)
    now = until
    assert.equal(bench.rests('d', 't', now), false)
  }
  assert.deepEqual(rests, [1, 2, 4, 8, 16, 32, 60, 60, 60])
})

test('one session that fails again and again benches nobody', () => {
  const bench = new Bench()
  for (let time = 0; time < 50; time++) bench.failed('d', 't', 'the same', time)
  assert.equal(bench.rests('d', 't', 50), false)
})

test('a success in between begins the count anew', () => {
  const bench = new Bench()
  bench.failed('d', 't', 'a', 0)
  bench.failed('d', 't', 'b', 0)
  bench.succeeded('d', 't')
  bench.failed('d', 't', 'c', 0)
  assert.equal(bench.rests('d', 't', 0), false)
})

test('a tenant whose sessions make a detector fail blinds no other tenant', () => {
  const bench = new Bench()
  for (const session of ['a', 'b', 'c']) bench.failed('d', 'evil', session, 0)
  assert.equal(bench.rests('d', 'evil', 0), true)
  assert.equal(bench.rests('d', 'good', 0), false)
  assert.equal(bench.rests('other', 'evil', 0), false)
})

test('what was missed is told when the rest is over, once, and holds the watermark until then', () => {
  const bench = new Bench()
  for (const session of ['a', 'b', 'c']) bench.failed('d', 't', session, 5)
  assert.equal(bench.unjudgedSince(), 5)
  assert.equal(bench.release(5 + minute - 1), undefined)
  assert.equal(bench.release(5 + minute), 5)
  assert.equal(bench.release(5 + minute), undefined)
  assert.equal(bench.unjudgedSince(), undefined)
})
