/**
 * Blast radius: where else the values, texts and destinations of an incident were met, in sessions that are not part of it. Also who and
 * what is most at risk. One tenant at a time.
 */
import { weakAtomKinds } from '@watchkeeper/sdk/event'
import { type Severity, severities } from '../finding.js'
import { isHash, isUuid } from './ids.js'
import type { Incident } from './incident.js'
import type { Queries } from './incident-rows.js'

/** How a session was touched: by a value, by the text that gave the orders, by a rare destination. */
export type Touch = 'value' | 'text' | 'destination'

export interface TouchedSession {
  readonly session: string
  readonly by: readonly Touch[]
  /** Different values that it shares with the incident. */
  readonly values: number
  readonly subjects: readonly string[]
  readonly servers: readonly string[]
  /** Microseconds: first and last record that was touched. */
  readonly firstAt: number
  readonly lastAt: number
}

export interface Reach {
  /** Those that share most, at most as many as asked for. */
  readonly sessions: readonly TouchedSession[]
  /** How many sessions there are in all. */
  readonly total: number
  /** Hosts and address domains that the incident's calls sent to. */
  readonly destinations: readonly string[]
}

export interface ReachOptions {
  /** Days before and after the evidence. Default 7. */
  readonly days?: number
  readonly most?: number
}

const day = 86_400_000_000
/** Such values are met everywhere: a name, a date, a number ties nothing together. */
const weak: ReadonlySet<string> = new Set(weakAtomKinds)
const mostHashes = 200
/** A destination of more sessions than this is an ordinary one. */
const rareSessions = 20

/** Keyed digests of the texts among an incident's causes: key id and digest. */
function textsOf(incident: Incident): readonly string[] {
  return incident.causes.flatMap((cause) => {
    const parts: unknown = JSON.parse(cause)
    const last: unknown = Array.isArray(parts) ? parts.at(-1) : undefined
    return typeof last === 'string' && last.startsWith('text ') ? [last.slice('text '.length)] : []
  })
}

export async function reachOf(
  store: Queries,
  incident: Incident,
  { days = 7, most = 50 }: ReachOptions = {},
): Promise<Reach> {
  const hashes = incident.matched
    .filter(({ kind, hash }) => !weak.has(kind) && isHash(hash))
    .map(({ hash }) => BigInt(`0x${hash}`))
  const calls = [...new Set(incident.findings.flatMap((finding) => finding.calls))].filter(isUuid)
  const own = [...new Set([incident.session, ...incident.findings.map(({ session }) => session)])]
  const params = {
    tenant: incident.tenant,
    from: Math.max(0, incident.firstAt - days * day),
    to: incident.lastAt + days * day,
    hashes: [...new Set(hashes)].slice(0, mostHashes),
    texts: textsOf(incident),
    calls: calls.slice(0, mostHashes),
    own,
    rare: rareSessions,
    most,
  }
  const range = `tenant = {tenant:String} AND kept_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')
       AND kept_at <= fromUnixTimestamp64Micro({to:Int64}, 'UTC')`
  const sent = await store.query<{ destination: string }>(
    `SELECT DISTINCT arrayJoin(destinations) AS destination FROM audit
     WHERE ${range} AND record_id IN {calls:Array(UUID)} ORDER BY destination LIMIT 100`,
    params,
  )
  const destinations = sent.map(({ destination }) => destination)
  const rows = await store.query<TouchedRow>(
    `WITH
       valued AS (
         SELECT record_id, groupUniqArray(hash) AS hashes FROM fingerprint
         WHERE ${range} AND hash IN {hashes:Array(UInt64)} GROUP BY record_id),
       rare AS (
         SELECT destination FROM audit ARRAY JOIN destinations AS destination
         WHERE ${range} AND destination IN {destinations:Array(String)}
         GROUP BY destination HAVING uniqExact(session) <= {rare:UInt32}),
       touched AS (
         SELECT session, subject, server_name, kept_at,
           if(record_id IN (SELECT record_id FROM valued), 'value', '') AS by_value,
           if(concat(key_id, ' ', result_digest) IN {texts:Array(String)}, 'text', '') AS by_text,
           if(hasAny(destinations, (SELECT groupArray(destination) FROM rare)), 'destination', '') AS by_destination,
           record_id
         FROM audit
         WHERE ${range} AND session NOT IN {own:Array(String)} AND session != ''
           AND (record_id IN (SELECT record_id FROM valued)
             OR (result_digest != '' AND concat(key_id, ' ', result_digest) IN {texts:Array(String)})
             OR hasAny(destinations, (SELECT groupArray(destination) FROM rare))))
     SELECT session, arraySort(arrayFilter(one -> one != '',
         arrayDistinct(arrayConcat(groupUniqArray(by_value), groupUniqArray(by_text), groupUniqArray(by_destination))))) AS by,
       uniqExactArray(v.hashes) AS shared, arraySort(groupUniqArrayIf(20)(subject, subject != '')) AS subjects,
       arraySort(groupUniqArrayIf(20)(server_name, server_name != '')) AS servers,
       toUnixTimestamp64Micro(min(kept_at)) AS first, toUnixTimestamp64Micro(max(kept_at)) AS last, count() OVER () AS total
     FROM touched AS t LEFT JOIN valued AS v ON v.record_id = t.record_id
     GROUP BY session
     ORDER BY has(by, 'text') DESC, shared DESC, first, session
     LIMIT {most:UInt32}`,
    { ...params, destinations },
    { timeoutMs: 20_000 },
  )
  return {
    sessions: rows.map(({ shared, first, last, total: _, ...row }) => ({
      ...row,
      values: Number(shared),
      firstAt: Number(first),
      lastAt: Number(last),
    })),
    total: Number(rows[0]?.total ?? 0),
    destinations,
  }
}

