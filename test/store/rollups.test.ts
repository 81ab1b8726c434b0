import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AuditEvent } from '../../src/audit-event.js'
import type { Store } from '../../src/store/index.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore } from '../support/store.js'

const hour = 3_600 * second
const day = 24 * hour

describe('rollups', () => {
  it('count a record once however often and however cut it was sent', async (t) => {
    const store = await openTestStore(t)
    const events = [0, 1, 2].map((minute) => auditEvent({ endedAt: baseTime + minute * 60 * second, argBytes: 10 }))
    const [one, two, three] = events
    assert.ok(one && two && three)
    await store.insertEvents(events)
    await store.insertEvents([two, three])
    await store.insertEvents([one, three])
    assert.equal(await store.refreshRollups(), 1)
    assert.deepEqual(await store.query('SELECT hour, calls, arg_bytes FROM activity'), [
      { hour: '2026-11-02 10:00:00', calls: '3', arg_bytes: '30' },
    ])
  })

  it('count an hour anew when something late comes', async (t) => {
    let now = baseTime + 2 * hour
    const store = await openTestStore(t, { now: () => now++ })
    await store.insertEvents([auditEvent({ endedAt: baseTime, tool: 'a' })])
    await store.refreshRollups()
    now += 10 * 60 * second
    await store.refreshRollups()
    assert.equal(await store.refreshRollups(), 0)
    await store.insertEvents([auditEvent({ endedAt: baseTime + second, tool: 'b' })])
    assert.equal(await store.refreshRollups(), 1)
    assert.deepEqual(await store.query('SELECT tool, calls FROM activity ORDER BY tool'), [
      { tool: 'a', calls: '1' },
      { tool: 'b', calls: '1' },
    ])
  })

  it('forget what another record turned out to stand for, also when nothing is left of the hour', async (t) => {
    let now = baseTime + 2 * hour
    const store = await openTestStore(t, { now: () => now++ })
    const call = { requestId: 'rq' }
    await store.insertEvents([
      auditEvent({ ...call, endedAt: baseTime + hour - 1, side: 'server', role: 'server', owner: 'key-s' }),
    ])
    await store.refreshRollups()
    assert.deepEqual(await store.query('SELECT hour FROM activity'), [{ hour: '2026-11-02 10:00:00' }])
    now += 10 * 60 * second
    await store.refreshRollups()
    assert.equal(await store.refreshRollups(), 0)
    await store.insertEvents([auditEvent({ ...call, endedAt: baseTime + hour })])
    await store.refreshRollups()
    assert.deepEqual(await store.query('SELECT hour, calls FROM activity'), [
      { hour: '2026-11-02 11:00:00', calls: '1' },
    ])
  })

  it('give quantiles of durations that can be merged', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents(
      [10, 20, 30].map((ms) => auditEvent({ endedAt: baseTime + second, startedAt: baseTime + second - ms * 1000 })),
    )
    await store.refreshRollups()
    assert.deepEqual(
      await store.query('SELECT quantilesTDigestMerge(0.5, 0.95, 0.99)(duration_us)[1] AS median FROM activity'),
      [{ median: 20_000 }],
    )
  })

  it('count destinations and scopes, and list what was used', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([
      auditEvent({ endedAt: baseTime, destinations: ['a.example', 'b.example', 'a.example'], argBytes: 7 }),
      auditEvent({ endedAt: baseTime + hour, destinations: ['a.example'], scopes: ['read'] }),
      auditEvent({
        kind: 'elevation',
        endedAt: baseTime + 2 * hour,
        scopes: ['read', 'write'],
        scopesGranted: ['write'],
      }),
    ])
    assert.equal(await store.refreshRollups(), 3)
    assert.deepEqual(
      await store.query(
        'SELECT destination, sum(calls) AS n, sum(arg_bytes) AS bytes FROM destinations GROUP BY 1 ORDER BY 1',
      ),
      [
        { destination: 'a.example', n: '2', bytes: '7' },
        { destination: 'b.example', n: '1', bytes: '7' },
      ],
    )
    assert.deepEqual(await store.query('SELECT scope, held, granted, first_at FROM scopes ORDER BY scope'), [
      { scope: 'read', held: '2', granted: '0', first_at: '2026-11-02 11:00:00.000000' },
      { scope: 'write', held: '1', granted: '1', first_at: '2026-11-02 12:00:00.000000' },
    ])
    assert.deepEqual(await store.query('SELECT server_name, tool, calls, subjects FROM inventory'), [
      { server_name: 'crm', tool: 'get_contact', calls: '3', subjects: '1' },
    ])
  })

  it('hold days that are over by month, and say the same of all time', async (t) => {
    let now = baseTime + hour
    const store = await openTestStore(t, { now: () => now++ })
    const call = (endedAt: number, subject: string, more: Partial<AuditEvent> = {}) =>
      auditEvent({ endedAt, subject, scopes: ['read'], verbs: ['read'], ...more })
    await store.insertEvents([
      call(baseTime - 30 * day, 'ann'),
      call(baseTime - day, 'ann', { tool: 'export' }),
      call(baseTime - day, 'bob', { scopes: ['read', 'write'] }),
      call(baseTime, 'ann'),
    ])
    // Before any day is over nothing but hours is known: what days and months have to agree with.
    await store.refreshRollups()
    const byHours = await ofAllTime(store, { months: false })
    assert.deepEqual(await ofAllTime(store), byHours)
    assert.deepEqual(byHours.scopes, ['ann read 3', 'bob read 1', 'bob write 1'])
    assert.deepEqual(byHours.inventory, ['export 1 1', 'get_contact 3 2'])
    assert.deepEqual(await daysHeld(store), ['2026-10-03', '2026-11-01'])
    assert.deepEqual(await store.query('SELECT hour FROM open_hours'), [{ hour: '2026-11-02 10:00:00' }])

    now += day
    await store.refreshRollups()
    assert.deepEqual(await daysHeld(store), ['2026-10-03', '2026-11-01', '2026-11-02'])
    assert.deepEqual(await ofAllTime(store), byHours)
    assert.deepEqual(await store.query('SELECT hour FROM open_hours'), [])
  })

  it('count a day that is over anew when something late comes, or goes', async (t) => {
    let now = baseTime + day
    const store = await openTestStore(t, { now: () => now++ })
    const told = { requestId: 'rq', subject: 'ann', scopes: ['read'] }
    await store.insertEvents([
      auditEvent({
        ...told,
        endedAt: baseTime + hour - 1,
        side: 'server',
        role: 'server',
        owner: 'key-s',
        subject: 'bob',
      }),
    ])
    await store.refreshRollups()
    assert.deepEqual((await ofAllTime(store)).scopes, ['bob read 1'])
    now += hour
    await store.refreshRollups()
    // The other side of the same call stands for it from now on, in another hour; and something else of that day.
    await store.insertEvents([
      auditEvent({ ...told, endedAt: baseTime + hour }),
      auditEvent({ endedAt: baseTime + 2 * hour, subject: 'cid', scopes: ['read'] }),
    ])
    await store.refreshRollups()
    assert.deepEqual((await ofAllTime(store)).scopes, ['ann read 1', 'cid read 1'])
    assert.deepEqual(await store.query('SELECT hour FROM open_hours'), [])
  })

  it('of two that compute at once, neither loses what the other saw', async (t) => {
    let now = baseTime + 2 * day
    const store = await openTestStore(t, { now: () => now++ })
    await store.insertEvents(
      [0, 1, 2].map((days) => auditEvent({ endedAt: baseTime - days * day, subject: `s${days}`, scopes: ['read'] })),
    )
    await Promise.all([store.refreshRollups(), store.refreshRollups()])
    assert.deepEqual((await ofAllTime(store)).scopes, ['s0 read 1', 's1 read 1', 's2 read 1'])
  })

  it('hide nothing while somebody computes, or died doing so', async (t) => {
    let now = baseTime + 2 * day
    const store = await openTestStore(t, { now: () => now++ })
    const ours = { scopes: ['read', 'write'], verbs: ['read'] }
    await store.insertEvents([
      auditEvent({ ...ours, endedAt: baseTime, subject: 'ann' }),
      auditEvent({ ...ours, endedAt: baseTime, subject: 'bob' }),
      auditEvent({ ...ours, endedAt: baseTime + 2 * day - hour, subject: 'ann' }),
      auditEvent({ ...ours, endedAt: baseTime + 2 * day - second, subject: 'cid' }),
    ])
    await store.refreshRollups()
    const whole = await ofAllTime(store)
    for (const table of ['scope_periods', 'seen_periods', 'tool_periods', 'scope_hours', 'seen_hours'])
      await store.command(
        `INSERT INTO ${table} SELECT * REPLACE (generation + INTERVAL 1 SECOND AS generation) FROM ${table} LIMIT 3`,
      )
    assert.deepEqual(await ofAllTime(store), whole)
  })

  it('of all time survive one that dies between a day and its month', async (t) => {
    let now = baseTime + 2 * day
    const store = await openTestStore(t, { now: () => now++ })
    await store.insertEvents([auditEvent({ endedAt: baseTime, subject: 'ann', scopes: ['read'] })])
    await store.refreshRollups()
    const whole = await ofAllTime(store)
    await store.command(`TRUNCATE TABLE rollup_periods`)
    assert.deepEqual(await ofAllTime(store), whole)
    await store.command(`INSERT INTO rollup_periods (period, start, ends, generation)
      SELECT 'day', toDate('2026-11-02'), toDate('2026-11-03'), max(generation) FROM scope_periods WHERE period = 'day'`)
    assert.deepEqual(await ofAllTime(store), whole)
    await store.refreshRollups()
    assert.deepEqual(await daysHeld(store), ['2026-11-02'])
    assert.deepEqual(await ofAllTime(store), whole)
  })
})

