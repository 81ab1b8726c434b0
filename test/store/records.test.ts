import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type AuditEvent, keptTime } from '../../src/audit-event.js'
import { ClickHouse, type Connection } from '../../src/store/client.js'
import type { Store } from '../../src/store/index.js'
import { SessionLinks } from '../../src/store/links.js'
import { insertEvents } from '../../src/store/records.js'
import { DirtyHours } from '../../src/store/rollups.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

const hour = 3_600 * second

interface Seen {
  readonly record_id: string
  readonly content_hash: string
}

const seenIn = async (store: Store, view: 'audit' | 'records') =>
  (await store.query<Seen>(`SELECT record_id, lower(hex(content_hash)) AS content_hash FROM ${view}`)).map(
    (row) => row.record_id,
  )

const shadowed = (store: Store) =>
  store.query<{ record_id: string; reason: string; by: string; form: string; side: string; event_id: string }>(
    'SELECT record_id, reason, by, form, side, event_id FROM shadowed ORDER BY record_id',
  )

/** A clock that tests move; each look is a microsecond later. */
function clock(at = baseTime) {
  const state = { at }
  return { state, now: () => state.at++ }
}

/** Dies at a given step of its work. */
class MortalClickHouse extends ClickHouse {
  readonly #deadly: 'query' | 'insert into record_keys'

  constructor(connection: Connection, deadly: 'query' | 'insert into record_keys') {
    super(connection)
    this.#deadly = deadly
  }

  override query<Row>(...given: Parameters<ClickHouse['query']>): Promise<Row[]> {
    return this.#deadly === 'query' ? Promise.reject(new Error('died')) : super.query<Row>(...given)
  }

  override insert(...given: Parameters<ClickHouse['insert']>): Promise<void> {
    const dies = this.#deadly === `insert into ${given[0]}`
    return dies ? Promise.reject(new Error('died')) : super.insert(...given)
  }
}

const open = (t: TestContext, now?: () => number) => openTestStore(t, now ? { now } : {})

describe('copies of a record', () => {
  it('shows a record once that was sent again, also in a batch cut otherwise', async (t) => {
    const store = await open(t)
    const [one, two, three] = [auditEvent(), auditEvent(), auditEvent()]
    await store.insertEvents([one, two])
    await store.insertEvents([one, two])
    await store.insertEvents([two, three])
    assert.deepEqual((await seenIn(store, 'audit')).sort(), [one, two, three].map((event) => event.recordId).sort())
    assert.deepEqual(await shadowed(store), [])
  })

  it('keeps the reception of the first copy', async (t) => {
    const { now } = clock()
    const store = await open(t, now)
    const first = auditEvent()
    await store.insertEvents([first])
    await store.insertEvents([{ ...first, receivedAt: first.receivedAt + 5 * second }])
    const rows = await store.query<{ at: string }>('SELECT toUnixTimestamp64Micro(received_at) AS at FROM audit')
    assert.deepEqual(rows, [{ at: String(first.receivedAt) }])
  })

  it('keeps the first content of a record id and marks the other as a conflict', async (t) => {
    const store = await open(t)
    const honest = auditEvent({ eventId: 'same', tool: 'read_mail' })
    const forged = auditEvent({ eventId: 'same', tool: 'list_files', endedAt: honest.endedAt })
    assert.equal(honest.recordId, forged.recordId)
    await store.insertEvents([honest])
    await store.insertEvents([forged])
    assert.deepEqual(await store.query('SELECT tool FROM audit'), [{ tool: 'read_mail' }])
    assert.deepEqual(await store.query('SELECT tool FROM records'), [{ tool: 'read_mail' }])
    const [mark, ...others] = await shadowed(store)
    assert.equal(mark?.reason, 'conflict')
    assert.equal(mark?.by, honest.recordId)
    assert.equal(others.length, 0)
  })

  it('keeps the first when the forged copy also claims another time within the hour', async (t) => {
    const store = await open(t)
    const honest = auditEvent({ eventId: 'same', tool: 'read_mail' })
    await store.insertEvents([honest])
    await store.insertEvents([auditEvent({ eventId: 'same', tool: 'x', endedAt: honest.endedAt + 30 * 60 * second })])
    assert.deepEqual(await store.query('SELECT tool FROM audit'), [{ tool: 'read_mail' }])
  })

  it('shows a late record once whose kept time was clamped anew with each attempt', async (t) => {
    const store = await open(t)
    const first = auditEvent({ endedAt: baseTime - 30 * 24 * hour, receivedAt: baseTime })
    const receivedAt = baseTime + 10 * second
    const again = { ...first, receivedAt, keptAt: keptTime(first.endedAt, receivedAt) }
    assert.notEqual(first.keptAt, again.keptAt)
    await store.insertEvents([first])
    await store.insertEvents([again])
    assert.deepEqual(await seenIn(store, 'audit'), [first.recordId])
    assert.deepEqual(
      (await shadowed(store)).map(({ reason }) => reason),
      ['duplicate'],
    )
    const rows = await store.query<{ at: string }>('SELECT toUnixTimestamp64Micro(kept_at) AS at FROM audit')
    assert.deepEqual(rows, [{ at: String(first.keptAt) }])
  })

  it('finds in the sweep a copy that claims a time days away', async (t) => {
    const { now } = clock()
    const store = await open(t, now)
    const honest = auditEvent({ eventId: 'same', tool: 'read_mail' })
    await store.insertEvents([honest])
    const since = now()
    await store.insertEvents([auditEvent({ eventId: 'same', tool: 'x', endedAt: honest.endedAt - 50 * hour })])
    assert.equal(await store.sweepShadowed(since, now()), 1)
    assert.equal(await store.sweepShadowed(since, now()), 0)
    assert.deepEqual(await store.query('SELECT tool FROM audit'), [{ tool: 'read_mail' }])
    assert.equal((await shadowed(store))[0]?.reason, 'conflict')
  })

  it('stays marked when the shadowed record is sent once more', async (t) => {
    const { now } = clock()
    const store = await open(t, now)
    const honest = auditEvent({ eventId: 'same', tool: 'read_mail' })
    const forged = auditEvent({ eventId: 'same', tool: 'x', endedAt: honest.endedAt })
    await store.insertEvents([honest])
    await store.insertEvents([forged])
    await store.insertEvents([forged, auditEvent()])
    assert.deepEqual(await store.query("SELECT tool FROM audit WHERE event_id = 'same'"), [{ tool: 'read_mail' }])
  })

  it('keeps the first of thousands of contradictions', async (t) => {
    const { now } = clock()
    const store = await open(t, now)
    const honest = auditEvent({ eventId: 'same', tool: 'read_mail' })
    const forged = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) =>
        auditEvent({ eventId: 'same', tool: `forged-${from + index}`, endedAt: honest.endedAt, callKey: '' }),
      )
    await store.insertEvents([honest])
    for (let from = 0; from < 3_000; from += 500) await store.insertEvents(forged(from, 500))
    assert.deepEqual(await store.query('SELECT tool FROM audit'), [{ tool: 'read_mail' }])
  })

  it('does not take equal event ids of two owners or tenants for one record', async (t) => {
    const store = await open(t)
    await store.insertEvents([
      auditEvent({ eventId: 'same', callKey: '' }),
      auditEvent({ eventId: 'same', callKey: '', owner: 'key-2' }),
      auditEvent({ eventId: 'same', callKey: '', tenant: 'other' }),
    ])
    assert.equal((await seenIn(store, 'audit')).length, 3)
  })
})

