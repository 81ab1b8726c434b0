import type { AuditEvent } from '#detector'

/** Scopes that were not held before, and what asked for them. */
export interface Growth {
  readonly event: AuditEvent
  readonly gained: readonly string[]
  readonly challenge: AuditEvent | undefined
}

/**
 * Growth that records of a session show: an elevation states it; where nobody stated one, a token with more scopes than an earlier one
 * of the same server and client shows it. Client and server tell of the same growth: the first counts.
 */
export function growthsOf(authorizations: readonly AuditEvent[]): Growth[] {
  const held = new Map<string, ReadonlySet<string>>()
  const told = new Map<string, number>()
  const challenges: AuditEvent[] = []
  const growths: Growth[] = []
  for (const event of authorizations) {
    if (event.decision === 'denied' || event.decision === 'challenged') {
      if (event.scopesChallenged.length > 0) challenges.push(event)
      continue
    }
    const place = placeOf(event)
    const before = held.get(place)
    const stated = event.kind === 'elevation'
    const now = [...new Set(stated ? event.scopesGranted : [...event.scopes, ...event.scopesGranted])]
    const known = new Set([...(before ?? []), ...(stated ? event.scopes : [])])
    held.set(place, new Set([...known, ...now]))
    // The first token at a server is a log-in.
    if (before === undefined && !stated) continue
    const gained = now.filter((scope) => !known.has(scope))
    const key = gained.toSorted().join(' ')
    const last = told.get(key)
    if (gained.length === 0 || (last !== undefined && event.startedAt - last <= sameGrowth)) continue
    told.set(key, event.startedAt)
    growths.push({ event, gained, challenge: challengeFor(event, gained, challenges) })
  }
  return growths
}

/** Microseconds between two sides' records of one growth. */
const sameGrowth = 60_000_000

const placeOf = ({ side, serverName, serverAddress, oauthClientId }: AuditEvent): string =>
  JSON.stringify([side, serverName || serverAddress, oauthClientId])

const challengeFor = (
  event: AuditEvent,
  gained: readonly string[],
  challenges: readonly AuditEvent[],
): AuditEvent | undefined =>
  challenges.findLast(({ eventId, endedAt }) => eventId === event.causedBy && endedAt <= event.startedAt) ??
  challenges.findLast(
    ({ scopesChallenged, endedAt }) =>
      endedAt <= event.startedAt && scopesChallenged.some((scope) => gained.includes(scope)),
  )
