/**
 * Counts by hour, recomputed from `audit` hour by hour. Nothing is added up as it comes in: a copy, a record that another
 * one stands for, or a late one would make such a sum wrong for good. See `periods.ts` for what is made of hours.
 */
import type { AuditEvent } from '../audit-event.js'
import type { ClickHouse } from './client.js'
import { micros } from './native.js'
import { refreshPeriods, settled } from './periods.js'

const hour = 3_600_000_000
const dirtyColumns = { hour: micros, marked_at: micros }

/** A mark says: records of this hour were stored up to half a minute after it. Microseconds. */
const markLasts = 30_000_000

export class DirtyHours {
  readonly #db: ClickHouse
  readonly #now: () => number
  readonly #marked = new Map<number, number>()

  constructor(db: ClickHouse, now: () => number) {
    this.#db = db
    this.#now = now
  }

  async mark(events: readonly Pick<AuditEvent, 'keptAt'>[]): Promise<void> {
    const now = this.#now()
    const hours = new Set(events.map(({ keptAt }) => Math.floor(keptAt / hour) * hour))
    const fresh = [...hours].filter((one) => Math.abs(now - (this.#marked.get(one) ?? 0)) >= markLasts)
    await this.#db.insert(
      'dirty_hours',
      dirtyColumns,
      fresh.map((one) => ({ hour: one, marked_at: now })),
    )
    for (const one of fresh) this.#marked.set(one, now)
    for (const [one, at] of this.#marked) if (now - at >= markLasts) this.#marked.delete(one)
  }
}

const inHours = `kept_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
  AND kept_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')`
const generation = `fromUnixTimestamp64Micro({generation:Int64}, 'UTC')`

/** Each writes the rows of the hours in [from, to) as of `generation`. */
const rollups = [
  `INSERT INTO activity_hours
     (tenant, hour, generation, subject, client_name, server_name, server_version, kind, method, tool, outcome, calls, arg_bytes,
      result_bytes, duration_us)
   SELECT
     tenant, toStartOfHour(toDateTime(kept_at)) AS hour, ${generation}, subject, client_name, server_name, server_version, kind,
     method, tool, outcome, count(), sum(audit.arg_bytes), sum(audit.result_bytes),
     quantilesTDigestState(0.5, 0.95, 0.99)(
       toUInt64(greatest(0, toUnixTimestamp64Micro(ended_at) - toUnixTimestamp64Micro(started_at))))
   FROM audit
   WHERE ${inHours}
   GROUP BY tenant, hour, subject, client_name, server_name, server_version, kind, method, tool, outcome`,

  `INSERT INTO destination_hours (tenant, hour, generation, subject, server_name, tool, destination, calls, arg_bytes)
   SELECT
     tenant, toStartOfHour(toDateTime(kept_at)) AS hour, ${generation}, subject, server_name, tool, destination, count(),
     sum(audit.arg_bytes)
   FROM audit
   ARRAY JOIN arrayDistinct(destinations) AS destination
   WHERE ${inHours}
   GROUP BY tenant, hour, subject, server_name, tool, destination`,

  `INSERT INTO scope_hours
     (tenant, hour, generation, subject, oauth_client_id, server_name, scope, held, requested, challenged, granted, first_at,
      last_at)
   SELECT
     tenant, toStartOfHour(toDateTime(kept_at)) AS hour, ${generation}, subject, oauth_client_id, server_name, scope,
     countIf(has(scopes, scope)), countIf(has(scopes_requested, scope)), countIf(has(scopes_challenged, scope)),
     countIf(has(scopes_granted, scope)), min(kept_at), max(kept_at)
   FROM audit
   ARRAY JOIN arrayDistinct(arrayConcat(scopes, scopes_requested, scopes_challenged, scopes_granted)) AS scope
   WHERE ${inHours}
   GROUP BY tenant, hour, subject, oauth_client_id, server_name, scope`,

  `INSERT INTO seen_hours
     (tenant, hour, generation, subject, server_name, server_address, command_line, command_digest, tool, claimed_class, calls,
      done, refused, verbs, done_verbs, first_at, last_at)
   SELECT
     tenant, toStartOfHour(toDateTime(kept_at)) AS hour, ${generation}, subject, server_name,
     if(audit.server_address = '', detail['server_origin'], audit.server_address) AS met_at, detail['command_line'] AS line,
     detail['command_digest'] AS digest, tool, claimed_class, countIf(kind = 'call'),
     countIf(kind = 'call' AND outcome = 'ok'), countIf(kind = 'call' AND outcome = 'denied'),
     groupUniqArrayArrayIf(32)(audit.verbs, kind = 'call'),
     groupUniqArrayArrayIf(32)(audit.verbs, kind = 'call' AND outcome = 'ok'), min(kept_at), max(kept_at)
   FROM audit
   WHERE ${inHours} AND (server_name != '' OR met_at != '')
   GROUP BY tenant, hour, subject, server_name, met_at, line, digest, tool, claimed_class`,
]

/** Recomputes what is new and returns the number of hours. Two at once do the same work twice, and no harm. */
export async function refreshRollups(db: ClickHouse, now: () => number): Promise<number> {
  const started = now()
  const rows = await db.query<{ hour: string }>(
    `SELECT toUnixTimestamp(d.hour) AS hour
     FROM (SELECT hour, max(marked_at) AS marked_at FROM dirty_hours GROUP BY hour) AS d
     LEFT JOIN (SELECT hour, max(generation) AS generation FROM rollup_hours GROUP BY hour) AS c ON c.hour = d.hour
     WHERE toUnixTimestamp64Micro(d.marked_at) > toUnixTimestamp64Micro(c.generation) - {settled:Int64}
     ORDER BY hour`,
    { settled },
  )
  const hours = rows.map((row) => Number(row.hour) * 1_000_000)
  for (const [from, to] of runs(hours)) {
    const params = { from, to, generation: started }
    for (const rollup of rollups) await db.command(rollup, params)
    await db.command(
      `INSERT INTO rollup_hours (hour, generation)
       SELECT toDateTime({start:UInt32} + number * 3600, 'UTC'), ${generation} FROM numbers({hours:UInt32})`,
      { start: from / 1_000_000, hours: (to - from) / hour, generation: started },
    )
  }
  await refreshPeriods(db, started)
  return hours.length
}

/** At most a day in one statement. */
const mostHours = 24

/** Hours that follow each other, as [from, to). */
function runs(hours: readonly number[]): [from: number, to: number][] {
  const found: [number, number][] = []
  for (const one of hours) {
    const last = found.at(-1)
    if (last && last[1] === one && last[1] - last[0] < mostHours * hour) last[1] = one + hour
    else found.push([one, one + hour])
  }
  return found
}
