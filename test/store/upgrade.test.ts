/** A database that an earlier version left, with a day's data in it, is opened by today's code: all of it is there, read as today's is. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { dashboards } from '../../dashboards/index.js'
import { ClickHouse } from '../../src/store/client.js'
import { openStore, type Store } from '../../src/store/index.js'
import { migrate, readMigrations, statements } from '../../src/store/migrate.js'
import { shown, storeOfTheDay } from '../support/dashboard-story.js'
import { quiet } from '../support/embedded.js'
import { expand } from '../support/grafana.js'
import { testStoreConfig } from '../support/store.js'

const now = () => Date.now() * 1000
const all = await readMigrations()
/** The first set that had every kind of data: records, findings, views, counts by hour. */
const firstSet = 4
const earlier = all.map(({ number }) => number).filter((number) => number >= firstSet && number < all.length)

const tablesOf = (database: string) =>
  `SELECT name, engine FROM system.tables WHERE database = '${database}' AND name != 'migrations' ORDER BY name`

/** The database as the version with the first `count` migrations would have it, with the rows of `today` that it had a place for. */
async function asOf(t: TestContext, today: Store, count: number) {
  const config = await testStoreConfig()
  const { clickhouseUrl: url, clickhouseUser: user, clickhousePassword: password } = config
  const outside = new ClickHouse({ url, user, password, database: 'default' })
  await outside.command(`CREATE DATABASE ${config.clickhouseDatabase} ENGINE = Atomic`)
  const old = new ClickHouse({ url, user, password, database: config.clickhouseDatabase })
  t.after(async () => {
    await outside.command(`DROP DATABASE ${config.clickhouseDatabase} SYNC`)
    await Promise.all([outside.close(), old.close()])
  })
  await migrate(old, all.slice(0, count), now)
  const [{ database = '' } = {}] = await today.query<{ database: string }>('SELECT currentDatabase() AS database')
  for (const { name, engine } of await old.query<{ name: string; engine: string }>(tablesOf(old.database))) {
    if (engine === 'View') continue
    const columns = await old.query<{ name: string }>(
      `SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {name:String} AND default_kind != 'MATERIALIZED'`,
      { name },
    )
    const list = columns.map((column) => column.name).join(', ')
    await old.command(`INSERT INTO ${name} (${list}) SELECT ${list} FROM ${database}.${name}`)
  }
  const had = await columnsOf(old)
  const added = new Set([...(await columnsOf(today))].filter((name) => !had.has(name)))
  return { config, old, added }
}

/** Columns of our tables. */
const columnsOf = async (db: Pick<Store, 'query'>): Promise<ReadonlySet<string>> =>
  new Set(
    (
      await db.query<{ name: string }>(
        `SELECT DISTINCT name FROM system.columns WHERE database = currentDatabase()
         AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View')`,
      )
    ).map(({ name }) => name),
  )

/** What every view says, in an order of its own, but for columns that nobody had a place for. */
async function contents(
  store: Store,
  without: ReadonlySet<string>,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const views = (await store.query<{ name: string; engine: string }>(
    `SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND engine = 'View' ORDER BY name`,
  )) as readonly { name: string }[]
  const said: Record<string, readonly string[]> = {}
  for (const { name } of views) {
    // Says which days are over by the clock of the store, and those of the two differ.
    if (name === 'open_hours') continue
    // States of an aggregation are no text to compare.
    const rows = await store.query(
      name === 'activity' ? 'SELECT * EXCEPT duration_us FROM activity' : `SELECT * FROM ${name}`,
    )
    said[name] = rows.map((row) => JSON.stringify(row, (key, value) => (without.has(key) ? undefined : value))).sort()
  }
  return said
}

function sameViews(found: Awaited<ReturnType<typeof contents>>, expected: typeof found): void {
  assert.deepEqual(Object.keys(found), Object.keys(expected))
  for (const [view, rows] of Object.entries(expected)) assert.deepEqual(found[view], rows, view)
}

describe('an upgrade', () => {
  let today: Store
  const ends: (() => unknown)[] = []
  before(async () => {
    today = await storeOfTheDay({ after: (end) => void ends.push(end as () => unknown) })
    await today.refreshRollups()
  })
  after(async () => {
    for (const end of ends) await end()
  })

  it('has something to come from', () => {
    assert.ok(earlier.length >= 3)
  })

  for (const count of earlier)
    it(`from the first ${count} migrations keeps all, and every view reads it${count === firstSet ? ', and every panel' : ''}`, async (t) => {
      const { config, added } = await asOf(t, today, count)
      const upgraded = await openStore({ config, log: quiet, now })
      t.after(() => upgraded.close())
      await upgraded.refreshRollups()
      const [expected, found] = [await contents(today, added), await contents(upgraded, added)]
      assert.ok((expected['audit'] ?? []).length > 10 && (expected['activity'] ?? []).length > 5)
      sameViews(found, expected)
      if (count !== firstSet) return
      const variables = { incident: '', session: '' }
      for (const { panels = [] } of dashboards)
        for (const { targets = [] } of panels as readonly { targets?: readonly { rawSql: string }[] }[])
          for (const { rawSql } of targets)
            await upgraded.query(expand(rawSql, { ...shown, intervalMs: 3_600_000, variables }))
    })

  it('that was killed after a migration and before its record goes on where it was', async (t) => {
    for (const count of earlier) {
      const { config, old, added } = await asOf(t, today, count)
      for (const statement of statements(all[count]?.sql ?? '')) await old.command(statement)
      const upgraded = await openStore({ config, log: quiet, now })
      t.after(() => upgraded.close())
      await upgraded.refreshRollups()
      sameViews(await contents(upgraded, added), await contents(today, added))
    }
  })
})
