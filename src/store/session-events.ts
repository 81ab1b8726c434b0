/** Whole audit events of sessions, for the session detectors: one query for the events of many sessions, one for their values. */
import type { AuditEvent } from '../audit-event.js'
import type { ClickHouse } from './client.js'
import { columnOf, eventFields } from './event-columns.js'
import type { SessionRequest } from './index.js'
import { numberList, textList, uuidTexts } from './literals.js'
import { eventColumns, eventOf, type FingerprintRow, fingerprintColumns, readRow, selectList } from './rows.js'

/** Keys in one query. */
const keysAtOnce = 2_000
const eventsAtOnce = 100_000
/** Values of an event come in at most four rows. */
const valueRowsAtOnce = 4 * eventsAtOnce

/** `toStartOfFifteenMinutes` counts in 32 bits: after this (in 2106, microseconds) it begins anew. No record is kept later. */
const lastMoment = 4_294_966_000_000_000

const span = `kept_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND kept_at <= fromUnixTimestamp64Micro({to:Int64}, 'UTC')
  AND toStartOfFifteenMinutes(kept_at) >= toStartOfFifteenMinutes(fromUnixTimestamp64Micro({from:Int64}, 'UTC'))
  AND toStartOfFifteenMinutes(kept_at) <= toStartOfFifteenMinutes(fromUnixTimestamp64Micro({to:Int64}, 'UTC'))`

const columns = selectList(
  eventColumns,
  Object.keys(eventFields).map((field) => columnOf(field)),
)

interface Numbered {
  readonly index: number
  readonly request: SessionRequest
}

/** See `Store.sessionEvents`. */
export async function sessionEvents(db: ClickHouse, requests: readonly SessionRequest[]): Promise<AuditEvent[][]> {
  const answers: AuditEvent[][] = requests.map(() => [])
  for (const group of groups(requests.map((request, index) => ({ index, request }))))
    for (const [index, events] of await fetchGroup(db, group)) answers[index] = events
  return answers
}

/** Requests of one tenant, without a key in common, small enough for one query. */
function groups(requests: readonly Numbered[]): Numbered[][] {
  const open = new Map<string, { requests: Numbered[]; keys: Set<string>; events: number }[]>()
  for (const numbered of requests) {
    const { tenant, keys, limit } = numbered.request
    const ofTenant = open.get(tenant) ?? []
    open.set(tenant, ofTenant)
    let group = ofTenant.find(
      (one) =>
        one.keys.size + keys.length <= keysAtOnce &&
        one.events + limit <= eventsAtOnce &&
        !keys.some((key) => one.keys.has(key)),
    )
    if (group === undefined) {
      group = { requests: [], keys: new Set(), events: 0 }
      ofTenant.push(group)
    }
    group.requests.push(numbered)
    group.events += limit
    for (const key of keys) group.keys.add(key)
  }
  return [...open.values()].flat().map((group) => group.requests)
}

async function fetchGroup(db: ClickHouse, group: readonly Numbered[]): Promise<[index: number, AuditEvent[]][]> {
  const [first] = group
  if (first === undefined) return []
  const { tenant } = first.request
  const keys: string[] = []
  const places: number[] = []
  group.forEach(({ request }, place) => {
    for (const key of request.keys) {
      keys.push(key)
      places.push(place)
    }
  })
  const all = <T>(value: (request: SessionRequest) => T) => group.map(({ request }) => value(request))
  const params = {
    tenant,
    from: Math.min(...all(({ from }) => from)),
    to: Math.min(lastMoment, Math.max(...all(({ to }) => to))),
  }
  const froms = numberList(all(({ from }) => from))
  const tos = numberList(all(({ to }) => to))
  // What the view `audit` shows, without the join that would resolve the sessions we were asked for.
  const rows = await db.query<Record<string, unknown>>(
    `SELECT place, ${columns}
     FROM
     (
         WITH ${textList(keys)} AS keys
         SELECT *, transform(session_key, keys, [${numberList(places)}], 0) AS place
         FROM events FINAL
         WHERE tenant = {tenant:String} AND session_key IN keys AND ${span} AND shadow = ''
           AND toUnixTimestamp64Micro(kept_at) BETWEEN [${froms}][place + 1] AND [${tos}][place + 1]
         ORDER BY place, ended_at DESC, started_at DESC, record_id DESC
         LIMIT ${Math.max(...all(({ limit }) => limit))} BY place
     )`,
    params,
    { maxRows: eventsAtOnce },
  )
  const values: Values = rows.length === 0 ? new Map() : await fetchValues(db, params, keys, rows)
  const lists = group.map((): AuditEvent[] => [])
  for (const row of rows) {
    const key = `${String(row['record_id'])}/${String(row['content_hash'])}/${Number(row['kept_at'])}`
    lists[Number(row['place'])]?.push(eventOf(row, values.get(key) ?? []))
  }
  return group.map(({ index, request }, place) => [index, lists[place]?.slice(0, request.limit).reverse() ?? []])
}

type Values = Map<string, FingerprintRow[]>

/** Fingerprints of the chosen events, by variant. Naming each keeps the answer small however much else a session holds. */
async function fetchValues(
  db: ClickHouse,
  params: { readonly tenant: string; readonly from: number; readonly to: number },
  keys: readonly string[],
  events: readonly Readonly<Record<string, unknown>>[],
): Promise<Values> {
  const values: Values = new Map()
  const rows = await db.query<Record<string, unknown>>(
    `SELECT ${selectList(fingerprintColumns)}
     FROM
     (
         SELECT * FROM fingerprints FINAL
         WHERE tenant = {tenant:String} AND session_key IN ${textList(keys)} AND ${span}
           AND record_id IN (${uuidTexts(events.map((event) => String(event['record_id'])))})
           AND toUnixTimestamp64Micro(kept_at) IN (${numberList(events.map((event) => Number(event['kept_at'])))})
     )`,
    params,
    { maxRows: valueRowsAtOnce },
  )
  for (const row of rows) {
    const fingerprints = readRow(fingerprintColumns, row)
    const key = `${fingerprints.record_id}/${fingerprints.content_hash}/${fingerprints.kept_at}`
    const list = values.get(key)
    if (list) list.push(fingerprints)
    else values.set(key, [fingerprints])
  }
  return values
}
