/** What our migrations become on a cluster: parsed by the engine, of which we have one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { onCluster } from '../../src/store/cluster.js'
import { openStore } from '../../src/store/index.js'
import { readMigrations, statements } from '../../src/store/migrate.js'
import { quiet } from '../support/embedded.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

const cluster = { name: 'audit_cluster', database: 'watchkeeper' }
const all = async () =>
  (await readMigrations()).flatMap(({ sql }) => statements(sql).map((one) => [one, onCluster(one, cluster)] as const))

describe('a cluster of ClickHouse', () => {
  it('gets statements that the engine understands, for every one of our migrations', async (t) => {
    const store = await openTestStore(t)
    const made = (await all()).flatMap(([, several]) => several)
    assert.ok(made.length > 50)
    for (const statement of made) await store.command(`EXPLAIN AST ${statement}`)
    await assert.rejects(store.command('EXPLAIN AST CREATE TABLE a ON CLUSTR b (x UInt8) ENGINE = Memory'))
  })

  it('has each table replicated on its shard, and one over all shards by tenant', async (t) => {
    const store = await openTestStore(t)
    const tables = await store.query<{ name: string; tenant: number }>(
      `SELECT name, has(groupArray(column), 'tenant') AS tenant FROM (
         SELECT table AS name, system.columns.name AS column FROM system.columns WHERE database = currentDatabase())
       WHERE name IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'migrations')
       GROUP BY name ORDER BY name`,
    )
    const made = (await all()).flatMap(([, several]) => several)
    for (const { name, tenant } of tables) {
      const local = made.find((one) =>
        one.startsWith(`CREATE TABLE IF NOT EXISTS ${name}_local ON CLUSTER audit_cluster`),
      )
      assert.match(local ?? '', /^ENGINE = Replicated\w*MergeTree/m, name)
      const whole = made.find((one) =>
        one.startsWith(`CREATE TABLE IF NOT EXISTS ${name} ON CLUSTER audit_cluster AS ${name}_local`),
      )
      const shard = tenant ? 'cityHash64(tenant)' : '0'
      assert.ok(whole?.includes(`Distributed(audit_cluster, watchkeeper, ${name}_local, ${shard})`), whole ?? name)
    }
    assert.ok(tables.length > 15)
  })

  it('changes both, but lets rows expire where they lie', () => {
    assert.deepEqual(onCluster('ALTER TABLE events ADD COLUMN IF NOT EXISTS x UInt8', cluster), [
      'ALTER TABLE events_local ON CLUSTER audit_cluster ADD COLUMN IF NOT EXISTS x UInt8',
      'ALTER TABLE events ON CLUSTER audit_cluster ADD COLUMN IF NOT EXISTS x UInt8',
    ])
    assert.deepEqual(onCluster('ALTER TABLE events ADD INDEX IF NOT EXISTS x y TYPE minmax', cluster), [
      'ALTER TABLE events_local ON CLUSTER audit_cluster ADD INDEX IF NOT EXISTS x y TYPE minmax',
    ])
    assert.deepEqual(onCluster('ALTER TABLE events MODIFY TTL kept_at + INTERVAL 1 DAY', cluster), [
      'ALTER TABLE events_local ON CLUSTER audit_cluster MODIFY TTL kept_at + INTERVAL 1 DAY',
    ])
    assert.deepEqual(onCluster('ALTER TABLE events MODIFY SETTING x = 1', cluster), [
      'ALTER TABLE events_local ON CLUSTER audit_cluster MODIFY SETTING x = 1',
    ])
  })

  it('refuses a statement that nobody thought of, instead of running it on one server', () => {
    for (const statement of ['DROP TABLE events', 'CREATE TABLE x (y UInt8) ENGINE = Memory', 'OPTIMIZE TABLE events'])
      assert.throws(() => onCluster(statement, cluster), { code: 'WK_STORE_MIGRATION' })
  })

  it('is refused where there is none: on the embedded engine, or by a name that is SQL', async () => {
    const open = async (clickhouseCluster: string, clickhouseUrl?: string) => {
      const config = await testStoreConfig({ clickhouseCluster })
      return openStore({
        config: { ...config, ...(clickhouseUrl === undefined ? {} : { clickhouseUrl }) },
        log: quiet,
        now: () => 0,
      })
    }
    await assert.rejects(open('audit_cluster', ''), { code: 'WK_CONFIG', message: /CLICKHOUSE_CLUSTER/ })
    await assert.rejects(open("c' x"), { code: 'WK_CONFIG', message: /CLICKHOUSE_CLUSTER/ })
  })
})