describe('the records of one call', () => {
  /** The same call as told by a client and a server, as an event and as a span. */
  const call = (given: Partial<AuditEvent>) => auditEvent({ requestId: 'rq-1', endedAt: baseTime, ...given })
  const clientEvent = () => call({ eventId: 'ce', side: 'client' })
  const clientSpan = () => call({ eventId: 'cs', side: 'client', form: 'span' })
  const serverEvent = () => call({ eventId: 'se', side: 'server', role: 'server', owner: 'key-s' })

  const orders: [string, AuditEvent[][]][] = [
    ['in one batch', [[serverEvent(), clientSpan(), clientEvent()]]],
    ['strongest first', [[clientEvent()], [serverEvent()], [clientSpan()]]],
    ['strongest last', [[clientSpan()], [serverEvent()], [clientEvent()]]],
  ]
  for (const [name, batches] of orders) {
    it(`are one row in audit and all in records: ${name}`, async (t) => {
      const store = await open(t)
      for (const batch of batches) await store.insertEvents(batch)
      assert.deepEqual(await seenIn(store, 'audit'), [clientEvent().recordId])
      assert.equal((await seenIn(store, 'records')).length, 3)
      assert.deepEqual((await shadowed(store)).map(({ event_id, reason }) => `${event_id} ${reason}`).sort(), [
        'cs same_call',
        'se same_call',
      ])
    })
  }

  it('are one row when two writers store them at the same time', async (t) => {
    const store = await open(t)
    await Promise.all([store.insertEvents([clientEvent()]), store.insertEvents([serverEvent()])])
    assert.deepEqual(await seenIn(store, 'audit'), [clientEvent().recordId])
  })

  it('cannot be hidden by another key that claims the same side', async (t) => {
    const store = await open(t)
    await store.insertEvents([call({ eventId: 'liar', side: 'client', owner: 'key-x' })])
    await store.insertEvents([clientEvent()])
    assert.equal((await seenIn(store, 'audit')).length, 2)
  })

  it('are two calls, where one key tells of them by two events of the same side', async (t) => {
    const store = await open(t)
    const other = () => call({ eventId: 'ce-2', side: 'client', serverName: 'another' })
    await store.insertEvents([clientEvent(), other(), serverEvent()])
    assert.deepEqual((await seenIn(store, 'audit')).sort(), [clientEvent().recordId, other().recordId].sort())
  })

  it("do not let a server's key speak for the client", async (t) => {
    const store = await open(t)
    await store.insertEvents([call({ eventId: 'liar', side: 'client', role: 'server', owner: 'key-s' })])
    await store.insertEvents([clientEvent()])
    assert.deepEqual(await seenIn(store, 'audit'), [clientEvent().recordId])
  })

  it('are not hidden by a record that another record stands for', async (t) => {
    const store = await open(t)
    const first = auditEvent({ eventId: 'twice', endedAt: baseTime, requestId: 'rq-other' })
    await store.insertEvents([first])
    await store.insertEvents([serverEvent()])
    await store.insertEvents([call({ eventId: 'twice' })])
    assert.deepEqual((await seenIn(store, 'audit')).sort(), [first.recordId, serverEvent().recordId].sort())
  })

  it('of other kinds than calls stay as they are', async (t) => {
    const store = await open(t)
    await store.insertEvents([call({ eventId: 'a', kind: 'authorization' }), clientEvent()])
    assert.equal((await seenIn(store, 'audit')).length, 2)
  })

  for (const deadly of ['query', 'insert into record_keys'] as const) {
    it(`are marked by the sweep when a writer died before its ${deadly}`, async (t) => {
      const config = await testStoreConfig()
      const store = await openTestStore(t, { config })
      const now = () => Date.now() * 1000
      const { clickhouseUrl: url, clickhouseUser: user, clickhousePassword: password } = config
      const connection = { url, user, password, database: config.clickhouseDatabase }
      const db = new ClickHouse(connection)
      const mortal = new MortalClickHouse(connection, deadly)
      t.after(() => Promise.all([db.close(), mortal.close()]))
      const dying = { db: mortal, links: new SessionLinks(db, now), dirty: new DirtyHours(db, now), now }
      await assert.rejects(insertEvents(dying, [serverEvent(), clientEvent()]), /died/)
      assert.equal((await seenIn(store, 'audit')).length, 2)
      assert.equal(await store.sweepShadowed(0, now() + second), 1)
      assert.deepEqual(await seenIn(store, 'audit'), [clientEvent().recordId])
      assert.equal(await store.sweepShadowed(0, now() + second), 0)
    })
  }
})

