import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { pino } from 'pino'
import { ClickHouse } from '../../src/store/client.js'
import { openStore } from '../../src/store/index.js'
import { migrate, readMigrations } from '../../src/store/migrate.js'
import { eventColumns, fingerprintColumns, keyColumns } from '../../src/store/rows.js'
import { deadLetterColumns, tables } from '../../src/store/tables.js'
import { auditEvent } from '../support/events.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

const log = pino({ level: 'silent' })
const now = () => Date.now() * 1000

async function emptyDatabase(t: TestContext): Promise<ClickHouse> {
  const config = await testStoreConfig()
  const {
    clickhouseUrl: url,
    clickhouseUser: user,
    clickhousePassword: password,
    clickhouseDatabase: database,
  } = config
  const outside = new ClickHouse({ url, user, password, database: 'default' })
  await outside.command(`CREATE DATABASE ${database} ENGINE = Atomic`)
  const db = new ClickHouse({ url, user, password, database })
  t.after(async () => {
    await outside.command(`DROP DATABASE ${database} SYNC`)
    await Promise.all([outside.close(), db.close()])
  })
  return db
}

const migration = (number: number, sql: string) => ({ number, name: 'test', sql })
const table = (name: string) => `CREATE TABLE ${name} (x UInt8) ENGINE = MergeTree ORDER BY x`

describe('migrations', () => {
  it('are applied in order, each once', async (t) => {
    const db = await emptyDatabase(t)
    const two = [migration(1, `${table('a')};\n${table('b')};\n`), migration(2, 'DROP TABLE b;\n')]
    assert.deepEqual(await migrate(db, two.slice(0, 1), now), [1])
    assert.deepEqual(await migrate(db, two, now), [2])
    assert.deepEqual(await migrate(db, two, now), [])
    assert.deepEqual(
      await db.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN ('a', 'b')"),
      [{ name: 'a' }],
    )
  })

  it('need no right to change anything once they were applied', async (t) => {
    const config = await testStoreConfig({ retentionDays: 30 })
    await openTestStore(t, { config })
    t.mock.method(ClickHouse.prototype, 'command', () => Promise.reject(new Error('not allowed')))
    const again = await openStore({ config, log, now })
    t.mock.restoreAll()
    await again.close()
  })

  it('refuse a file that was changed after it was applied', async (t) => {
    const db = await emptyDatabase(t)
    await migrate(db, [migration(1, table('a'))], now)
    await assert.rejects(migrate(db, [migration(1, `${table('a')} `)], now), { code: 'WK_STORE_MIGRATION' })
  })

  it('refuse a database that a newer version has had', async (t) => {
    const db = await emptyDatabase(t)
    await migrate(db, [migration(1, table('a')), migration(2, table('b'))], now)
    await assert.rejects(migrate(db, [migration(1, table('a'))], now), { code: 'WK_STORE_MIGRATION' })
  })

  it('say which one failed and can be tried again', async (t) => {
    const db = await emptyDatabase(t)
    const broken = [migration(1, `${table('a').replace('TABLE', 'TABLE IF NOT EXISTS')};\nSELECT nonsense;\n`)]
    await assert.rejects(migrate(db, broken, now), (error: Error & { code?: string }) => {
      return error.code === 'WK_STORE_MIGRATION' && /migration 1 \(test\) failed/.test(error.message)
    })
    assert.deepEqual(await migrate(db, [migration(1, table('a').replace('TABLE', 'TABLE IF NOT EXISTS'))], now), [1])
  })

  it('are numbered without gaps', async () => {
    const numbers = (await readMigrations()).map(({ number }) => number)
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
    )
  })

  it('run when two processes open an empty database at once, and leave a used one alone', async (t) => {
    const config = await testStoreConfig()
    const [one, two] = await Promise.all([openStore({ config, log, now }), openStore({ config, log, now })])
    t.after(async () => {
      await one.command(`DROP DATABASE ${config.clickhouseDatabase} SYNC`)
      await one.close()
    })
    await one.insertEvents([auditEvent()])
    await two.close()
    const again = await openStore({ config, log, now })
    assert.deepEqual(await again.query('SELECT count() AS n FROM audit'), [{ n: '1' }])
    await again.close()
  })
})

