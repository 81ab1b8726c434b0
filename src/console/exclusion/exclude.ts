/** "Make this an exclusion": the proposal for an incident, and its way into the policy file. */
import { isUuid } from '../../incidents.js'
import { type Desk, incidentFor } from '../desk.js'
import type { Person } from '../person.js'
import { sessionView } from '../reading/session.js'
import { Refusal } from '../refusal.js'
import { takeStep } from '../steps.js'
import { type PolicyWriter, yamlOf } from './policy-file.js'
import { type Proposal, proposalOf } from './proposal.js'

const day = 86_400_000_000
/** Days that an exclusion lasts where nobody says how long, and at most. */
const usual = 90
const most = 366

export interface ExclusionGiven {
  readonly reason: string
  readonly owner?: string
  /** Its last day, `2027-03-31`. */
  readonly expires?: string
}

export interface Told {
  readonly proposal: Proposal
  /** To paste into the policy file. */
  readonly yaml: string
}

const dayOf = (at: number): string => new Date(at / 1000).toISOString().slice(0, 10)

/** Throws `not_found`, `bad_input`, and `conflict` where its findings have no name that an exclusion could match. */
export async function propose(desk: Desk, person: Person, incidentId: string, given: ExclusionGiven): Promise<Told> {
  const { incident } = await incidentFor(desk, person, incidentId)
  const now = desk.now()
  const { reason, owner = person.name, expires = dayOf(now + usual * day) } = given
  const last = Date.parse(`${expires}T00:00:00Z`) * 1000
  if (reason.trim() === '') throw new Refusal('bad_input', 'an exclusion needs a reason')
  if (Number.isNaN(last) || dayOf(last) !== expires || last < now || last > now + most * day)
    throw new Refusal('bad_input', `an exclusion ends on a day such as ${dayOf(now + usual * day)}, within a year`)
  const store = desk.store()
  const calls = [...new Set(incident.findings.flatMap((finding) => finding.calls))].filter(isUuid)
  const [view, sent] = await Promise.all([
    incident.session === '' ? undefined : sessionView(store, incident.tenant, incident.session),
    store.query<{ id: string; destinations: string[] }>(
      `SELECT record_id AS id, destinations FROM audit
       WHERE tenant = {tenant:String} AND record_id IN {calls:Array(UUID)} AND notEmpty(destinations)`,
      { tenant: incident.tenant, calls },
    ),
  ])
  const proposal = proposalOf({
    incident,
    events: view?.events ?? [],
    destinations: new Map(sent.map(({ id, destinations }) => [id, destinations])),
    owner,
    reason: reason.trim(),
    expires,
  })
  if (proposal.entries.length === 0)
    throw new Refusal('conflict', 'its findings have no name that an exclusion could match; write the entry by hand')
  return { proposal, yaml: yamlOf(proposal) }
}

/** Writes it and keeps in the history who did. '' where it is written, else why it cannot be. */
export async function exclude(
  desk: Desk,
  writer: PolicyWriter,
  { person, incidentId, told }: { readonly person: Person; readonly incidentId: string; readonly told: Told },
): Promise<string> {
  const fault = await writer.write(told.proposal)
  if (fault !== '') return fault
  const [first] = told.proposal.entries
  await takeStep(desk, person, incidentId, { action: 'exclude', value: first?.id ?? '', text: first?.reason ?? '' })
  return ''
}