interface TouchedRow {
  readonly session: string
  readonly by: readonly Touch[]
  readonly shared: string
  readonly subjects: readonly string[]
  readonly servers: readonly string[]
  readonly first: string
  readonly last: string
  readonly total: string
}

export interface Risk {
  readonly name: string
  /** Sum over findings of the weight of their severity, halved for each day of age. */
  readonly score: number
  readonly findings: number
  readonly worst: Severity
  /** Microseconds. */
  readonly lastAt: number
}

/** Weights that double twice a step: one critical finding counts as much as four high ones. info, low, medium, high, critical. */
const weights = [0.25, 1, 4, 16, 64] as const
const halfLife = day

/**
 * The subjects or servers of a tenant with most risk: sum of weight × 2^(−age / 1 day) over the stable findings of 14 days, verdicts of
 * false or benign left out. `now` in microseconds.
 */
export async function entityRisk(
  store: Queries,
  kind: 'subject' | 'server',
  { tenant, now, most = 10 }: { readonly tenant: string | undefined; readonly now: number; readonly most?: number },
): Promise<Risk[]> {
  const rows = await store.query<Record<'name' | 'score' | 'number' | 'worst' | 'last', string>>(
    `SELECT ${kind} AS name,
       sum(arrayElement({weights:Array(Float64)}, indexOf({severities:Array(String)}, severity))
         * exp2(-(toInt64({now:Int64}) - toUnixTimestamp64Micro(at)) / {half:Float64})) AS score,
       count() AS number, max(indexOf({severities:Array(String)}, severity)) AS worst, toUnixTimestamp64Micro(max(at)) AS last
     FROM finding
     WHERE ({every:Bool} OR tenant = {tenant:String}) AND ${kind} != '' AND maturity = 'stable' AND excluded_by = ''
       AND at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
       AND fingerprint NOT IN (
         SELECT arrayJoin(findings) FROM incident WHERE incident_id IN (
           SELECT incident_id FROM triage_state WHERE verdict IN ('false_positive', 'benign_true_positive')))
     GROUP BY name ORDER BY score DESC, name LIMIT {most:UInt32}`,
    {
      every: tenant === undefined,
      tenant: tenant ?? '',
      now,
      since: Math.max(0, now - 14 * day),
      half: halfLife,
      weights: [...weights],
      severities: [...severities],
      most,
    },
  )
  return rows.map(({ name, score, number, worst, last }) => ({
    name,
    score: Number(score),
    findings: Number(number),
    worst: severities[Number(worst) - 1] ?? 'info',
    lastAt: Number(last),
  }))
}
