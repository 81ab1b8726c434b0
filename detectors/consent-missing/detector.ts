import { type AuditEvent, type Draft, listed, type Severity, sessionDetector, stepOf, whoOf } from '#detector'

/**
 * The confused deputy (MCP, "Security Best Practices"): a server that stands before a third party uses one client id of its own
 * there. The third party asked the person once, for the server; when an attacker registers a client at the server, the third
 * party's cookie lets it pass, and the code goes to the attacker. So the server must ask the person for each client itself,
 * before it sends the browser on. Consents count only where they are trusted: anybody could claim one.
 */
export default sessionDetector({
  about: {
    title: 'Access was asked for without consent',
    severity: 'high',
    maturity: 'stable',
    tags: { atlas: ['AML.T0091.000', 'AML.T0012'], mcp: ['MCP07:2025', 'MCP02:2025'], asi: ['ASI03', 'ASI09'] },
    needs: ['authorization'],
    version: 1,
  },
  // A consent is stated by another process than the flow, and may come after it.
  settleMs: 60_000,
  wakesOn: ['oauth_fetch', 'consent'],

  judge({ events }) {
    const consents = events.filter(({ kind }) => kind === 'consent')
    const seen = new Set<string>()
    const drafts: Draft[] = []
    let flows = 0
    for (const event of events) {
      if (!isFlow(event)) continue
      flows++
      const fault = faultOf(event, consents)
      const key = JSON.stringify([event.oauthClientId, redirectOf(event), fault?.code, event.resource])
      if (fault === undefined || seen.has(key)) continue
      seen.add(key)
      drafts.push(draftOf(event, fault))
    }
    return flows === 0
      ? { notEvaluated: 'authorization', because: 'no record of this session says that access was asked for' }
      : drafts
  },
})

const redirectOf = ({ detail }: AuditEvent): string => detail['redirect_uri_fingerprint'] ?? ''

/** `forwarded`: a server sends the person on to a third party. `opened`: a client opens an authorization URL. */
const isFlow = (event: AuditEvent): boolean =>
  event.kind === 'oauth_fetch' &&
  event.decision !== 'denied' &&
  (event.detail['mode'] === 'forwarded' || event.detail['mode'] === 'opened') &&
  (event.oauthClientId !== '' || redirectOf(event) !== '')

interface Fault {
  readonly code: 'refused' | 'redirect' | 'scopes' | 'untrusted' | 'missing'
  readonly severity: Severity
  readonly says: string
  readonly nearest?: AuditEvent
}

function faultOf(flow: AuditEvent, consents: readonly AuditEvent[]): Fault | undefined {
  const forwarded = flow.detail['mode'] === 'forwarded'
  const before = consents.filter((one) => one.endedAt <= flow.startedAt && sameIssuer(one, flow))
  const own = before.filter((one) => one.trusted && one.oauthClientId === flow.oauthClientId)
  const here = own.filter(
    (one) => redirectOf(one) === '' || redirectOf(flow) === '' || redirectOf(one) === redirectOf(flow),
  )
  const last = here.at(-1)
  if (last?.decision === 'denied')
    return { code: 'refused', severity: 'high', says: 'which the person had refused', nearest: last }
  if (last !== undefined) {
    const agreed = new Set(
      here.filter(({ decision }) => decision === 'allowed').flatMap(({ scopesGranted }) => scopesGranted),
    )
    const more = flow.scopesRequested.filter((scope) => !agreed.has(scope))
    return more.length === 0
      ? undefined
      : {
          code: 'scopes',
          severity: 'medium',
          says: `with ${listed(more)}, which the person was not asked about`,
          nearest: last,
        }
  }
  const elsewhere = own.findLast(({ decision }) => decision === 'allowed')
  if (elsewhere !== undefined)
    return {
      code: 'redirect',
      severity: 'high',
      says: `to be answered at ${flow.detail['redirect_origin'] || 'another URI'}; the person agreed to ${elsewhere.detail['redirect_origin'] || elsewhere.resource || 'another URI'}`,
      nearest: elsewhere,
    }
  const claimed = before.findLast((one) => !one.trusted && one.oauthClientId === flow.oauthClientId)
  // Where only the client looks on, the authorization server itself asks the person, and nobody may have told us.
  const severity = forwarded ? 'medium' : 'low'
  return claimed === undefined
    ? { code: 'missing', severity, says: 'and no consent to it is on record' }
    : {
        code: 'untrusted',
        severity,
        says: 'and its consent was stated with a key that is not believed',
        nearest: claimed,
      }
}

/** A consent that names an authorization server is one for that server. */
function sameIssuer(consent: AuditEvent, flow: AuditEvent): boolean {
  const host = (url: string): string => (URL.canParse(url) ? new URL(url).host : url)
  return consent.issuer === '' || flow.resource === '' || host(consent.issuer) === host(flow.resource)
}

function draftOf(flow: AuditEvent, { code, severity, says, nearest }: Fault): Draft {
  const client = flow.oauthClientId || 'a client without a name'
  const where = flow.resource || 'an authorization server'
  return {
    anchor: flow,
    severity,
    summary: `${flow.detail['mode'] === 'forwarded' ? flow.serverName || 'a server' : whoOf(flow)} asked ${where} for access for ${client}, ${says}`,
    calls: [flow, ...(nearest === undefined ? [] : [nearest])],
    steps: [
      ...(nearest === undefined
        ? []
        : [
            stepOf(
              nearest,
              'context',
              `${nearest.decision} for ${nearest.oauthClientId} at ${nearest.detail['redirect_origin'] || nearest.resource || 'no named URI'}: ${listed(nearest.scopesRequested)}`,
            ),
          ]),
      stepOf(
        flow,
        'action',
        `access for ${client} at ${flow.detail['redirect_origin'] || 'no named URI'}: ${listed(flow.scopesRequested)}`,
      ),
    ],
    score: {
      forwarded: flow.detail['mode'] === 'forwarded' ? 1 : 0,
      refused: code === 'refused' ? 1 : 0,
      other_redirect: code === 'redirect' ? 1 : 0,
      scopes_asked: flow.scopesRequested.length,
    },
  }
}
