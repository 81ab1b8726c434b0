/**
 * The outbox. What waits is not kept anywhere: it is every latest version that is severe enough and has no receipt yet. So
 * a version that was made is delivered however often we die between, and a newer version takes the place of an older one
 * that was not delivered. Receipts are append-only; a death between the answer and its receipt means that the same
 * CloudEvents id goes out twice. A version whose route leads elsewhere has a receipt that says `unrouted`.
 */

import { stableId } from '../audit-event.js'
import { type Severity, severities, severityRank } from '../finding.js'
import type { InsertRows, Store } from '../store/index.js'

/** What a receiver should know of an incident and does not: its latest version, or a step that somebody took. Times in microseconds. */
export interface Waiting {
  readonly id: string
  readonly version: number
  readonly tenant: string
  /** The step of triage that is to be told; `undefined`: the version. */
  readonly step: WaitingStep | undefined
  readonly updatedAt: number
  /** Attempts made so far with this version, and when the first was (0 where there was none). */
  readonly attempts: number
  readonly firstAttemptAt: number
  /** Not before: its own next attempt, and the pause that the receiver asked for as a whole (429 or 503). */
  readonly notBefore: number
  /** The receiver got an earlier version. */
  readonly told: boolean
}

export interface WaitingStep {
  readonly id: string
  readonly action: 'acknowledge' | 'resolve' | 'reopen'
}

export interface WaitingRequest {
  readonly receiver: string
  readonly least: Severity
  /** Versions made at or after this, microseconds. */
  readonly since: number
  readonly most: number
}

/** As the store says that a message is about a version. */
const nil = '00000000-0000-0000-0000-000000000000'

