/** Who would get access, as the URL of an authorization endpoint says it (RFC 6749 §4.1.1). */
import { type Capturer, redact } from '../capture/index.js'
import { originOf } from '../contents.js'
import type { ProducerEvent } from '../event.js'

export interface FlowFacts extends Pick<ProducerEvent, 'oauthClientId' | 'scopesRequested'> {
  readonly detail: Readonly<Record<string, string>>
}

/** Its client id, redirect URI and scopes; empty where it has none. The URL comes from a server, which could put anything there. */
export function flowIn(url: string, capturer: Capturer): FlowFacts {
  const asked = URL.canParse(url) ? new URL(url).searchParams : new URLSearchParams()
  return {
    oauthClientId: redact((asked.get('client_id') ?? '').slice(0, 256)),
    scopesRequested: (asked.get('scope') ?? '').split(' ').filter((scope) => scope !== '' && redact(scope) === scope),
    detail: redirectDetail(asked.get('redirect_uri') ?? '', capturer),
  }
}

/** Its origin stays clear; the whole of it is a fingerprint, so that another path is another one. */
export const redirectDetail = (redirectUri: string, capturer: Capturer): Readonly<Record<string, string>> =>
  redirectUri === ''
    ? {}
    : { redirect_origin: originOf(redirectUri), redirect_uri_fingerprint: capturer.secret(redirectUri) }
