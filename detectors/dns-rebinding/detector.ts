import {
  type AuditEvent,
  type Draft,
  type Hop,
  hopsOf,
  isInside,
  type Severity,
  sessionDetector,
  stepOf,
  whoOf,
} from '#detector'

/**
 * A name is checked, and stands for something else when it is used: DNS rebinding (Jackson et al. 2007, "Protecting Browsers
 * from DNS Rebinding Attacks", CCS). The same trick without a name server is a redirect from a checked address into private
 * space. Both turn a check into nothing, so what counts is what the connection had, not what the name said before.
 */
export default sessionDetector({
  about: {
    title: 'A name stood for one address when it was checked and for another when it was used',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0053'], mcp: ['MCP07:2025'], asi: ['ASI02'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['oauth_fetch'],

  judge({ events, policy }) {
    /** Host → the first fetch in which it stood for public addresses only. */
    const publicOnce = new Map<string, AuditEvent>()
    const drafts: Draft[] = []
    for (const event of events) {
      if (event.kind !== 'oauth_fetch') continue
      const hops = hopsOf(event)
      const turn = hops
        .filter(({ host, classes }) => !policy.isOwnDestination(host) || classes.includes('metadata'))
        .map((hop) => turnOf(hop, before(hop, hops), publicOnce.get(hop.host)))
        .find((found) => found !== undefined)
      if (turn !== undefined) drafts.push(draftOf(event, turn))
      for (const { host, classes } of hops)
        if (host !== '' && classes.length > 0 && !classes.some(isInside) && !publicOnce.has(host))
          publicOnce.set(host, event)
    }
    return drafts
  },
})

interface Turn {
  readonly hop: Hop
  readonly what: 'rebound' | 'moved inside' | 'redirected inside' | 'changed'
  readonly earlier?: AuditEvent | undefined
}

const before = (hop: Hop, hops: readonly Hop[]): readonly Hop[] => hops.slice(0, hops.indexOf(hop))

function turnOf(hop: Hop, previous: readonly Hop[], earlier: AuditEvent | undefined): Turn | undefined {
  const { checked, used, classes } = hop
  const inside = classes.some(isInside)
  const strayed = used !== '' && checked.length > 0 && !checked.includes(used)
  // Of the classes only what was checked is sure to be public where there are two kinds: one of them is where it went.
  if (inside && classes.includes('public')) return { hop, what: 'rebound' }
  if (inside && earlier !== undefined) return { hop, what: 'moved inside', earlier }
  if (inside && previous.some((other) => other.classes.includes('public'))) return { hop, what: 'redirected inside' }
  return strayed && !inside ? { hop, what: 'changed' } : undefined
}

const saying: Readonly<Record<Turn['what'], (origin: string) => string>> = {
  rebound: (origin) => `${origin} stands for public and for inner addresses at once`,
  'moved inside': (origin) => `${origin} stood for public addresses before and for an inner one now`,
  'redirected inside': (origin) => `a redirect from the internet led to ${origin}, an inner address`,
  changed: (origin) => `${origin} was connected to at another public address than was checked`,
}

function draftOf(event: AuditEvent, { hop, what, earlier }: Turn): Draft {
  const stopped = event.decision === 'denied'
  // Names of large services have many addresses and give other ones each time: by itself that is nothing.
  const severity: Severity = what === 'changed' ? 'info' : stopped ? 'medium' : 'high'
  const said = `${saying[what](hop.origin)}${stopped ? ' (refused)' : ''}`
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${said}`,
    calls: [event, ...(earlier === undefined ? [] : [earlier])],
    steps: [
      ...(earlier === undefined ? [] : [stepOf(earlier, 'context', `${hop.host} stood for public addresses`)]),
      stepOf(event, 'action', `${said}; checked ${hop.checked.join(' ') || 'nothing'}, used ${hop.used || 'nothing'}`),
    ],
    score: {
      checked: hop.checked.length,
      used: hop.used === '' ? 0 : 1,
      refused: stopped ? 1 : 0,
      inner: hop.classes.filter(isInside).length,
    },
  }
}