describe('the tables', () => {
  it('have every column that is written, and no other that would have to be', async (t) => {
    const store = await openTestStore(t)
    const rows = await store.query<{ table: string; name: string }>(
      `SELECT table, name FROM system.columns
       WHERE database = currentDatabase() AND default_kind = '' AND table NOT IN ('migrations')`,
    )
    const inDatabase = (name: string) =>
      rows
        .filter((row) => row.table === name)
        .map((row) => row.name)
        .sort()
    const written = {
      ...tables,
      events: eventColumns,
      fingerprints: fingerprintColumns,
      record_keys: keyColumns,
      dead_letters: deadLetterColumns,
    }
    for (const [name, columns] of Object.entries(written))
      assert.deepEqual(Object.keys(columns).sort(), inDatabase(name), name)
  })

  it('explain themselves: every table and view has a comment', async (t) => {
    const store = await openTestStore(t)
    assert.deepEqual(
      await store.query("SELECT name FROM system.tables WHERE database = currentDatabase() AND comment = ''"),
      [],
    )
  })
})

describe('retention', () => {
  const ttl = async (store: Awaited<ReturnType<typeof openStore>>, name: string) => {
    const [row] = await store.query<{ engine_full: string }>(
      'SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {name:String}',
      { name },
    )
    return /TTL (.*) SETTINGS/.exec(row?.engine_full ?? '')?.[1]
  }

  it('follows the setting, and weak fingerprints go after two days', async (t) => {
    const config = await testStoreConfig({ retentionDays: 30 })
    const store = await openTestStore(t, { config })
    assert.equal(await ttl(store, 'events'), 'toDateTime(kept_at) + toIntervalDay(30)')
    assert.equal(
      await ttl(store, 'fingerprints'),
      'toDateTime(kept_at) + if(weak, toIntervalHour(48), toIntervalHour(720))',
    )
    assert.equal(await ttl(store, 'findings'), undefined)
    const again = await openStore({ config: { ...config, retentionDays: 7 }, log, now })
    assert.equal(await ttl(again, 'events'), 'toDateTime(kept_at) + toIntervalDay(7)')
    await again.close()
  })

  it('leaves no weak value anywhere after two days, and every strong one', async (t) => {
    const store = await openTestStore(t, { config: { retentionDays: 30 } })
    const longAgo = now() - 3 * 86_400_000_000
    const hashOf = (kind: string) => (kind === 'url' ? 'aaaaaaaaaaaaaaaa' : 'bbbbbbbbbbbbbbbb')
    const values = (['url', 'number', 'date', 'name', 'phrase', 'shingle'] as const).map((kind) => ({
      kind,
      hash: hashOf(kind),
      leaf: 0,
    }))
    const order = { position: 0, mood: 1, flags: [], verbs: ['pay'], nouns: [], verbHashes: [], atoms: values }
    const event = auditEvent({
      endedAt: longAgo,
      receivedAt: longAgo,
      argFingerprints: values,
      resultFingerprints: values,
      orders: [{ ...order, following: values, shingles: [hashOf('shingle')] }],
    })
    await store.insertEvents([event])
    for (const table of ['events', 'fingerprints']) await store.command(`OPTIMIZE TABLE ${table} FINAL`)
    const left = [
      ...(await store.query('SELECT * FROM events')),
      ...(await store.query('SELECT *, arrayMap(x -> lower(hex(x)), hashes) AS hex FROM fingerprints')),
    ]
    assert.ok(!JSON.stringify(left).includes(hashOf('number')))
    const [[found] = []] = await store.sessionEvents([
      { tenant: 'acme', keys: ['c:conv-1'], from: longAgo, to: longAgo, limit: 1 },
    ])
    const strong = values.filter(({ kind }) => kind === 'url')
    assert.deepEqual(found?.argFingerprints, strong)
    assert.deepEqual(found?.orders, [{ ...order, atoms: strong, following: strong, shingles: [] }])
  })

  it('removes what is too old', async (t) => {
    const store = await openTestStore(t, { config: { retentionDays: 1 } })
    const longAgo = now() - 3 * 86_400_000_000
    await store.insertEvents([auditEvent({ endedAt: longAgo, receivedAt: longAgo }), auditEvent({ endedAt: now() })])
    await store.command('OPTIMIZE TABLE events FINAL')
    assert.deepEqual(await store.query('SELECT count() AS n FROM audit'), [{ n: '1' }])
  })
})
