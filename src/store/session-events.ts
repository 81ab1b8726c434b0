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
/** Values of an event come in at most five rows. */
const valueRowsAtOnce = 5 * eventsAtOnce

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

/** Requests without a key in common, small enough for one query. */
function groups(requests: readonly Numbered[]): Numbered[][] {
  const open: { requests: Numbered[]; pairs: Set<string>; events: number }[] = []
  for (const numbered of requests) {
    const { tenant, keys, limit } = numbered.request
    const pairs = keys.map((key) => pairOf(tenant, key))
    let group = open.find(
      (one) =>
        one.pairs.size + pairs.length <= keysAtOnce &&
        one.events + limit <= eventsAtOnce &&
        !pairs.some((pair) => one.pairs.has(pair)),
    )
    if (group === undefined) {
      group = { requests: [], pairs: new Set(), events: 0 }
      open.push(group)
    }
    group.requests.push(numbered)
    group.events += limit
    for (const pair of pairs) group.pairs.add(pair)
  }
  return open.map((group) => group.requests)
}

/** As `concat(tenant, char(0), session_key)` in SQL; no name of a tenant holds a NUL. */
const pairOf = (tenant: string, key: string): string => `${tenant}\0${key}`

async function fetchGroup(db: ClickHouse, group: readonly Numbered[]): Promise<[index: number, AuditEvent[]][]> {
  const pairs: string[] = []
  const places: number[] = []
  group.forEach(({ request }, place) => {
    for (const key of request.keys) {
      pairs.push(pairOf(request.tenant, key))
      places.push(place)
    }
  })
  const all = <T>(value: (request: SessionRequest) => T) => group.map(({ request }) => value(request))
  const tenants = [...new Set(all(({ tenant }) => tenant))]
  const keys = [...new Set(all(({ keys }) => keys).flat())]
  const params = {
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
         WITH ${textList(pairs)} AS pairs
         SELECT *, transform(concat(tenant, char(0), session_key), pairs, [${numberList(places)}]::Array(Int64), -1) AS place
         FROM events FINAL
         WHERE tenant IN ${textList(tenants)} AND session_key IN ${textList(keys)} AND ${span} AND shadow = '' AND place >= 0
           AND toUnixTimestamp64Micro(kept_at) BETWEEN [${froms}][place + 1] AND [${tos}][place + 1]
         ORDER BY place, ended_at DESC, started_at DESC, record_id DESC
         LIMIT ${Math.max(...all(({ limit }) => limit))} BY place
     )`,
    params,
    { maxRows: eventsAtOnce },
  )
  const values: Values = rows.length === 0 ? new Map() : await fetchValues(db, params, tenants, keys, rows)
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
  params: { readonly from: number; readonly to: number },
  tenants: readonly string[],
  keys: readonly string[],
  events: readonly Readonly<Record<string, unknown>>[],
): Promise<Values> {
  const values: Values = new Map()
  const rows = await db.query<Record<string, unknown>>(
    `SELECT ${selectList(fingerprintColumns)}
     FROM
     (
         SELECT * FROM fingerprints FINAL
         WHERE tenant IN ${textList(tenants)} AND session_key IN ${textList(keys)} AND ${span}
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
