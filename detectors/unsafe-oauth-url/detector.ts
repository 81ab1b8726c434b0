import { type AuditEvent, type Draft, hopsOf, type Severity, sessionDetector, stepOf, whoOf } from '#detector'

/**
 * URLs of an OAuth flow come from the server, and end in a browser or in a fetch that carries secrets. OAuth 2.1 and MCP demand
 * https but for loopback; a scheme that executes (`javascript:`) is an attack on whoever opens it (CVE-2025-6514 was one); and a
 * redirect URI that changed for a known client sends the code to somebody else.
 */
export default sessionDetector({
  about: {
    title: 'A URL of an OAuth flow that must not be followed',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000'], mcp: ['MCP07:2025', 'MCP01:2025'], asi: ['ASI03'] },
    needs: [],
    version: 1,
  },
  wakesOn: ['oauth_fetch', 'consent'],

  judge({ events }) {
    const redirects = new Map<string, AuditEvent>()
    return events.flatMap((event) => {
      const found =
        event.kind === 'oauth_fetch'
          ? unsafeHop(event)
          : event.kind === 'consent'
            ? unsafeRedirect(event, redirects)
            : undefined
      return found === undefined ? [] : [draftOf(event, found)]
    })
  },
})

interface Unsafe {
  readonly severity: Severity
  readonly why: string
  readonly code: number
  readonly earlier?: AuditEvent
}

const web: ReadonlySet<string> = new Set(['https', 'http'])
/** Schemes that run what they carry, or read the machine's files. */
const runs: ReadonlySet<string> = new Set(['javascript', 'vbscript', 'data', 'file', 'blob', 'jar'])

const isLoopback = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(host) || host.endsWith('.localhost')

function unsafeHop(event: AuditEvent): Unsafe | undefined {
  const stopped = event.decision === 'denied'
  for (const { scheme, host, origin } of hopsOf(event)) {
    if (scheme !== '' && !web.has(scheme))
      return { severity: stopped ? 'medium' : 'high', why: `the server named ${article(scheme)} URL`, code: 1 }
    if (scheme === 'http' && !isLoopback(host))
      return { severity: stopped ? 'low' : 'medium', why: `${origin} is not https`, code: 2 }
  }
  return event.detail['reason'] === 'userinfo'
    ? { severity: 'medium', why: 'the URL holds a name or a password', code: 3 }
    : undefined
}

function unsafeRedirect(event: AuditEvent, redirects: Map<string, AuditEvent>): Unsafe | undefined {
  const { resource, oauthClientId, detail, decision } = event
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(resource)?.[1]?.toLowerCase() ?? ''
  const host = URL.canParse(resource) ? new URL(resource).hostname : ''
  const agreed = decision === 'allowed'
  if (runs.has(scheme))
    return { severity: agreed ? 'high' : 'medium', why: `the code would go to ${article(scheme)} URL`, code: 4 }
  if (scheme === 'http' && !isLoopback(host))
    return { severity: agreed ? 'medium' : 'low', why: `the code would go to ${resource}, which is not https`, code: 5 }

  const key = detail['redirect_uri_fingerprint'] ?? ''
  const known = redirects.get(oauthClientId)
  if (oauthClientId === '' || key === '') return undefined
  if (known === undefined) {
    if (agreed) redirects.set(oauthClientId, event)
    return undefined
  }
  // Native clients listen on whichever port is free (RFC 8252 §7.3).
  if (known.detail['redirect_uri_fingerprint'] === key || (isLoopback(host) && isLoopback(hostIn(known.resource))))
    return undefined
  const elsewhere = known.resource !== resource
  return {
    severity: !agreed ? 'low' : elsewhere ? 'high' : 'medium',
    why: elsewhere
      ? `the redirect URI of client ${oauthClientId} moved from ${known.resource} to ${resource}`
      : `the redirect URI of client ${oauthClientId} has another path at ${resource}`,
    code: 6,
    earlier: known,
  }
}

const hostIn = (origin: string): string => (URL.canParse(origin) ? new URL(origin).hostname : '')

function draftOf(event: AuditEvent, { severity, why, code, earlier }: Unsafe): Draft {
  return {
    anchor: event,
    severity,
    summary: `${whoOf(event)}: ${why}${event.decision === 'denied' ? ' (refused)' : ''}`,
    calls: [event, ...(earlier === undefined ? [] : [earlier])],
    steps: [
      ...(earlier === undefined ? [] : [stepOf(earlier, 'context', `agreed to ${earlier.resource} before`)]),
      stepOf(event, 'action', why),
    ],
    score: { rule: code, refused: event.decision === 'denied' ? 1 : 0 },
  }
}

const article = (scheme: string): string => `a ${scheme}:`
