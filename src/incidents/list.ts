/** Incidents with what people did with them: for lists and pages. */
import { type Severity, severities } from '../finding.js'
import type { Incident } from './incident.js'
import { incidentsById, type Queries } from './incident-rows.js'
import { type Triage, type TriageStatus, triageOf, untouched } from './triage.js'

export interface ListedIncident extends Triage {
  readonly incident: Incident
}

export interface ListRequest {
  /** `undefined`: of all. */
  readonly tenant: string | undefined
  readonly status?: readonly TriageStatus[]
  readonly severity?: readonly Severity[]
  readonly detector?: string
  readonly assignee?: string
  /** Incidents of this session, and those with a finding in it; the whole name. */
  readonly session?: string
  /** In title, summary, session or subject, without regard to case. */
  readonly text?: string
  /** Default: also those of trial detectors. */
  readonly maturity?: Incident['maturity']
  /** Default: `updated`. All are descending. */
  readonly sort?: 'updated' | 'opened' | 'severity'
  /** How many to leave out, for the next page. */
  readonly offset?: number
  readonly most: number
}

const orders = {
  updated: 'i.updated_at DESC',
  opened: 'i.opened_at DESC',
  severity: `indexOf({ranks:Array(String)}, i.severity) DESC, i.updated_at DESC`,
} as const

/** One page of the list, and whether there are more. */
export async function incidentList(
  store: Queries,
  request: ListRequest,
): Promise<{ readonly incidents: readonly ListedIncident[]; readonly more: boolean }> {
  const { tenant, status = [], severity = [], most, offset = 0, sort = 'updated' } = request
  const rows = await store.query<{ id: string }>(
    `SELECT i.incident_id AS id
     FROM (
       SELECT incident_id, tenant, version, maturity, severity, title, summary, session, findings, opened_at, updated_at, body
       FROM incidents WHERE {every:Bool} OR tenant = {tenant:String}
       ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id) AS i
     LEFT JOIN triage_state AS t ON t.incident_id = i.incident_id AND t.tenant = i.tenant
     WHERE (empty({statuses:Array(String)}) OR has({statuses:Array(String)},
         multiIf(t.last_step = 'resolve' AND t.last_step_version >= i.version, 'resolved',
           t.last_step = 'acknowledge', 'acknowledged', 'open')))
       AND (empty({severities:Array(String)}) OR i.severity IN {severities:Array(String)})
       AND ({maturity:String} = '' OR i.maturity = {maturity:String})
       AND ({assignee:String} = '' OR t.assignee = {assignee:String})
       AND ({detector:String} = '' OR hasAny(i.findings,
         (SELECT groupUniqArray(fingerprint) FROM findings WHERE detector = {detector:String})))
       AND ({session:String} = '' OR i.session = {session:String} OR hasAny(i.findings,
         (SELECT groupUniqArray(fingerprint) FROM findings WHERE session = {session:String} AND ({every:Bool} OR tenant = {tenant:String}))))
       AND ({text:String} = '' OR positionCaseInsensitiveUTF8(
         concat(i.title, '\\n', i.summary, '\\n', i.session, '\\n', toString(i.incident_id), '\\n', i.body), {text:String}) > 0)
     ORDER BY ${orders[sort]}, i.incident_id
     LIMIT {most:UInt32} OFFSET {offset:UInt32}`,
    {
      every: tenant === undefined,
      tenant: tenant ?? '',
      statuses: status,
      severities: severity,
      ranks: severities,
      maturity: request.maturity ?? '',
      assignee: request.assignee ?? '',
      detector: request.detector ?? '',
      session: request.session ?? '',
      text: (request.text ?? '').slice(0, 200),
      most: most + 1,
      offset,
    },
  )
  const ids = rows.slice(0, most).map(({ id }) => id)
  return { incidents: await listedOf(store, ids), more: rows.length > most }
}

/** Stable incidents that changed at or after `since` (microseconds) and that nobody resolved since, last changed first. */
export async function standingIncidents(
  store: Queries,
  { since, most }: { readonly since: number; readonly most: number },
): Promise<Incident[]> {
  const rows = await store.query<{ id: string }>(
    `SELECT i.incident_id AS id
     FROM (
       SELECT incident_id, tenant, version, maturity, updated_at FROM incidents
       WHERE updated_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
       ORDER BY incident_id, version DESC, updated_at LIMIT 1 BY incident_id) AS i
     LEFT JOIN triage_state AS t ON t.incident_id = i.incident_id AND t.tenant = i.tenant
     WHERE i.maturity = 'stable' AND NOT (t.last_step = 'resolve' AND t.last_step_version >= i.version)
     ORDER BY i.updated_at DESC, id LIMIT {most:UInt32}`,
    { since, most },
  )
  const ids = rows.map(({ id }) => id)
  const found = await incidentsById(store, ids)
  return ids.flatMap((id) => found.get(id) ?? [])
}

/** In the order of the ids; those that are not there, or of another tenant, are left out. */
export async function listedOf(store: Queries, ids: readonly string[], tenant?: string): Promise<ListedIncident[]> {
  const found = await incidentsById(store, ids)
  const incidents = ids
    .flatMap((id) => found.get(id) ?? [])
    .filter((incident) => tenant === undefined || incident.tenant === tenant)
  const triage = await triageOf(store, incidents)
  return incidents.map((incident) => ({
    incident,
    ...(triage.get(incident.id) ?? { state: untouched, history: [] }),
  }))
}
