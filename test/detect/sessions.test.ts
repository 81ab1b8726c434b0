import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byTime, piecesOf } from '../../src/detect/sessions.js'
import { auditEvent, baseTime, second } from '../support/events.js'

const minute = 60 * second
const cut = { tenant: 'acme', id: 'c:1', idle: 30 * minute, truncated: false }
const at = (time: number, subject = 'alice') =>
  auditEvent({ eventId: `${subject}@${time}`, startedAt: baseTime + time, endedAt: baseTime + time, subject })
const shape = (pieces: ReturnType<typeof piecesOf>) =>
  pieces.map(({ id, subject, events }) => [id, subject, events.map(({ eventId }) => eventId)])

test('events are in order of end, start and record id, however they were stored', () => {
  const events = [at(3), at(1), at(2)]
  assert.deepEqual(shape(piecesOf(events, cut)), [['c:1', 'alice', ['alice@1', 'alice@2', 'alice@3']]])
  const a = auditEvent({ endedAt: 5, startedAt: 1, recordId: 'b' })
  const b = auditEvent({ endedAt: 5, startedAt: 1, recordId: 'a' })
  assert.deepEqual([a, b].sort(byTime), [b, a])
})

test('records that name nobody belong to the one subject of their session', () => {
  assert.deepEqual(shape(piecesOf([at(1, ''), at(2, 'alice')], cut)), [['c:1', 'alice', ['@1', 'alice@2']]])
})

test('two authenticated subjects are never joined, and who is not named is taken for neither', () => {
  const pieces = piecesOf([at(1, 'alice'), at(2, ''), at(3, 'mallory'), at(4, 'alice')], cut)
  assert.deepEqual(shape(pieces), [
    ['c:1 alice', 'alice', ['alice@1', 'alice@4']],
    ['c:1 (nobody named)', '', ['@2']],
    ['c:1 mallory', 'mallory', ['mallory@3']],
  ])
})

test('records without a key end at a long silence; those with a key do not', () => {
  const events = [at(0), at(10 * minute), at(41 * minute)]
  assert.deepEqual(shape(piecesOf(events, { ...cut, id: 's:x' })), [
    ['s:x 2026-11-02T10:00:00.000Z', 'alice', ['alice@0', `alice@${10 * minute}`]],
    ['s:x 2026-11-02T10:41:00.000Z', 'alice', [`alice@${41 * minute}`]],
  ])
  assert.equal(piecesOf(events, cut).length, 1)
})

test('a long call is no silence', () => {
  const long = auditEvent({ eventId: 'long', startedAt: baseTime, endedAt: baseTime + 60 * minute })
  const during = at(20 * minute)
  const after = at(80 * minute)
  assert.equal(piecesOf([long, during, after], { ...cut, id: 's:x' }).length, 1)
})

test('a session whose beginning was not fetched does not claim to know it', () => {
  const [first, second_] = piecesOf([at(0), at(50 * minute)], { ...cut, id: 's:x', truncated: true })
  assert.deepEqual([first?.id, first?.truncated], ['s:x', true])
  assert.deepEqual([second_?.id, second_?.truncated], ['s:x 2026-11-02T10:50:00.000Z', false])
})