const lines = async (store: Store, sql: string): Promise<string[]> =>
  (await store.query<Record<string, string>>(sql)).map((row) => Object.values(row).join(' '))

/** What the views of all time say; without months by the hours alone, the views as they were before there were any. */
const ofAllTime = async (store: Store, { months = true } = {}) => {
  const current = '(hour, generation) IN (SELECT hour, generation FROM rollup_hours FINAL)'
  const [scopes, seen, inventory] = months
    ? ['scopes', 'seen', 'inventory']
    : [
        `(SELECT subject, scope, sum(held) AS held FROM scope_hours FINAL WHERE ${current} GROUP BY ALL)`,
        `(SELECT subject, tool, sum(calls) AS calls, groupUniqArrayArray(verbs) AS verbs, min(first_at) AS first_at,
          max(last_at) AS last_at FROM seen_hours FINAL WHERE ${current} GROUP BY ALL)`,
        `(SELECT tool, sum(activity.calls) AS calls, uniqExact(subject) AS subjects FROM activity GROUP BY tool)`,
      ]
  return {
    scopes: await lines(store, `SELECT subject, scope, held FROM ${scopes} ORDER BY ALL`),
    seen: await lines(store, `SELECT subject, tool, calls, verbs, first_at, last_at FROM ${seen} ORDER BY ALL`),
    inventory: await lines(store, `SELECT tool, calls, subjects FROM ${inventory} ORDER BY ALL`),
  }
}

const daysHeld = (store: Store): Promise<string[]> =>
  lines(store, `SELECT arrayJoin(days) AS held FROM rollup_periods FINAL WHERE period = 'month' ORDER BY held`)
