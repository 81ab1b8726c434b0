/**
 * Marking the records that another record stands for (which: `variants.ts`). A mark is a second row under the same sorting
 * key, which the engine prefers to the first; the record itself stays, with its reason and the id of the one that stands.
 */
import type { ClickHouse } from './client.js'
import { uuidList } from './literals.js'
import { eventColumns, keyColumns, readRow, selectList, variantOf } from './rows.js'
import { type Shadow, shadowsAmong, type Variant, variantId } from './variants.js'

const hourMicros = 3_600_000_000

export interface Where {
  /** Record ids and call keys. */
  readonly keys: readonly string[]
  /** Hours since 1970 of the records in question; their copies are looked for an hour around. Absent: at any time. */
  readonly hours?: readonly number[]
}

/** Keys in one statement, about 400 kB of it. */
const keysAtOnce = 10_000
const marksAtOnce = 1_000

/**
 * Finds all variants under the given keys and marks those that lost. Returns the number of marks. Marks of a sender who
 * repeats one id without end stay linear: a record is marked once, and of one key the first 1,000 variants count.
 */
export async function markShadowed(db: ClickHouse, { keys, hours }: Where): Promise<number> {
  const asked = new Set(keys)
  const found = await variantsUnder(db, [...asked], hours)
  // Who stands for a call must stand for its own record first: also records that only the call key brought up are judged.
  const partners = [...new Set(found.map(({ recordId }) => recordId))].filter((recordId) => !asked.has(recordId))
  const variants = new Map(found.map((variant) => [variantId(variant), variant]))
  for (const variant of await variantsUnder(db, partners, hours)) variants.set(variantId(variant), variant)
  const shadows = shadowsAmong([...variants.values()])
  for (let start = 0; start < shadows.length; start += marksAtOnce)
    await mark(db, shadows.slice(start, start + marksAtOnce))
  return shadows.length
}

const nearHours = (hours: readonly number[]): number[] =>
  [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))].sort((one, other) => one - other)

const condition = (keys: readonly string[], hours: readonly number[] | undefined): string => {
  const among = `key IN (${uuidList(keys)})`
  if (hours === undefined) return among
  return `toStartOfHour(kept_at) IN (${nearHours(hours)
    .map((hour) => `toDateTime(${Math.max(0, hour * 3600)}, 'UTC')`)
    .join(',')}) AND ${among}`
}

async function variantsUnder(
  db: ClickHouse,
  keys: readonly string[],
  hours: readonly number[] | undefined,
): Promise<Variant[]> {
  const variants: Variant[] = []
  for (let start = 0; start < keys.length; start += keysAtOnce) {
    const rows = await db.query<Record<string, unknown>>(
      `SELECT ${selectList(keyColumns)}
       FROM
       (
           SELECT *, count() OVER (PARTITION BY key) AS variants, row_number() OVER (PARTITION BY key ORDER BY stored_at) AS place
           FROM record_keys FINAL
           WHERE ${condition(keys.slice(start, start + keysAtOnce), hours)}
       )
       WHERE variants > 1 AND place <= 1000`,
      {},
      { maxRows: 1_000_000 },
    )
    for (const row of rows) variants.push(variantOf(readRow(keyColumns, row)))
  }
  return variants
}

const columns = Object.keys(eventColumns).join(', ')

async function mark(db: ClickHouse, shadows: readonly Shadow[]): Promise<void> {
  const ids = shadows.map(
    ({ variant }) => `(toUUID('${variant.recordId}'), ${BigInt(`0x${variant.contentHash}`)}, ${variant.keptAt})`,
  )
  const hours = [...new Set(shadows.map(({ variant }) => Math.floor(variant.keptAt / hourMicros)))]
  await db.command(
    `INSERT INTO events (${columns}, shadow, shadowed_by)
     WITH
         [${ids.join(',')}]::Array(Tuple(UUID, UInt64, Int64)) AS ids,
         [${shadows.map(({ reason }) => `'${reason}'`).join(',')}] AS reasons,
         [${uuidList(shadows.map(({ by }) => by))}] AS others,
         indexOf(ids, (record_id, content_hash, toUnixTimestamp64Micro(kept_at))) AS place
     SELECT ${columns}, reasons[place], others[place]
     FROM events FINAL
     WHERE shadow = '' AND place > 0
       AND (tenant, toStartOfFifteenMinutes(kept_at), session_key, kept_at, record_id, content_hash) IN
       (
           SELECT tenant, toStartOfFifteenMinutes(kept_at), session_key, kept_at, record_id, content_hash
           FROM record_keys
           WHERE ${condition([...new Set(shadows.map(({ variant }) => variant.recordId))], hours)}
       )`,
  )
}

/**
 * The same for records stored in [from, to), microseconds: what a crash between insert and check left, and copies that
 * came more than an hour apart.
 */
export async function sweepShadowed(db: ClickHouse, from: number, to: number): Promise<number> {
  const window = { from, to }
  const stored = `SELECT key FROM record_keys
    WHERE stored_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND stored_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')`
  const limits = { timeoutMs: 300_000, maxRows: 1_000_000 }
  const copies = await db.query<{ key: string }>(
    `SELECT key FROM record_keys
     WHERE key = record_id AND key IN (${stored} AND key = record_id)
     GROUP BY key
     HAVING uniqExact(content_hash, kept_at) > 1`,
    window,
    limits,
  )
  const calls = await db.query<{ key: string }>(
    `SELECT call_key AS key FROM events FINAL
     WHERE shadow = '' AND kind = 'call' AND call_key IN (${stored} AND key = call_key)
       AND kept_at >= (SELECT min(kept_at) - INTERVAL 1 HOUR FROM record_keys WHERE key IN (${stored}))
     GROUP BY call_key
     HAVING count() > 1`,
    window,
    limits,
  )
  return markShadowed(db, { keys: [...copies, ...calls].map(({ key }) => key) })
}
