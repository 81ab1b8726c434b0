/**
 * Keeping audit events. The order of the writes matters: what an event needs is there before the event is seen, and it is
 * looked for among other records only after it is there, so that of two writers at once at least one sees both. Every
 * write can be repeated, with the same batch or with another cut of it.
 */
import { createHash } from 'node:crypto'
import type { AuditEvent } from '../audit-event.js'
import type { ClickHouse } from './client.js'
import type { SessionLinks } from './links.js'
import type { DirtyHours } from './rollups.js'
import { eventCell, eventColumns, fingerprintColumns, fingerprintRows, keyColumns, keyRows } from './rows.js'
import { markShadowed } from './shadows.js'
import { variantId } from './variants.js'

/** ClickHouse refuses an insert into more than 100 partitions; fingerprints have two a day. */
const mostDays = 40
/** About 40 MB. */
const mostRows = 20_000

const day = 86_400_000_000
const hour = 3_600_000_000

/** Batches that the engine takes, in order of kept time. */
function* cut(events: readonly AuditEvent[]): Generator<readonly AuditEvent[]> {
  const inTime = [...events].sort((one, other) => one.keptAt - other.keptAt)
  let batch: AuditEvent[] = []
  let days = new Set<number>()
  for (const event of inTime) {
    const itsDay = Math.floor(event.keptAt / day)
    if (batch.length >= mostRows || (days.size >= mostDays && !days.has(itsDay))) {
      yield batch
      batch = []
      days = new Set()
    }
    batch.push(event)
    days.add(itsDay)
  }
  if (batch.length > 0) yield batch
}

const tokenOf = (events: readonly AuditEvent[]): string => {
  const hash = createHash('sha256')
  for (const event of events) hash.update(variantId(event))
  return hash.digest('base64url')
}

export interface RecordsOptions {
  readonly db: ClickHouse
  readonly links: SessionLinks
  readonly dirty: DirtyHours
  /** Microseconds since 1970. */
  readonly now: () => number
}

export async function insertEvents(options: RecordsOptions, events: readonly AuditEvent[]): Promise<void> {
  for (const batch of cut(events)) await insertBatch(options, batch)
}

async function insertBatch({ db, links, dirty, now }: RecordsOptions, events: readonly AuditEvent[]): Promise<void> {
  const storedAt = now()
  const token = tokenOf(events)
  await Promise.all([
    db.insert('fingerprints', fingerprintColumns, events.flatMap(fingerprintRows), token),
    links.remember(events),
  ])
  await db.insertFrom('events', eventColumns, events, eventCell(storedAt), token)
  const keys = events.flatMap((event) => keyRows(event, storedAt))
  await db.insert('record_keys', keyColumns, keys, token)
  const shadows = await markShadowed(db, {
    keys: keys.map(({ key }) => key),
    during: [...new Set(events.map((event) => Math.floor(event.keptAt / hour)))],
  })
  // A record that is shadowed from now on was perhaps counted in another hour.
  await dirty.mark([...events, ...shadows.map(({ variant }) => variant)])
}
