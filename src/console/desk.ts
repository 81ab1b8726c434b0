/** What the routes work with: the store, seen through the eyes of the person who asks. */
import type { FastifyRequest } from 'fastify'
import { type ListedIncident, listedOf } from '../incidents.js'
import type { Store } from '../store/index.js'
import { type Person, sees } from './person.js'
import { Refusal } from './refusal.js'

export interface Desk {
  /** Throws `not_ready` while it is being opened. */
  store(): Store
  /** Microseconds since 1970. */
  readonly now: () => number
}

/** Who asks; routes with a role are reached by nobody else. */
export function personOf(request: FastifyRequest): Person {
  const { person } = request.asking
  if (person === undefined) throw new Refusal('no_log_in', 'log in first')
  return person
}

/** Whose data is asked for: the person's own, or the one asked for where they may see it. `undefined` is all. */
export function tenantFor(person: Person, asked: string | undefined): string | undefined {
  if (asked !== undefined && !sees(person, asked))
    throw new Refusal('other_tenant', 'your account is for another tenant')
  return asked ?? person.tenant
}

/** An incident of another tenant is not there: its id tells nothing. */
export async function incidentFor(desk: Desk, person: Person, id: string): Promise<ListedIncident> {
  const [found] = await listedOf(desk.store(), [id], person.tenant)
  if (found === undefined) throw new Refusal('not_found', 'there is no such incident')
  return found
}
