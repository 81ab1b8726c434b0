/**
 * The outbox. What waits is not kept anywhere: it is every latest version that is severe enough and has no receipt yet. So
 * a version that was made is delivered however often we die between, and a newer version takes the place of an older one
 * that was not delivered. Receipts are append-only; a death between the answer and its receipt means that the same
 * CloudEvents id goes out twice. A version whose route leads elsewhere has a receipt that says `unrouted`.
 */
import { type Severity, severities, severityRank } from '../finding.js'
import type { Incident, Queries } from '../incidents.js'
import type { InsertRows, Store } from '../store/index.js'

/** The latest version of an incident that a receiver should have and has not. Times in microseconds. */
export interface Waiting {
  readonly id: string
  readonly version: number
  readonly tenant: string
  readonly updatedAt: number
  /** Attempts made so far with this version, and when the first was (0 where there was none). */
  readonly attempts: number
  readonly firstAttemptAt: number
  /** Not before: its own next attempt, and the pause that the receiver asked for as a whole (429 or 503). */
  readonly notBefore: number
  /** The receiver got an earlier version. */
  readonly told: boolean
}

export interface WaitingRequest {
  readonly receiver: string
  readonly least: Severity
  /** Versions made at or after this, microseconds. */
  readonly since: number
  readonly most: number
}

/** Fewest attempts first, so that one incident that a receiver chokes on does not hold up the others. */
export async function waitingFor(store: Store, { receiver, least, since, most }: WaitingRequest): Promise<Waiting[]> {
  const rows = await store.query<
    Record<'id' | 'version' | 'tenant' | 'updated' | 'attempts' | 'first' | 'not_before' | 'told', string>
  >(
    // Not from the view, which sorts every version there is: the latest version of an incident is also its latest made.
    `WITH receipts AS (
       SELECT incident_id, version, max(attempt) AS attempts, min(at) AS first, max(next_at) AS next,
         countIf(outcome != 'retry') AS settled
       FROM deliveries
       WHERE receiver = {receiver:String} AND at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
       GROUP BY incident_id, version)
     SELECT i.incident_id AS id, i.version AS version, i.tenant AS tenant,
       toUnixTimestamp64Micro(i.updated_at) AS updated, r.attempts AS attempts,
       toUnixTimestamp64Micro(r.first) AS first,
       toUnixTimestamp64Micro(greatest(r.next, (
         SELECT max(next_at) FROM deliveries WHERE receiver = {receiver:String} AND status IN (429, 503)))) AS not_before,
       i.incident_id IN (
         SELECT incident_id FROM deliveries WHERE receiver = {receiver:String} AND outcome = 'delivered') AS told
     FROM (
       SELECT incident_id, version, tenant, updated_at, maturity, severity FROM incidents
       WHERE updated_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
       ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id) AS i
     LEFT JOIN receipts AS r ON r.incident_id = i.incident_id AND r.version = i.version
     WHERE i.maturity = 'stable' AND i.severity IN {severities:Array(String)} AND r.settled = 0
     ORDER BY r.attempts, i.updated_at, i.incident_id LIMIT {most:UInt32}`,
    { receiver, severities: severities.slice(severityRank(least)), since, most },
  )
  return rows.map((row) => ({
    id: row.id,
    version: Number(row.version),
    tenant: row.tenant,
    updatedAt: Number(row.updated),
    attempts: Number(row.attempts),
    firstAttemptAt: Number(row.first),
    notBefore: Number(row.not_before),
    told: Number(row.told) === 1,
  }))
}

export type Receipt = InsertRows['deliveries']

export async function keepReceipts(store: Store, receipts: readonly Receipt[]): Promise<void> {
  const last = receipts.at(-1)
  if (last === undefined) return
  await store.insert(
    'deliveries',
    receipts,
    `${last.incident_id}.${last.version}.${last.receiver}.${last.attempt}.${last.at}`,
  )
}

/** What became of a version at its receivers: the latest receipt of each, for people. */
export interface DeliveryState {
  readonly incident: string
  readonly version: number
  readonly receiver: string
  readonly outcome: string
  readonly reason: string
  readonly attempts: number
  /** Microseconds. */
  readonly at: number
}

export async function deliveriesOf(
  store: Queries,
  incidents: readonly Pick<Incident, 'id'>[],
): Promise<DeliveryState[]> {
  if (incidents.length === 0) return []
  const rows = await store.query<
    Record<'id' | 'version' | 'receiver' | 'outcome' | 'reason' | 'attempts' | 'last', string>
  >(
    `SELECT incident_id AS id, version, receiver, argMax(outcome, (attempt, at)) AS outcome,
       argMax(reason, (attempt, at)) AS reason, max(attempt) AS attempts, toUnixTimestamp64Micro(max(at)) AS last
     FROM deliveries WHERE incident_id IN {ids:Array(UUID)}
     GROUP BY incident_id, version, receiver HAVING outcome != 'unrouted'
     ORDER BY incident_id, version, receiver`,
    { ids: incidents.map((incident) => incident.id) },
  )
  return rows.map((row) => ({
    incident: row.id,
    version: Number(row.version),
    receiver: row.receiver,
    outcome: row.outcome,
    reason: row.reason,
    attempts: Number(row.attempts),
    at: Number(row.last),
  }))
}
