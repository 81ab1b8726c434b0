/**
 * Marking the records that another record stands for (which: `variants.ts`). A mark is a second row under the same sorting
 * key, which the engine prefers to the first; the record itself stays, with its reason and the id of the one that stands.
 */
import type { ClickHouse } from './client.js'
import { numberList, uuidTexts } from './literals.js'
import { noId, type RowOf } from './native.js'
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
const marksAtOnce = 10_000

/**
 * Finds all variants under the given keys and marks those that lost, and returns the marks. A sender who repeats one id
 * without end costs no more with each time: of one key the first and the latest variants count, 1,000 of each.
 */
export async function markShadowed(db: ClickHouse, where: Where): Promise<Shadow[]> {
  const shadows = await findShadows(db, where)
  await markAll(db, shadows)
  return shadows
}

async function markAll(db: ClickHouse, shadows: readonly Shadow[]): Promise<void> {
  for (let start = 0; start < shadows.length; start += marksAtOnce)
    await mark(db, shadows.slice(start, start + marksAtOnce))
}

async function findShadows(db: ClickHouse, { keys, hours }: Where): Promise<Shadow[]> {
  const asked = new Set(keys)
  const found = await variantsUnder(db, [...asked], hours)
  // Who stands for a call must stand for its own record first: also records that only the call key brought up are judged.
  const partners = [...new Set(found.map(({ recordId }) => recordId))].filter((recordId) => !asked.has(recordId))
  const variants = new Map<string, Variant>()
  for (const variant of [...found, ...(await variantsUnder(db, partners, hours))]) {
    const known = variants.get(variantId(variant))
    if (known === undefined || variant.storedAt < known.storedAt) variants.set(variantId(variant), variant)
  }
  return shadowsAmong([...variants.values()])
}

const nearHours = (hours: readonly number[]): number[] =>
  [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))].sort((one, other) => one - other)

const condition = (keys: readonly string[], hours: readonly number[] | undefined): string => {
  const among = `key IN (${uuidTexts(keys)})`
  if (hours === undefined) return among
  return `toStartOfHour(kept_at) IN (${nearHours(hours)
    .map((hour) => `toDateTime(${Math.max(0, hour * 3600)}, 'UTC')`)
    .join(',')}) AND ${among}`
}

/** Those of keys that have more than one row; a variant that was sent again may come twice. */
async function variantsUnder(
  db: ClickHouse,
  keys: readonly string[],
  hours: readonly number[] | undefined,
): Promise<Variant[]> {
  const chunks: string[][] = []
  for (let start = 0; start < keys.length; start += keysAtOnce) chunks.push(keys.slice(start, start + keysAtOnce))
  const found = await Promise.all(
    chunks.map((chunk) =>
      db.query<Record<string, unknown>>(
        `SELECT ${selectList(keyColumns)}
         FROM
         (
             SELECT ${tupleNames.map((name, index) => `variant.${index + 1} AS ${name}`)}
             FROM
             (
                 SELECT arraySort(groupArray((${tupleNames}))) AS variants
                 FROM record_keys
                 WHERE ${condition(chunk, hours)}
                 GROUP BY key
                 HAVING count() > 1
             )
             ARRAY JOIN if(
                 length(variants) > 2000,
                 arrayConcat(arraySlice(variants, 1, 1000), arraySlice(variants, -1000)),
                 variants
             ) AS variant
         )`,
        {},
        { maxRows: 10_000_000 },
      ),
    ),
  )
  return found.flat().map((row) => variantOf(readRow(keyColumns, row)))
}

/** First what the earliest are found by. */
const tupleNames = ['stored_at', ...Object.keys(keyColumns).filter((name) => name !== 'stored_at')]

const columns = Object.keys(eventColumns)

