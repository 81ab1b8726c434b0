/** Silences, as the API and the forms take them. */
import { randomUUID } from 'node:crypto'
import { expireSilence, faultsOf, keepSilence, type Silence, silencesOf } from '../incidents.js'
import { type Desk, tenantFor } from './desk.js'
import { type Person, sees } from './person.js'
import { Refusal } from './refusal.js'

/** What the forms offer, in seconds. */
export const silenceDurations: Readonly<Record<string, number>> = {
  '1h': 3_600,
  '4h': 14_400,
  '1d': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
}

export interface SilenceGiven {
  readonly matchers: readonly string[]
  /** Default: who asks. */
  readonly owner: string
  readonly reason: string
  /** '' is the tenant of who asks; of those who see all, all. */
  readonly tenant: string
  /** Microseconds; default: now. */
  readonly startsAt?: number
  readonly endsAt: number
}

/** Throws `bad_input` with all faults, and `other_tenant`. */
export async function silence(desk: Desk, person: Person, given: SilenceGiven): Promise<Silence> {
  const now = desk.now()
  const made: Silence = {
    id: randomUUID(),
    tenant: tenantFor(person, given.tenant === '' ? undefined : given.tenant) ?? '',
    version: 1,
    matchers: given.matchers.map((one) => one.trim()).filter((one) => one !== ''),
    owner: given.owner.trim() === '' ? person.name : given.owner.trim(),
    reason: given.reason.trim(),
    startsAt: given.startsAt ?? now,
    endsAt: given.endsAt,
    actor: person.name,
    at: now,
  }
  const faults = [...faultsOf(made), ...(made.endsAt <= now ? ['a silence ends in the future'] : [])]
  if (faults[0] !== undefined) throw new Refusal('bad_input', faults[0], faults)
  await keepSilence(desk.store(), made)
  return made
}

/** Throws `not_found`; `not_allowed` for one of all tenants, asked by somebody of one; `conflict` where it is over. */
export async function endSilence(desk: Desk, person: Person, id: string): Promise<Silence> {
  const found = (await silencesOf(desk.store(), { tenant: person.tenant })).find((one) => one.id === id)
  if (found === undefined) throw new Refusal('not_found', 'there is no such silence')
  if (!sees(person, found.tenant))
    throw new Refusal('not_allowed', 'this silence is for all tenants, and your account for one')
  const now = desk.now()
  if (found.endsAt <= now) throw new Refusal('conflict', 'the silence is over')
  return expireSilence(desk.store(), found, { actor: person.name, now })
}
