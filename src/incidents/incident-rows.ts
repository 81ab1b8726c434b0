/** Incidents as the store has them: append-only versions. */
import { stableId } from '../audit-event.js'
import type { Store } from '../store/index.js'
import { type Incident, mostFindings } from './incident.js'

/** All that people's commands need of the store. */
export type Queries = Pick<Store, 'query'>

/** Latest versions of the incidents of these causes that have room for a finding: of a noisy cause there may be thousands. */
export async function openIncidents(store: Store, causes: readonly string[]): Promise<Incident[]> {
  if (causes.length === 0) return []
  return bodies(
    await store.query(
      `SELECT body FROM incidents
       WHERE (incident_id, version) IN (
         SELECT incident_id, max(version) FROM incidents
         WHERE hasAny(causes, {causes:Array(String)}) OR group_key IN {causes:Array(String)}
         GROUP BY incident_id HAVING argMax(length(findings), version) < {room:UInt32})
       ORDER BY incident_id, updated_at LIMIT 1 BY incident_id`,
      { causes, room: mostFindings },
    ),
  )
}

/** Latest versions by id; those that are not there are left out. */
export async function incidentsById(store: Queries, ids: readonly string[]): Promise<ReadonlyMap<string, Incident>> {
  const found = bodies(
    await store.query(
      `SELECT body FROM incidents WHERE incident_id IN {ids:Array(UUID)}
       ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id`,
      { ids },
    ),
  )
  return new Map(found.map((incident) => [incident.id, incident]))
}

/** The latest versions, last changed first. */
export async function latestIncidents(store: Queries, most: number): Promise<Incident[]> {
  return bodies(
    await store.query('SELECT body FROM incident ORDER BY updated_at DESC, incident_id LIMIT {most:UInt32}', { most }),
  )
}

/** Latest versions of the incidents whose id begins so, at most two: enough to know whether it says which. */
export async function findIncidents(store: Queries, beginning: string): Promise<Incident[]> {
  return bodies(
    await store.query(
      `SELECT body FROM incidents WHERE startsWith(toString(incident_id), {beginning:String})
       ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id LIMIT 2`,
      { beginning },
    ),
  )
}

/** Appends versions. The same versions again at once are one insert. */
export async function keepVersions(store: Store, incidents: readonly Incident[]): Promise<void> {
  if (incidents.length === 0) return
  await store.insert(
    'incidents',
    incidents.map((incident) => ({
      incident_id: incident.id,
      tenant: incident.tenant,
      version: incident.version,
      status: incident.status,
      maturity: incident.maturity,
      severity: incident.severity,
      title: incident.title,
      summary: incident.summary,
      session: incident.session,
      group_key: incident.groupKey,
      causes: incident.causes,
      findings: incident.findings.map((finding) => finding.fingerprint),
      opened_at: incident.openedAt,
      updated_at: incident.updatedAt,
      body: JSON.stringify(incident),
    })),
    stableId('incidents', ...incidents.map((incident) => `${incident.id}.${incident.version}.${incident.updatedAt}`)),
  )
}

const bodies = (rows: readonly unknown[]): Incident[] =>
  rows.map((row) => {
    const body = JSON.parse((row as { readonly body: string }).body) as Incident
    // Incidents from before there were causes.
    return { ...body, causes: body.causes ?? [body.groupKey] }
  })
