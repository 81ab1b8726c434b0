/** What is not to be told now, and why. It waits, with all its evidence, and is told when the reason is gone and it still stands. */
import { type Incident, silencer, silencesOf, standingIncidents } from '../incidents.js'
import type { Store } from '../store/index.js'
import type { Receiver } from './receivers.js'
import type { Routing } from './route.js'

export const holds = ['silenced', 'inhibited', 'muted', 'grouped'] as const
export type Hold = (typeof holds)[number]

/** An incident that changed within this time can keep others from being told. Microseconds. */
const standsFor = 86_400_000_000
const mostStanding = 1_000

export interface Suppression {
  /** `at` in microseconds. */
  hold(incident: Incident, routing: Routing, receiver: Receiver, at: number): Hold | undefined
}

/** As things are now (microseconds). Throws what the store throws. */
export async function suppression(store: Store, receivers: readonly Receiver[], now: number): Promise<Suppression> {
  const silenceOf = silencer(await silencesOf(store, { endsAfter: now }))
  const inhibits = receivers.some((receiver) => receiver.inhibits)
  const recent = inhibits ? await standingIncidents(store, { since: now - standsFor, most: mostStanding }) : []
  return {
    hold(incident, routing, receiver, at) {
      if (silenceOf(incident, at) !== undefined) return 'silenced'
      if (receiver.inhibitor(incident, recent) !== undefined) return 'inhibited'
      return routing.isMuted(at) ? 'muted' : undefined
    },
  }
}
