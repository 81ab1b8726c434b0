/**
 * Marking the records that another record stands for (which: `variants.ts`). A mark is a second row under the same sorting
 * key, which the engine prefers to the first; the record itself stays, with its reason and the id of the one that stands.
 */
import type { ClickHouse } from './client.js'
import { numberList, uuidTexts } from './literals.js'
import { eventColumns, keyColumns, readRow, selectList, variantOf } from './rows.js'
import { type Shadow, shadowsAmong, type Variant, variantId } from './variants.js'

const hourMicros = 3_600_000_000

/** Microseconds, inclusive. */
interface KeptBetween {
  readonly earliest: number
  readonly latest: number
}

export interface Where {
  /** Record ids and call keys. */
  readonly keys: readonly string[]
  /** Kept times in which copies are looked for: hours since 1970, each with its neighbours, or a range. */
  readonly during: readonly number[] | KeptBetween
}

/** Keys in one statement, about 400 kB of it. */
const keysAtOnce = 10_000
export const marksAtOnce = 10_000

/**
 * Finds all variants under the given keys and marks those that lost, and returns the marks. A sender who repeats one id
 * without end costs no more with each time: of one key the first and the latest variants count, 1,000 of each.
 */
export async function markShadowed(db: ClickHouse, where: Where): Promise<Shadow[]> {
  const shadows = await findShadows(db, where)
  await markAll(db, shadows)
  return shadows
}

export async function markAll(db: ClickHouse, shadows: readonly Shadow[]): Promise<void> {
  for (let start = 0; start < shadows.length; start += marksAtOnce)
    await mark(db, shadows.slice(start, start + marksAtOnce))
}

export async function findShadows(db: ClickHouse, { keys, during }: Where): Promise<Shadow[]> {
  const asked = new Set(keys)
  const found = await variantsUnder(db, [...asked], during)
  // Who stands for a call must stand for its own record first: also records that only the call key brought up are judged.
  const partners = [...new Set(found.map(({ recordId }) => recordId))].filter((recordId) => !asked.has(recordId))
  const variants = new Map<string, Variant>()
  for (const variant of [...found, ...(await variantsUnder(db, partners, during))]) {
    const known = variants.get(variantId(variant))
    if (known === undefined || variant.storedAt < known.storedAt) variants.set(variantId(variant), variant)
  }
  return shadowsAmong([...variants.values()])
}

const nearHours = (hours: readonly number[]): number[] =>
  [...new Set(hours.flatMap((hour) => [hour - 1, hour, hour + 1]))].sort((one, other) => one - other)

function condition(keys: readonly string[], during: Where['during']): string {
  const among = `key IN (${uuidTexts(keys)})`
  if ('earliest' in during) {
    const at = (time: number) => `fromUnixTimestamp64Micro(${Math.trunc(time)}, 'UTC')`
    return `kept_at >= ${at(during.earliest)} AND kept_at <= ${at(during.latest)} AND ${among}`
  }
  const starts = nearHours(during).map((hour) => `toDateTime(${Math.max(0, hour * 3600)}, 'UTC')`)
  return `toStartOfHour(kept_at) IN (${starts.join(',')}) AND ${among}`
}

/** Those of keys that have more than one row; a variant that was sent again may come twice. */
async function variantsUnder(db: ClickHouse, keys: readonly string[], during: Where['during']): Promise<Variant[]> {
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
                 WHERE ${condition(chunk, during)}
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
