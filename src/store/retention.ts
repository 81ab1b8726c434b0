/**
 * How long rows live: a setting, so it is no migration. Findings and incidents have no limit; they are few, and a case file.
 * Weak fingerprints (numbers, dates, names: whoever holds the keys could enumerate them) go after two days.
 */
import type { ClickHouse } from './client.js'
import { localTable } from './cluster.js'

const weakHours = 48

/** The time column of each table whose rows expire. */
const expiring: Readonly<Record<string, string>> = {
  events: 'kept_at',
  fingerprints: 'kept_at',
  record_keys: 'kept_at',
  session_links: 'last_at',
  dead_letters: 'at',
  not_evaluated: 'at',
  detector_runs: 'started_at',
  pipeline_counters: 'at',
  dirty_hours: 'marked_at',
  rollup_hours: 'hour',
  activity_hours: 'hour',
  destination_hours: 'hour',
  scope_hours: 'hour',
  seen_hours: 'hour',
  // A month goes when its last day does.
  rollup_periods: 'ends',
  scope_periods: 'ends',
  seen_periods: 'ends',
  tool_periods: 'ends',
}

const expiry = (table: string, column: string, days: number): string => {
  const age =
    table === 'fingerprints'
      ? `if(weak, toIntervalHour(${weakHours}), toIntervalHour(${days * 24}))`
      : `toIntervalDay(${days})`
  return `toDateTime(${column}) + ${age}`
}

/** Sets what is not yet set as it should be. Returns the tables that were changed. */
export async function applyRetention(db: ClickHouse, days: number): Promise<string[]> {
  const tables = await db.query<{ name: string; engine_full: string }>(
    'SELECT name, engine_full FROM system.tables WHERE database = {database:String}',
    { database: db.database },
  )
  const engines = new Map(tables.map(({ name, engine_full }) => [name, engine_full]))
  const changed: string[] = []
  for (const [table, column] of Object.entries(expiring)) {
    const wanted = expiry(table, column, days)
    const holder = db.cluster ? localTable(table) : table
    if (engines.get(holder)?.includes(`TTL ${wanted}`)) continue
    await db.define(`ALTER TABLE ${table} MODIFY TTL ${wanted}`)
    changed.push(table)
  }
  return changed
}
