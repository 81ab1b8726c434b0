/** A step of triage, as the API and the forms take it. */
import { randomUUID } from 'node:crypto'
import { stableId } from '../audit-event.js'
import { act, refusal, stateOf, type Triage, type TriageAction, type TriageStep } from '../incidents.js'
import { type Desk, incidentFor } from './desk.js'
import type { Person } from './person.js'
import { Refusal } from './refusal.js'

export interface Step {
  readonly action: TriageStep
  readonly value: string
  readonly text: string
  /** Of the incident as it was seen; default: the latest. */
  readonly version?: number
  /** The asker's own name for the step: sent again it is the same step. */
  readonly id?: string
}

/** Throws `not_found`, `bad_input`, and `conflict` where the incident's state does not allow the step. */
export async function takeStep(desk: Desk, person: Person, incidentId: string, step: Step): Promise<Triage> {
  const { incident, state, history: before } = await incidentFor(desk, person, incidentId)
  const { action, version = incident.version } = step
  const value = action === 'assign' || action === 'verdict' || action === 'exclude' ? step.value.trim() : ''
  const text = step.text.trim()
  if (version > incident.version) throw new Refusal('bad_input', `the incident has only ${incident.version} version(s)`)
  if (action === 'exclude' && text === '') throw new Refusal('bad_input', 'an exclusion needs a reason')
  if (action === 'comment' && text === '') throw new Refusal('bad_input', 'a comment needs text')
  // Of this tenant and incident alone: nobody can take a name that others will use.
  const id = step.id === undefined ? randomUUID() : stableId('triage step', incident.tenant, incident.id, step.id)
  if (before.some((one) => one.id === id)) return { state, history: before }
  const fault = refusal(state, action, value)
  if (fault !== undefined) throw new Refusal(action === 'verdict' ? 'bad_input' : 'conflict', fault)
  const taken: TriageAction = {
    id,
    tenant: incident.tenant,
    incident: incident.id,
    version,
    action,
    value,
    text,
    actor: person.name,
    by: person.by,
    // After all that was done before, also by a replica whose clock is ahead.
    at: Math.max(desk.now(), (before.at(-1)?.at ?? 0) + 1),
  }
  await act(desk.store(), [taken])
  const history = [...before, taken]
  return { state: stateOf(history, incident.version), history }
}
