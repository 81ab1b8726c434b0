/** The calls of an incident's session just before and just after its evidence: what was going on. */
import type { Around, Incident } from '../incidents.js'
import type { Store } from '../store/index.js'

const nothing: Around = { before: [], after: [] }

const calls = 3
const hour = 3_600_000_000
/** A message does not wait long for it. */
const timeoutMs = 3_000

/** Nothing where there is no session, or the store does not answer in time: the message goes without. */
export async function callsAround(store: Pick<Store, 'query'>, incident: Incident): Promise<Around> {
  if (incident.session === '') return nothing
  const evidence = new Set(incident.timeline.map(({ recordId }) => recordId))
  try {
    const rows = await store.query<{ name: string; record: string; at: string }>(
      `SELECT concat(server_name, '.', tool) AS name, toString(record_id) AS record, toUnixTimestamp64Micro(ended_at) AS at
       FROM audit
       WHERE tenant = {tenant:String} AND session = {session:String} AND kind = 'call' AND tool != ''
         AND kept_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND kept_at <= fromUnixTimestamp64Micro({to:Int64}, 'UTC')
       ORDER BY ended_at, record_id LIMIT 1000`,
      {
        tenant: incident.tenant,
        session: incident.session,
        from: Math.max(0, incident.firstAt - hour),
        to: incident.lastAt + hour,
      },
      { timeoutMs },
    )
    const others = rows.filter(({ record }) => !evidence.has(record))
    const named = (some: typeof rows): string[] => some.map(({ name }) => name.replace(/^\./, ''))
    return {
      before: named(others.filter(({ at }) => Number(at) < incident.firstAt).slice(-calls)),
      after: named(others.filter(({ at }) => Number(at) > incident.lastAt).slice(0, calls)),
    }
  } catch {
    return nothing
  }
}