async function mark(db: ClickHouse, shadows: readonly Shadow[]): Promise<void> {
  const hours = [...new Set(shadows.map(({ variant }) => Math.floor(variant.keptAt / hourMicros)))]
  const losers = shadows.map(({ variant }) => variant)
  await db.command(
    `INSERT INTO events (${columns}, shadow, shadowed_by)
     SELECT ${columns.map((column) => `e.${column}`)}, m.reason, m.by
     FROM
     (
         SELECT * FROM events FINAL
         WHERE (tenant, toStartOfFifteenMinutes(kept_at), session_key, kept_at, record_id, content_hash) IN
         (
             SELECT tenant, toStartOfFifteenMinutes(kept_at), session_key, kept_at, record_id, content_hash
             FROM record_keys
             WHERE ${condition([...new Set(losers.map(({ recordId }) => recordId))], hours)}
         )
     ) AS e
     INNER JOIN
     (
         SELECT id::UUID AS record_id, hash AS content_hash, time AS kept_at, reason, other::UUID AS by
         FROM
         (
             SELECT
                 [${uuidTexts(losers.map(({ recordId }) => recordId))}] AS ids,
                 [${losers.map(({ contentHash }) => BigInt(`0x${contentHash}`))}]::Array(UInt64) AS hashes,
                 [${numberList(losers.map(({ keptAt }) => keptAt))}]::Array(Int64) AS times,
                 [${shadows.map(({ reason }) => `'${reason}'`)}] AS reasons,
                 [${uuidTexts(shadows.map(({ by }) => by))}] AS others
         )
         ARRAY JOIN ids AS id, hashes AS hash, times AS time, reasons AS reason, others AS other
     ) AS m
         ON m.record_id = e.record_id AND m.content_hash = e.content_hash AND m.kept_at = toUnixTimestamp64Micro(e.kept_at)
     WHERE e.shadow = ''`,
  )
}

const window = `stored_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
  AND stored_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')`

/**
 * The same for records stored in [from, to), microseconds: what a crash between insert and check left, and copies that
 * came more than an hour apart.
 */
export async function sweepShadowed(db: ClickHouse, from: number, to: number): Promise<Shadow[]> {
  const params = { from, to }
  await restoreKeys(db, params)
  const limits = { timeoutMs: 300_000, maxRows: 1_000_000 }
  const stored = `SELECT key FROM record_keys WHERE ${window}`
  const copies = await db.query<{ key: string }>(
    `SELECT key FROM record_keys
     WHERE key = record_id AND key IN (${stored} AND key = record_id)
     GROUP BY key
     HAVING uniqExact(content_hash, kept_at) > 1`,
    params,
    limits,
  )
  const calls = await db.query<{ key: string }>(
    `SELECT call_key AS key FROM events FINAL
     WHERE shadow = '' AND kind = 'call' AND call_key IN (${stored} AND key = call_key)
       AND kept_at >= (SELECT min(kept_at) - INTERVAL 1 HOUR FROM record_keys WHERE ${window})
     GROUP BY call_key
     HAVING count() > 1`,
    params,
    limits,
  )
  const keys = [...copies, ...calls].map(({ key }) => key)
  const shadows = await notMarked(db, await findShadows(db, { keys }))
  await markAll(db, shadows)
  return shadows
}

/** Contradictions stay contradictions: each sweep meets again what others have marked. */
async function notMarked(db: ClickHouse, shadows: readonly Shadow[]): Promise<Shadow[]> {
  const marked = new Set<string>()
  for (let start = 0; start < shadows.length; start += marksAtOnce) {
    const some = shadows.slice(start, start + marksAtOnce)
    const rows = await db.query<Pick<RowOf<typeof keyColumns>, 'record_id' | 'content_hash' | 'kept_at'>>(
      `SELECT ${selectList(keyColumns, ['record_id', 'content_hash', 'kept_at'])} FROM shadowed
       WHERE record_id IN (${uuidTexts(some.map(({ variant }) => variant.recordId))})`,
      {},
      { maxRows: 1_000_000, timeoutMs: 300_000 },
    )
    for (const row of rows)
      marked.add(variantId({ recordId: row.record_id, contentHash: row.content_hash, keptAt: Number(row.kept_at) }))
  }
  return shadows.filter(({ variant }) => !marked.has(variantId(variant)))
}

/** Writes the keys of records whose writer died before it did. */
async function restoreKeys(db: ClickHouse, params: { readonly from: number; readonly to: number }): Promise<void> {
  const names = Object.keys(keyColumns).filter((name) => name !== 'key' && name !== 'call_key')
  await db.command(
    `INSERT INTO record_keys (key, call_key, ${names.join(', ')})
     SELECT key, own_call_key, ${names.join(', ')}
     FROM (SELECT *, if(kind = 'call', call_key, toUUID('${noId}')) AS own_call_key FROM events WHERE ${window})
     ARRAY JOIN if(own_call_key = toUUID('${noId}'), [record_id], [record_id, own_call_key]) AS key
     WHERE (key, record_id, content_hash, kept_at) NOT IN
     (
         SELECT key, record_id, content_hash, kept_at FROM record_keys
         WHERE kept_at >= (SELECT min(kept_at) FROM events WHERE ${window})
     )`,
    params,
  )
}
