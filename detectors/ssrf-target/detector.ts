import {
  type AuditEvent,
  type Draft,
  failed,
  hopsOf,
  isInside,
  listed,
  nameOf,
  orderedIn,
  type Session,
  type Severity,
  sessionDetector,
  stepOf,
  strangersIn,
  whoOf,
} from '#detector'

/**
 * Server-side request forgery: whoever may say where a request goes sends it to where he cannot go himself. In MCP there are two
 * such places. A server names the URLs of its authorization server, which the client then fetches (MCP 2026-07-28, "Security
 * Best Practices", SSRF); and a tool that fetches takes a URL from the model, who may have it from a text it read.
 */
export default sessionDetector({
  about: {
    title: 'A request to an address that nobody outside should reach',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0053', 'AML.T0098'], mcp: ['MCP07:2025', 'MCP05:2025'], asi: ['ASI02'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['oauth_fetch', 'call'],

  judge(session) {
    const ordered = hostsInOrders(session)
    return session.events.flatMap((event) => {
      const target = event.kind === 'oauth_fetch' ? fetchTarget(event, session) : callTarget(event, session, ordered)
      return target === undefined ? [] : [draftOf(event, target)]
    })
  },
})

interface Target {
  readonly is: string
  readonly severity: Severity
  readonly why: string
  readonly score: Readonly<Record<string, number>>
  /** The result whose text told to go there. */
  readonly source?: AuditEvent | undefined
}

/** Where clouds hand out credentials: nothing that a model or a server names has to be fetched from there. */
const handsOutCredentials = (is: string): boolean => is === 'metadata' || is === 'link-local'

function fetchTarget(event: AuditEvent, { policy }: Session): Target | undefined {
  const hops = hopsOf(event)
  const at = hops.findIndex(
    ({ host, classes }) =>
      classes.some(isInside) && (!policy.isOwnDestination(host) || classes.some(handsOutCredentials)),
  )
  const hop = hops[at]
  if (hop === undefined) return undefined
  const is = hop.classes.find(handsOutCredentials) ?? hop.classes.find(isInside) ?? ''
  const redirected = at > 0 && hops.slice(0, at).some(({ classes }) => classes.includes('public'))
  const stopped = event.decision === 'denied'
  // A server on one's own machine, and an identity provider of one's own network, are found where they are.
  const athome = !redirected && (is === 'loopback' || is === 'private' || is === 'shared')
  const severity = athome ? 'low' : stopped ? 'medium' : 'high'
  return {
    is,
    severity,
    why: `${redirected ? `a redirect from ${hops[at - 1]?.origin ?? 'elsewhere'} led to` : 'a URL of the server led to'} ${hop.origin}, ${article(is)} address${stopped ? ' (refused)' : ''}`,
    score: { hop: at + 1, hops: hops.length, redirected: redirected ? 1 : 0, refused: stopped ? 1 : 0 },
  }
}

function callTarget(
  event: AuditEvent,
  { policy }: Session,
  ordered: ReadonlyMap<string, AuditEvent>,
): Target | undefined {
  if (event.kind !== 'call') return undefined
  const found = Object.entries(event.argSignals)
    .filter(([name]) => name.startsWith('address_'))
    .map(([name, score]) => ({ is: name.slice('address_'.length), disguised: score >= 1 }))
    .sort((a, b) => weightOf(b) - weightOf(a))
  const [worst] = found
  if (worst === undefined) return undefined
  const { is, disguised } = worst
  const strangers = strangersIn(event, policy)
  if (!handsOutCredentials(is) && !disguised && event.destinations.length > 0 && strangers.length === 0)
    return undefined
  const source = event.argFingerprints
    .filter(({ kind }) => kind === 'host' || kind === 'url')
    .map(({ hash }) => ordered.get(hash))
    .find((result) => result !== undefined && result.endedAt <= event.startedAt)
  const fruitless = failed(event)
  const severity = severityOf(is, disguised, fruitless, source !== undefined)
  return {
    is,
    severity,
    why: `${nameOf(event)} was given ${article(is)} address${disguised ? ' in disguise' : ''}${source === undefined ? '' : `, as the result of ${nameOf(source)} told`}${fruitless ? `; it ended as ${event.outcome || 'unknown'}` : ''}`,
    score: { disguised: disguised ? 1 : 0, told_by_a_result: source === undefined ? 0 : 1, failed: fruitless ? 1 : 0 },
    source,
  }
}

const weightOf = ({ is, disguised }: { readonly is: string; readonly disguised: boolean }): number =>
  (handsOutCredentials(is) ? 2 : 0) + (disguised ? 1 : 0)

/** Developers ask their own machine all day; nobody writes its address in octal for that, or because a web page said so. */
function severityOf(is: string, disguised: boolean, fruitless: boolean, told: boolean): Severity {
  if (handsOutCredentials(is)) return fruitless ? 'medium' : 'high'
  if (disguised) return fruitless || !told ? 'medium' : 'high'
  return told ? 'medium' : 'low'
}

const linkKinds: ReadonlySet<string> = new Set(['host', 'url'])

/** Hosts and URLs in sentences of results that ask for something → the first result that has them. */
const hostsInOrders = ({ events, policy }: Session): ReadonlyMap<string, AuditEvent> =>
  orderedIn(
    events.filter(({ kind, serverName }) => kind === 'call' && !policy.isClosedWorld(serverName)),
    linkKinds,
  )

function draftOf(event: AuditEvent, { is, severity, why, score, source }: Target): Draft {
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${why}`,
    calls: [event],
    steps: [
      ...(source === undefined
        ? []
        : [stepOf(source, 'source', `a sentence of the result of ${nameOf(source)} asks to go there`)]),
      stepOf(
        event,
        'action',
        `${why}${event.destinations.length === 0 ? '' : `; hosts: ${listed(event.destinations)}`}`,
      ),
    ],
    score: { ...score, metadata: is === 'metadata' ? 1 : 0 },
  }
}

const article = (is: string): string =>
  is === 'loopback' || is === 'link-local' || !/^[aeiou]/.test(is) ? `a ${is}` : `an ${is}`
