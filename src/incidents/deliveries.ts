/** What became of incidents at their receivers, for people; and how they have a dead one sent again. */
import { stableId } from '../audit-event.js'
import type { Store } from '../store/index.js'
import type { Incident } from './incident.js'
import type { Queries } from './incident-rows.js'

/** What became of a version at a receiver: its latest receipt. */
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
     FROM deliveries WHERE incident_id IN {ids:Array(UUID)} AND step_id = toUUID('00000000-0000-0000-0000-000000000000')
     GROUP BY incident_id, version, receiver HAVING outcome NOT IN ('unrouted', 'over')
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

/** Versions that a receiver refused and that are still the latest of their incident: nobody is told of them any more. Last first. */
export async function deadDeliveries(
  store: Queries,
  { tenant, most }: { readonly tenant: string | undefined; readonly most: number },
): Promise<DeliveryState[]> {
  const rows = await store.query<{ id: string }>(
    `SELECT i.incident_id AS id FROM (
       SELECT incident_id, max(version) AS version FROM incidents
       WHERE {every:Bool} OR tenant = {tenant:String} GROUP BY incident_id) AS i
     INNER JOIN (
       SELECT incident_id, version, receiver, argMax(outcome, (attempt, at)) AS outcome, max(at) AS last FROM deliveries
       WHERE step_id = toUUID('00000000-0000-0000-0000-000000000000')
       GROUP BY incident_id, version, receiver HAVING outcome = 'refused') AS d
       ON d.incident_id = i.incident_id AND d.version = i.version
     GROUP BY id ORDER BY max(d.last) DESC, id LIMIT {most:UInt32}`,
    { every: tenant === undefined, tenant: tenant ?? '', most },
  )
  const ids = rows.map(({ id }) => id)
  const states = await deliveriesOf(
    store,
    ids.map((id) => ({ id })),
  )
  return ids.flatMap((id) => {
    const own = states.filter((state) => state.incident === id)
    const latest = Math.max(...own.map(({ version }) => version))
    return own.filter(({ version, outcome }) => version === latest && outcome === 'refused')
  })
}

/** A dead delivery is tried again from the next look on, as if it had never been. `now` in microseconds. */
export async function sendAgain(
  store: Pick<Store, 'insert'>,
  dead: DeliveryState,
  { actor, now }: { readonly actor: string; readonly now: number },
): Promise<void> {
  await store.insert(
    'deliveries',
    [
      {
        incident_id: dead.incident,
        version: dead.version,
        receiver: dead.receiver,
        attempt: dead.attempts,
        outcome: 'again',
        status: 0,
        reason: `asked for by ${actor}`.slice(0, 200),
        at: now,
        next_at: 0,
        step_id: '',
        message_group: '',
      },
    ],
    stableId('again', dead.incident, String(dead.version), dead.receiver, String(now)),
  )
}
