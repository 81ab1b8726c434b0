/**
 * Days and months, recomputed from hours: what is known of all time is asked of months, and of the hours of days that no month holds yet.
 * A day is computed when it is over and again when one of its hours was, a month when one of its days was.
 */
import type { ClickHouse } from './client.js'

/**
 * An hour counts as new until it was computed this long after its last mark, a day and a month until it was computed this long after the
 * latest of its parts: several processes compute. Microseconds; more than a mark lasts and clocks differ.
 */
export const settled = 120_000_000

interface Family {
  /** `NAME_periods`. */
  readonly name: string
  /** The rows of hours. */
  readonly hours: string
  readonly keys: string
  readonly measures: string
  readonly ofHours: string
  readonly ofDays: string
}

/** Newer rows are of somebody who computes at this moment: they took the place of older ones, see the views. */
const latest = (name: string): string => `(
  SELECT h.* FROM ${name}_hours AS h FINAL
  INNER JOIN (SELECT hour AS computed, generation AS latest FROM rollup_hours FINAL) AS l ON l.computed = h.hour
  WHERE h.hour >= toDateTime({first:Date}, 'UTC') AND h.hour < toDateTime({last:Date} + 1, 'UTC') AND h.generation >= l.latest)`
const scopeSums = 'sum(held), sum(requested), sum(challenged), sum(granted), min(first_at), max(last_at)'
const seenSums = `sum(calls), sum(done), sum(refused), arraySort(groupUniqArrayArray(32)(verbs)),
  arraySort(groupUniqArrayArray(32)(done_verbs)), min(first_at), max(last_at)`

const families: readonly Family[] = [
  {
    name: 'scope',
    hours: latest('scope'),
    keys: 'subject, oauth_client_id, server_name, scope',
    measures: 'held, requested, challenged, granted, first_at, last_at',
    ofHours: scopeSums,
    ofDays: scopeSums,
  },
  {
    name: 'seen',
    hours: latest('seen'),
    keys: 'subject, server_name, server_address, command_line, command_digest, tool, claimed_class',
    measures: 'calls, done, refused, verbs, done_verbs, first_at, last_at',
    ofHours: seenSums,
    ofDays: seenSums,
  },
  {
    name: 'tool',
    hours: latest('activity'),
    keys: 'server_name, server_version, tool',
    measures: 'calls, subjects, first_hour, last_hour',
    ofHours: 'sum(calls), uniqExactState(subject), min(hour), max(hour)',
    ofDays: 'sum(calls), uniqExactMergeState(subjects), min(first_hour), max(last_hour)',
  },
]

const generation = `fromUnixTimestamp64Micro({generation:Int64}, 'UTC')`

const intoDays = ({ name, hours, keys, measures, ofHours }: Family): string => `
  INSERT INTO ${name}_periods (tenant, period, start, ends, generation, ${keys}, ${measures})
  SELECT tenant, 'day', toDate(hour) AS day, day + 1, ${generation}, ${keys}, ${ofHours}
  FROM ${hours}
  WHERE toDate(hour) IN {days:Array(Date)}
  GROUP BY tenant, day, ${keys}`

const intoMonth = ({ name, keys, measures, ofDays }: Family): string => `
  INSERT INTO ${name}_periods (tenant, period, start, ends, generation, ${keys}, ${measures})
  SELECT tenant, 'month', {month:Date}, addMonths({month:Date}, 1), ${generation}, ${keys}, ${ofDays}
  FROM ${name}_periods AS p FINAL
  INNER JOIN (SELECT start AS day, generation AS latest FROM rollup_periods FINAL WHERE period = 'day') AS l ON l.day = p.start
  WHERE p.period = 'day' AND p.start >= {month:Date} AND p.start < addMonths({month:Date}, 1) AND p.generation >= l.latest
  GROUP BY tenant, ${keys}`

/** Days in one statement: the hours of a week, where everybody uses everything, take some hundred MB to sum up. */
const mostDays = 7

/** `now` in microseconds: the generation, and what says which days are over. */
export async function refreshPeriods(db: ClickHouse, now: number): Promise<void> {
  for (const days of runs(await newDays(db, now))) {
    const params = { days, first: days[0], last: days.at(-1), generation: now }
    for (const family of families) await db.command(intoDays(family), params)
    await db.command(
      `INSERT INTO rollup_periods (period, start, ends, generation)
       SELECT 'day', arrayJoin({days:Array(Date)}) AS day, day + 1, ${generation}`,
      { days, generation: now },
    )
  }
  for (const month of await newMonths(db)) {
    const params = { month, generation: now }
    for (const family of families) await db.command(intoMonth(family), params)
    await db.command(
      `INSERT INTO rollup_periods (period, start, ends, generation, days)
       SELECT 'month', {month:Date}, addMonths({month:Date}, 1), ${generation}, groupUniqArray(start)
       FROM rollup_periods FINAL
       WHERE period = 'day' AND start >= {month:Date} AND start < addMonths({month:Date}, 1)`,
      params,
    )
  }
}

const newer = `toUnixTimestamp64Micro(p.generation) > toUnixTimestamp64Micro(c.generation) - {settled:Int64}`

async function newDays(db: ClickHouse, now: number): Promise<string[]> {
  const rows = await db.query<{ day: string }>(
    `SELECT p.day AS day
     FROM (SELECT toDate(hour) AS day, max(generation) AS generation FROM rollup_hours GROUP BY day) AS p
     LEFT JOIN (SELECT start, max(generation) AS generation FROM rollup_periods WHERE period = 'day' GROUP BY start) AS c
       ON c.start = p.day
     WHERE p.day < toDate(fromUnixTimestamp64Micro({now:Int64}, 'UTC')) AND ${newer}
     ORDER BY day`,
    { now, settled },
  )
  return rows.map(({ day }) => day)
}

async function newMonths(db: ClickHouse): Promise<string[]> {
  const rows = await db.query<{ month: string }>(
    `SELECT p.month AS month
     FROM (
       SELECT toStartOfMonth(start) AS month, max(generation) AS generation FROM rollup_periods WHERE period = 'day' GROUP BY month
     ) AS p
     LEFT JOIN (SELECT start, max(generation) AS generation FROM rollup_periods WHERE period = 'month' GROUP BY start) AS c
       ON c.start = p.month
     WHERE ${newer}
     ORDER BY month`,
    { settled },
  )
  return rows.map(({ month }) => month)
}

function runs(days: readonly string[]): string[][] {
  const found: string[][] = []
  for (let start = 0; start < days.length; start += mostDays) found.push(days.slice(start, start + mostDays))
  return found
}
