/**
 * The second look at what was stored, for what the look at each insert cannot see: what a writer left that died on the way,
 * and copies that came more than an hour apart (as far as a sender can move a kept time, see `keptTime`).
 */
import { clockTolerance } from '../audit-event.js'
import type { ClickHouse } from './client.js'
import { uuidTexts } from './literals.js'
import { noId, type RowOf } from './native.js'
import { keyColumns, selectList } from './rows.js'
import { findShadows, markAll, marksAtOnce } from './shadows.js'
import { type Shadow, variantId } from './variants.js'

/** A stretch of storing time, small enough for the memory of a query; all times in microseconds. */
interface Stretch {
  readonly from: number
  readonly to: number
  /** Kept times of its records, the first and the last. */
  readonly earliest: number
  readonly latest: number
}

const stretchRecords = 1_000_000
const time = (name: string) => `fromUnixTimestamp64Micro({${name}:Int64}, 'UTC')`
const storedThen = `stored_at >= ${time('from')} AND stored_at < ${time('to')}`
const keptThen = `kept_at >= ${time('earliest')} AND kept_at <= ${time('latest')}`
const limits = { timeoutMs: 300_000, maxRows: 1_000_000 }

/** Looks at the records stored in [from, to), microseconds, and returns the marks it made. */
export async function sweepShadowed(db: ClickHouse, from: number, to: number): Promise<Shadow[]> {
  const marks: Shadow[] = []
  for (const stretch of await stretches(db, from, to)) {
    await restoreKeys(db, stretch)
    const keys = await keysToJudge(db, stretch)
    const shadows = await notMarked(db, await findShadows(db, { keys, during: around(stretch) }))
    await markAll(db, shadows)
    for (const shadow of shadows) marks.push(shadow)
  }
  return marks
}

async function stretches(db: ClickHouse, from: number, to: number): Promise<Stretch[]> {
  const rows = await db.query<Record<'records' | 'quarter' | 'earliest' | 'latest', string>>(
    `SELECT toUnixTimestamp(toStartOfFifteenMinutes(stored_at)) AS quarter, count() AS records,
       toUnixTimestamp64Micro(min(kept_at)) AS earliest, toUnixTimestamp64Micro(max(kept_at)) AS latest
     FROM events WHERE ${storedThen} GROUP BY quarter ORDER BY quarter`,
    { from, to },
    limits,
  )
  const found: Stretch[] = []
  let open: (Stretch & { records: number }) | undefined
  for (const row of rows) {
    const records = Number(row.records)
    const end = Math.min(to, (Number(row.quarter) + 900) * 1_000_000)
    const [earliest, latest] = [Number(row.earliest), Number(row.latest)]
    if (open && open.records + records > stretchRecords) {
      found.push(open)
      open = undefined
    }
    open = {
      from: open?.from ?? Math.max(from, Number(row.quarter) * 1_000_000),
      to: end,
      earliest: Math.min(open?.earliest ?? earliest, earliest),
      latest: Math.max(open?.latest ?? latest, latest),
      records: (open?.records ?? 0) + records,
    }
  }
  return open ? [...found, open] : found
}

/** How far a sender can move a record's kept time: see `keptTime`. */
const reach = clockTolerance.behind + clockTolerance.ahead
const around = ({ earliest, latest }: Stretch) => ({ earliest: earliest - reach, latest: latest + reach })

const params = ({ from, to, earliest, latest }: Stretch) => ({ from, to, earliest, latest })

/** Keys of the stretch with several variants, or with several calls that show. */
async function keysToJudge(db: ClickHouse, stretch: Stretch): Promise<string[]> {
  const stored = `SELECT key FROM record_keys WHERE ${keptThen} AND ${storedThen}`
  const copies = await db.query<{ key: string }>(
    `SELECT key FROM record_keys
     WHERE key = record_id AND key IN (${stored} AND key = record_id)
       AND kept_at >= ${time('farBack')} AND kept_at <= ${time('farAhead')}
     GROUP BY key
     HAVING uniqExact(content_hash, kept_at) > 1`,
    { ...params(stretch), farBack: around(stretch).earliest, farAhead: around(stretch).latest },
    limits,
  )
  const calls = await db.query<{ key: string }>(
    `SELECT call_key AS key FROM events FINAL
     WHERE shadow = '' AND kind = 'call' AND call_key IN (${stored} AND key = call_key)
       AND kept_at >= ${time('earliest')} - INTERVAL 1 HOUR AND kept_at <= ${time('latest')} + INTERVAL 1 HOUR
     GROUP BY call_key
     HAVING count() > 1`,
    params(stretch),
    limits,
  )
  return [...copies, ...calls].map(({ key }) => key)
}

/** Writes the keys of records whose writer died before it did. */
async function restoreKeys(db: ClickHouse, stretch: Stretch): Promise<void> {
  const names = Object.keys(keyColumns).filter((name) => name !== 'key' && name !== 'call_key')
  const none = `toUUID('${noId}')`
  await db.command(
    `INSERT INTO record_keys (key, call_key, ${names.join(', ')})
     SELECT key, own_call_key, ${names.join(', ')}
     FROM (SELECT *, if(kind = 'call', call_key, ${none}) AS own_call_key FROM events WHERE ${keptThen} AND ${storedThen})
     ARRAY JOIN if(own_call_key = ${none}, [record_id], [record_id, own_call_key]) AS key
     WHERE (key, record_id, content_hash, kept_at) NOT IN
     (
         SELECT key, record_id, content_hash, kept_at FROM record_keys
         WHERE ${keptThen} AND record_id IN (SELECT record_id FROM events WHERE ${keptThen} AND ${storedThen})
     )`,
    params(stretch),
  )
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
