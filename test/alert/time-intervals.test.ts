import assert from 'node:assert/strict'
import { test } from 'node:test'
import { micros } from '../../src/alert/durations.js'
import { isInside, timeIntervalsReader } from '../../src/alert/time-intervals.js'
import { readYaml } from '../../src/yaml-reader.js'

const read = (part: string) => readYaml(`- { name: one, time_intervals: [${part}] }`, timeIntervalsReader, '.')

function inside(part: string, at: string): boolean {
  const made = read(part)
  assert.ok('value' in made, JSON.stringify(made))
  const [interval] = made.value
  assert.ok(interval)
  return isInside(interval, Date.parse(at) * 1_000)
}
const faults = (part: string): string =>
  read(part)
    .faults.map(({ message }) => message)
    .join()

test('times have their beginning and not their end, on the wall clock of their place', () => {
  const office = '{ times: [{ start_time: "08:00", end_time: "18:00" }], location: Europe/Berlin }'
  assert.equal(inside(office, '2026-11-24T06:59:59Z'), false)
  assert.equal(inside(office, '2026-11-24T07:00:00Z'), true)
  assert.equal(inside(office, '2026-11-24T17:00:00Z'), false)
  // An hour earlier in summer.
  assert.equal(inside(office, '2026-07-01T06:00:00Z'), true)
  assert.equal(inside('{ times: [{ start_time: "22:00", end_time: "24:00" }] }', '2026-11-24T23:59:59Z'), true)
})

test('weekdays, days, months and years have both ends', () => {
  assert.equal(inside('{ weekdays: ["monday:friday"] }', '2026-11-27T12:00:00Z'), true)
  assert.equal(inside('{ weekdays: ["monday:friday"] }', '2026-11-28T12:00:00Z'), false)
  assert.equal(inside('{ weekdays: [sunday] }', '2026-11-29T12:00:00Z'), true)
  assert.equal(inside('{ days_of_month: ["-1"] }', '2028-02-29T12:00:00Z'), true)
  assert.equal(inside('{ days_of_month: ["-1"] }', '2028-02-28T12:00:00Z'), false)
  assert.equal(inside('{ days_of_month: ["15:-1"] }', '2026-11-20T12:00:00Z'), true)
  assert.equal(inside('{ months: ["november:december"] }', '2026-11-01T00:00:00Z'), true)
  assert.equal(inside('{ months: ["1:3"] }', '2026-11-01T00:00:00Z'), false)
  assert.equal(inside('{ years: ["2027"] }', '2026-12-31T23:59:59Z'), false)
})

test('all conditions of a part have to fit, and one of several parts', () => {
  const part = '{ weekdays: [tuesday], months: [december] }'
  assert.equal(inside(part, '2026-11-24T12:00:00Z'), false)
  assert.equal(inside(part, '2026-12-01T12:00:00Z'), true)
  assert.equal(inside(`${part}, { years: ["2026"] }`, '2026-11-24T12:00:00Z'), true)
})

test('what is no time, day, month or place is told', () => {
  assert.match(faults('{ times: [{ start_time: "18:00", end_time: "08:00" }] }'), /a night is two times/)
  assert.match(faults('{ times: [{ start_time: "8", end_time: "25:00" }] }'), /time of day in quotes/)
  assert.match(faults('{ weekdays: [funday] }'), /a weekday or two/)
  assert.match(faults('{ days_of_month: ["0"] }'), /a day or two/)
  assert.match(faults('{ months: ["march:january"] }'), /ends before it begins/)
  assert.match(faults('{ location: Mars/Base }'), /a time zone/)
})

test('durations are read as Prometheus writes them', () => {
  assert.equal(micros('30s'), 30e6)
  assert.equal(micros('1h30m'), 5_400e6)
  assert.equal(micros('7d'), 604_800e6)
  assert.equal(micros('0'), 0)
  for (const wrong of ['', '5', 'm', '5m1h', '-1s', '1.5h']) assert.equal(micros(wrong), undefined, wrong)
})
