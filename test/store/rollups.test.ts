import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore } from '../support/store.js'

const hour = 3_600 * second

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
})