/** Fewest attempts first, so that one incident that a receiver chokes on does not hold up the others. */
export async function waitingFor(store: Store, { receiver, least, since, most }: WaitingRequest): Promise<Waiting[]> {
  const rows = await store.query<
    Record<'id' | 'version' | 'tenant' | 'updated' | 'attempts' | 'first' | 'not_before' | 'told', string>
  >(
    // Not from the view, which sorts every version there is: the latest version of an incident is also its latest made.
    `WITH receipts AS (
       SELECT incident_id, version, max(attempt) AS attempts,
         greatest(min(at), maxIf(at, outcome = 'again')) AS first, max(next_at) AS next,
         argMax(outcome, (attempt, at)) NOT IN ('retry', 'again') AS settled
       FROM deliveries
       WHERE receiver = {receiver:String} AND step_id = toUUID('${nil}') AND at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
       GROUP BY incident_id, version)
     SELECT i.incident_id AS id, i.version AS version, i.tenant AS tenant,
       toUnixTimestamp64Micro(i.updated_at) AS updated, r.attempts AS attempts,
       toUnixTimestamp64Micro(r.first) AS first,
       toUnixTimestamp64Micro(greatest(r.next, (
         SELECT max(next_at) FROM deliveries WHERE receiver = {receiver:String} AND status IN (429, 503)))) AS not_before,
       i.incident_id IN (
         SELECT incident_id FROM deliveries WHERE receiver = {receiver:String} AND outcome = 'delivered') AS told
     FROM (
       SELECT * FROM (
         SELECT incident_id, version, tenant, updated_at, maturity, severity FROM incidents
         WHERE updated_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
         UNION ALL
         -- Asked for again, however old.
         SELECT incident_id, version, tenant, updated_at, maturity, severity FROM incidents
         WHERE incident_id IN (
           SELECT incident_id FROM deliveries
           WHERE receiver = {receiver:String} AND outcome = 'again' AND at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')))
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
    step: undefined,
  }))
}

/** The last step of each incident that this receiver was told of, where it does not know that yet. */
export async function waitingSteps(
  store: Store,
  { receiver, since, most }: Omit<WaitingRequest, 'least'>,
): Promise<Waiting[]> {
  const rows = await store.query<
    Record<'id' | 'version' | 'tenant' | 'step' | 'action' | 'taken' | 'attempts' | 'first' | 'not_before', string>
  >(
    `WITH receipts AS (
       SELECT incident_id, step_id, max(attempt) AS attempts, min(at) AS first, max(next_at) AS next,
         countIf(outcome != 'retry') AS settled
       FROM deliveries
       WHERE receiver = {receiver:String} AND step_id != toUUID('${nil}')
       GROUP BY incident_id, step_id)
     SELECT i.incident_id AS id, i.version AS version, i.tenant AS tenant, t.last_step_id AS step, t.last_step AS action,
       toUnixTimestamp64Micro(t.last_step_at) AS taken, r.attempts AS attempts,
       toUnixTimestamp64Micro(r.first) AS first,
       toUnixTimestamp64Micro(greatest(r.next, (
         SELECT max(next_at) FROM deliveries WHERE receiver = {receiver:String} AND status IN (429, 503)))) AS not_before
     FROM (
       SELECT incident_id, tenant, last_step, last_step_id, last_step_version, last_step_at FROM triage_state
       WHERE last_step != '' AND last_step_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')) AS t
     INNER JOIN (
       SELECT incident_id, tenant, max(version) AS version FROM incidents
       WHERE incident_id IN (
         SELECT incident_id FROM deliveries
         WHERE receiver = {receiver:String} AND outcome = 'delivered' AND step_id = toUUID('${nil}'))
       GROUP BY incident_id, tenant) AS i ON i.incident_id = t.incident_id AND i.tenant = t.tenant
     LEFT JOIN receipts AS r ON r.incident_id = t.incident_id AND r.step_id = t.last_step_id
     WHERE r.settled = 0
     ORDER BY r.attempts, taken, id LIMIT {most:UInt32}`,
    { receiver, since, most },
  )
  return rows.map((row) => ({
    id: row.id,
    version: Number(row.version),
    tenant: row.tenant,
    step: { id: row.step, action: row.action as WaitingStep['action'] },
    updatedAt: Number(row.taken),
    attempts: Number(row.attempts),
    firstAttemptAt: Number(row.first),
    notBefore: Number(row.not_before),
    told: true,
  }))
}

/** What a receiver was last told of an incident that is still open. Times in microseconds. */
export interface Standing {
  readonly waiting: Waiting
  readonly lastTold: number
}

/** Open incidents whose latest version this receiver has, changed at or after `since` and told before `toldBefore` (microseconds). */
export async function standingAt(
  store: Store,
  { receiver, since, toldBefore, most }: Omit<WaitingRequest, 'least'> & { readonly toldBefore: number },
): Promise<Standing[]> {
  const rows = await store.query<
    Record<'id' | 'version' | 'tenant' | 'updated' | 'attempts' | 'told' | 'not_before', string>
  >(
    `SELECT i.incident_id AS id, i.version AS version, i.tenant AS tenant, toUnixTimestamp64Micro(i.updated_at) AS updated,
       r.attempts AS attempts, toUnixTimestamp64Micro(r.told) AS told, toUnixTimestamp64Micro(r.next) AS not_before
     FROM (
       SELECT incident_id, version, tenant, updated_at FROM incidents
       WHERE updated_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
       ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id) AS i
     INNER JOIN (
       SELECT incident_id, version, max(attempt) AS attempts, maxIf(at, outcome = 'delivered') AS told, max(next_at) AS next,
         countIf(outcome = 'delivered') AS delivered
       FROM deliveries WHERE receiver = {receiver:String} AND step_id = toUUID('${nil}')
       GROUP BY incident_id, version
       HAVING delivered > 0 AND told <= fromUnixTimestamp64Micro({toldBefore:Int64}, 'UTC')) AS r ON r.incident_id = i.incident_id AND r.version = i.version
     LEFT JOIN triage_state AS t ON t.incident_id = i.incident_id AND t.tenant = i.tenant
     WHERE t.last_step IN ('', 'reopen') OR (t.last_step = 'resolve' AND t.last_step_version < i.version)
     ORDER BY told, id LIMIT {most:UInt32}`,
    { receiver, since, toldBefore, most },
  )
  return rows.map((row) => ({
    lastTold: Number(row.told),
    waiting: {
      id: row.id,
      version: Number(row.version),
      tenant: row.tenant,
      step: undefined,
      updatedAt: Number(row.updated),
      attempts: Number(row.attempts),
      // It was delivered before: a reminder that fails is tried again like any other, and never given up.
      firstAttemptAt: 0,
      notBefore: Number(row.not_before),
      told: true,
    },
  }))
}

/** When each group was last told at this receiver, microseconds. */
export async function lastMessages(
  store: Store,
  receiver: string,
  groups: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (groups.length === 0) return new Map()
  const rows = await store.query<Record<'told_group' | 'last', string>>(
    `SELECT message_group AS told_group, toUnixTimestamp64Micro(max(at)) AS last FROM deliveries
     WHERE receiver = {receiver:String} AND outcome = 'delivered' AND message_group IN {groups:Array(String)}
     GROUP BY message_group`,
    { receiver, groups },
  )
  return new Map(rows.map(({ told_group, last }) => [told_group, Number(last)]))
}

export type Receipt = InsertRows['deliveries']

export async function keepReceipts(store: Store, receipts: readonly Receipt[]): Promise<void> {
  const last = receipts.at(-1)
  if (last === undefined) return
  await store.insert(
    'deliveries',
    receipts,
    stableId(
      'receipts',
      ...receipts.map((one) =>
        [one.incident_id, one.version, one.step_id, one.receiver, one.attempt, one.at, one.outcome].join(),
      ),
    ),
  )
}
