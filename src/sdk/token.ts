/**
 * What a verified token says of a caller, from the `authInfo` that both SDK versions hand to a server with each message.
 * The token itself is hashed and let go.
 */
import type { Capturer } from './capture/index.js'
import type { ProducerEvent } from './event.js'
import { type Fields, fieldsOf, isFields, textOf } from './messages.js'

export type TokenFacts = Partial<
  Pick<ProducerEvent, 'subject' | 'oauthClientId' | 'scopes' | 'audience' | 'tokenFingerprint'>
>

/** Finds the caller's name in what the token verifier left in `authInfo.extra`; '' where it is not there. */
export type SubjectOf = (authInfo: Fields) => string

/** `sub` as RFC 9068 has it, where the verifier put the token's claims into `extra`. */
export const subjectFromExtra: SubjectOf = (authInfo) => textOf(fieldsOf(authInfo['extra'])['sub'])

export function tokenFacts(extra: unknown, capturer: Capturer, subjectOf: SubjectOf): TokenFacts {
  const { authInfo } = fieldsOf(extra)
  if (!isFields(authInfo)) return {}
  const { token, clientId, scopes, resource } = authInfo
  return {
    subject: named(subjectOf, authInfo),
    oauthClientId: textOf(clientId),
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : [],
    audience: resource instanceof URL ? resource.href : textOf(resource),
    tokenFingerprint: typeof token === 'string' && token !== '' ? capturer.secret(token) : '',
  }
}

/** The host's own code: when it fails the call is told all the same, without a name. */
function named(subjectOf: SubjectOf, authInfo: Fields): string {
  try {
    return textOf(subjectOf(authInfo))
  } catch {
    return ''
  }
}
