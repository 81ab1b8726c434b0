import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { QueryDetector } from '../../src/detect/contract.js'
import { Telemetry } from '../../src/telemetry.js'
import { findsCallsOf, querying, sharesOf } from '../support/detect.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { anchorsOf, arrive, hour, live, minute } from '../support/live.js'

const sql = `
  SELECT tenant, subject, count() AS calls FROM audit
  WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
    AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
  GROUP BY tenant, subject ORDER BY tenant, subject`

const draftOf: QueryDetector['judge'] = (row) => ({
  anchor: String(row['subject']),
  session: '',
  subject: String(row['subject']),
  server: '',
  tool: '',
  severity: 'medium',
  summary: `${row['calls']} calls`,
  calls: [],
  score: { calls: Number(row['calls']) },
})
const bySubject = querying('by-subject', { sql, judge: draftOf })

const at = (time: number, subject = 'alice') =>
  auditEvent({ eventId: `${subject}@${time}`, subject, endedAt: baseTime + time, receivedAt: baseTime + time })

test('a window is judged once it ended and settled, once, and its start is in the anchor', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([bySubject])
  clock.now = baseTime + 69 * second
  await arrive(store, at(5 * second), at(61 * second))
  await detect.tick()
  assert.deepEqual(await found(), [])
  clock.now = baseTime + 70 * second
  await detect.tick()
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['2026-11-02T10:00:00.000Z alice'])
  clock.now = baseTime + 130 * second
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['2026-11-02T10:00:00.000Z alice', '2026-11-02T10:01:00.000Z alice'])
})

test('windows of a downtime are judged after it, from the watermark on, as over stored history', async (t) => {
  const { store, clock, start, found, range } = await live(t)
  const before = await start([bySubject])
  clock.now = baseTime + 70 * second
  await before.tick()
  await before.close()
  await arrive(store, at(2 * minute), at(40 * minute, 'bob'), at(50 * minute))
  clock.now = baseTime + 2 * hour
  const after = await start([bySubject])
  await after.tick()
  const live_ = (await found()).map(({ fingerprint }) => fingerprint)
  assert.equal(live_.length, 3)
  assert.deepEqual((await range([bySubject])).map(({ fingerprint }) => fingerprint).sort(), live_.sort())
})

test('rows that come after their window was judged are judged when no more of them come, in the same identity', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([bySubject])
  await arrive(store, at(5 * second))
  clock.now = baseTime + 70 * second
  await detect.tick()
  const first = await found()
  clock.now = baseTime + 30 * minute
  await detect.tick()
  const stored = clock.now
  await arrive(store, at(6 * second, 'bob'))
  clock.now = stored + 11 * second
  await detect.tick()
  assert.equal((await found()).length, 1, 'more may come')
  clock.now = stored + 80 * second
  await detect.tick()
  const all = await found()
  assert.deepEqual(anchorsOf(all), ['2026-11-02T10:00:00.000Z alice', '2026-11-02T10:00:00.000Z bob'])
  assert.ok(all.some(({ fingerprint }) => fingerprint === first[0]?.fingerprint))
})

test('rows that came late while nobody looked are judged by the next who starts', async (t) => {
  const { store, clock, start, found } = await live(t)
  const before = await start([bySubject])
  await arrive(store, at(5 * second))
  clock.now = baseTime + 70 * second
  await before.tick()
  clock.now += 2 * minute
  await before.tick()
  await before.close()
  clock.now = baseTime + hour
  await arrive(store, at(6 * second, 'bob'))
  const after = await start([bySubject])
  clock.now += 2 * minute
  await after.tick()
  await after.tick()
  assert.deepEqual(anchorsOf(await found()), ['2026-11-02T10:00:00.000Z alice', '2026-11-02T10:00:00.000Z bob'])
})

test('a query that the store refuses is on record, falls behind alone, and sits out when it goes on', async (t) => {
  const { store, clock, start, found } = await live(t)
  const telemetry = new Telemetry()
  const broken = querying('broken', { sql: sql.replace('count()', 'no_such_function()'), judge: draftOf })
  const detect = await start([broken, bySubject], { telemetry })
  await arrive(store, at(5 * second))
  clock.now = baseTime + 70 * second
  for (let look = 0; look < 5; look++) {
    await detect.tick()
    clock.now += second
  }
  assert.deepEqual(anchorsOf(await found()), ['2026-11-02T10:00:00.000Z alice'])
  assert.deepEqual(
    await store.query(
      "SELECT detector, outcome, reason, toUInt32(count()) AS runs FROM detector_runs WHERE detector = 'broken' GROUP BY ALL",
    ),
    [{ detector: 'broken', outcome: 'error', reason: 'WK_STORE_QUERY', runs: 3 }],
  )
  assert.ok(telemetry.counters().some(({ name, reason }) => name === 'failed' && reason === 'error:broken'))
})

test('a row whose judgement fails does not hide the next one', async (t) => {
  const { store, clock, start, found } = await live(t)
  const picky = querying('picky', {
    sql,
    judge(row, policy) {
      if (row['subject'] === 'alice') throw new TypeError('no')
      if (row['subject'] === 'bob') return { notEvaluated: 'history', because: 'too young' }
      return draftOf(row, policy)
    },
  })
  const detect = await start([picky])
  await arrive(store, at(1 * second), at(2 * second, 'bob'), at(3 * second, 'carol'))
  clock.now = baseTime + 70 * second
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['2026-11-02T10:00:00.000Z carol'])
  assert.deepEqual(
    await store.query("SELECT tenant, detector, input FROM not_evaluated WHERE detector = 'picky' ORDER BY input"),
    [
      { tenant: 'acme', detector: 'picky', input: 'detector' },
      { tenant: 'acme', detector: 'picky', input: 'history' },
    ],
  )
})

test('each query detector is one share of the work', async (t) => {
  const { store, clock, start, found } = await live(t)
  await arrive(store, at(5 * second))
  clock.now = baseTime + 70 * second
  for (const share of [0, 1, 2]) {
    const detect = await start([bySubject, findsCallsOf('nothing')], { shares: sharesOf(3, share) })
    await detect.tick()
  }
  assert.equal((await found()).length, 1)
  assert.equal((await store.query("SELECT 1 FROM detector_runs WHERE detector = 'by-subject'")).length, 1)
})
