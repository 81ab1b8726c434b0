/**
 * Our statements for a cluster of ClickHouse servers, as `WATCHKEEPER_CLICKHOUSE_CLUSTER` names it. Each table becomes two: `NAME_local`,
 * replicated within a shard, and `NAME`, which is all shards together and what everything reads and writes. A tenant lives on one shard, so
 * copies of a record, the sides of a call and the links of a session meet there. Migrations stay as they are for one server.
 *
 * Only parsed here (there is no cluster on our machines): the tests of the store run against one with CLICKHOUSE_URL and CLICKHOUSE_CLUSTER.
 */
import type { ClickHouseSettings } from '@clickhouse/client'
import { WatchkeeperError } from '../errors.js'

export interface Cluster {
  /** As in the servers' `remote_servers`; with the macros `shard` and `replica` on each server. */
  readonly name: string
  readonly database: string
}

/** The table that holds the rows of one shard. */
export const localTable = (table: string): string => `${table}_local`

/** For whoever reads our views: a subquery sees all shards. Users of others (Grafana) have these in their profile. */
export const clusterReads: ClickHouseSettings = { distributed_product_mode: 'global', prefer_global_in_and_join: 1 }

/**
 * What the rules of the store need of a cluster: what was acknowledged is on a majority of replicas, and whoever reads after that finds it,
 * whichever replica answers.
 */
export const clusterSettings: ClickHouseSettings = {
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  select_sequential_consistency: '1',
  distributed_foreground_insert: 1,
  ...clusterReads,
}

const comments = /^(?:\s*--.*\n|\s+)*/

/** The statements that take the place of one. Throws `WK_STORE_MIGRATION` for one that it has no rule for. */
export function onCluster(statement: string, { name, database }: Cluster): readonly string[] {
  const sql = statement.replace(comments, '').trim()
  const everywhere = `ON CLUSTER ${name}`
  const table = /^CREATE TABLE IF NOT EXISTS (\w+)([\s\S]*)$/.exec(sql)
  if (table) {
    const [, own = '', rest = ''] = table
    if (!/^ENGINE = \w*MergeTree\b/m.test(rest)) throw noRule(sql)
    return [
      `CREATE TABLE IF NOT EXISTS ${localTable(own)} ${everywhere}${rest.replace(/^ENGINE = /m, 'ENGINE = Replicated')}`,
      `CREATE TABLE IF NOT EXISTS ${own} ${everywhere} AS ${localTable(own)}
ENGINE = Distributed(${name}, ${database}, ${localTable(own)}, ${shardOf(rest)})
COMMENT 'all shards of ${localTable(own)}'`,
    ]
  }
  const alter = /^ALTER TABLE (\w+)([\s\S]*)$/.exec(sql)
  if (alter) {
    const [, own = '', rest = ''] = alter
    // Rows expire, are found and are merged where they lie.
    const both = /^\s+(MODIFY (TTL|SETTING)|ADD INDEX)\b/.test(rest) ? [localTable(own)] : [localTable(own), own]
    return both.map((one) => `ALTER TABLE ${one} ${everywhere}${rest}`)
  }
  const view = /^(CREATE (?:OR REPLACE VIEW|VIEW IF NOT EXISTS) \w+)([\s\S]*)$/.exec(sql)
  if (view) return [`${view[1]} ${everywhere}${view[2]}`]
  if (/^(INSERT INTO|SELECT)\b/.test(sql)) return [sql]
  throw noRule(sql)
}

/** What has no tenant is small (our own counters, watermarks) and lies on one shard. */
const shardOf = (definition: string): string => (/^\s+tenant\s/m.test(definition) ? 'cityHash64(tenant)' : '0')

const noRule = (sql: string): WatchkeeperError =>
  new WatchkeeperError('WK_STORE_MIGRATION', `nobody said how this is done on a cluster: ${sql.slice(0, 80)}`)
