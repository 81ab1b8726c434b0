/** What became of an incident's versions at the receivers. */
import type { Queries } from '../incidents.js'
import type { DeliveryLine } from './pages/incident.js'

export async function deliveriesTo(store: Queries, incident: string): Promise<DeliveryLine[]> {
  const rows = await store.query<Record<'version' | 'receiver' | 'outcome' | 'reason' | 'attempts' | 'last', string>>(
    `SELECT version, receiver, argMax(outcome, (attempt, at)) AS outcome, argMax(reason, (attempt, at)) AS reason,
       max(attempt) AS attempts, toUnixTimestamp64Micro(max(at)) AS last
     FROM deliveries WHERE incident_id = {incident:UUID} AND step_id = toUUID('00000000-0000-0000-0000-000000000000')
     GROUP BY version, receiver HAVING outcome NOT IN ('unrouted', 'over')
     ORDER BY version, receiver LIMIT 200`,
    { incident },
  )
  return rows.map(({ version, attempts, last, ...row }) => ({
    ...row,
    version: Number(version),
    attempts: Number(attempts),
    at: Number(last),
  }))
}