describe('hostile records', () => {
  it('keeps claimed times of 1970 and 2100 and files them under a time of ours', async (t) => {
    const store = await open(t)
    const old = auditEvent({ eventId: 'old', startedAt: 0, endedAt: 0, receivedAt: baseTime })
    const future = auditEvent({ eventId: 'future', endedAt: Date.UTC(2100, 0) * 1000, receivedAt: baseTime })
    await store.insertEvents([old, future])
    const rows = await store.query('SELECT event_id, ended_at, toDate(kept_at) AS day FROM audit ORDER BY ended_at')
    assert.deepEqual(rows, [
      { event_id: 'old', ended_at: '1970-01-01 00:00:00.000000', day: '2026-10-26' },
      { event_id: 'future', ended_at: '2100-01-01 00:00:00.000000', day: '2026-11-02' },
    ])
  })

  it('takes a batch that spans more days than one insert may', async (t) => {
    const store = await open(t)
    const events = Array.from({ length: 130 }, (_, index) => {
      const endedAt = baseTime - index * 24 * hour
      return auditEvent({
        endedAt,
        receivedAt: endedAt,
        argFingerprints: [
          { kind: 'email', hash: '00000000000000aa', leaf: 0 },
          { kind: 'number', hash: '00000000000000bb', leaf: 1 },
        ],
      })
    })
    await store.insertEvents(events)
    assert.deepEqual(await store.query('SELECT count() AS n FROM audit'), [{ n: '130' }])
  })

  it('refuses a record that cannot be told exactly, names the column, and keeps nothing of the batch', async (t) => {
    const store = await open(t)
    await assert.rejects(
      store.insertEvents([auditEvent(), auditEvent({ argBytes: -1 })]),
      (error: Error & { code?: string }) => error.code === 'WK_STORE_REFUSED' && /column arg_bytes/.test(error.message),
    )
    const bent: Partial<AuditEvent>[] = [
      { recordId: '' },
      { recordId: "' OR 1" },
      { callKey: 'x' },
      { contentHash: 'FFFFFFFFFFFFFFFF' },
      { keptAt: Number.NaN },
      { sequence: 2 ** 60 },
      { argSignals: { risk: Number.POSITIVE_INFINITY } },
      { resultFingerprints: [{ kind: 'id', hash: 'short', leaf: 0 }] },
      { tool: undefined as unknown as string },
      { scopes: 'read' as unknown as string[] },
    ]
    for (const one of bent)
      await assert.rejects(store.insertEvents([auditEvent(one)]), { code: 'WK_STORE_REFUSED' }, JSON.stringify(one))
    assert.deepEqual(await store.query('SELECT count() AS n FROM records'), [{ n: '0' }])
  })
})
