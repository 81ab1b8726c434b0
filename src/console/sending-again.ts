/** A delivery that a receiver refused, tried once more, as the API and the page's form ask for it. */
import { type DeliveryState, deliveriesOf, sendAgain } from '../incidents.js'
import { type Desk, incidentFor } from './desk.js'
import type { Person } from './person.js'
import { Refusal } from './refusal.js'

/** Throws `not_found`, and `conflict` where the incident's latest version is not dead at this receiver. */
export async function askAgain(
  desk: Desk,
  person: Person,
  incidentId: string,
  receiver: string,
): Promise<DeliveryState> {
  const { incident } = await incidentFor(desk, person, incidentId)
  const dead = (await deliveriesOf(desk.store(), [incident])).find(
    (one) => one.receiver === receiver && one.version === incident.version && one.outcome === 'refused',
  )
  if (dead === undefined)
    throw new Refusal('conflict', 'this receiver did not refuse the latest version of the incident')
  await sendAgain(desk.store(), dead, { actor: person.name, now: desk.now() })
  return dead
}
