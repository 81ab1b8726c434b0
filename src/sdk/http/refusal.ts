/** What a 401 or 403 says, as the members of an `authorization` record. */
import { originOf } from '../contents.js'
import type { ProducerEvent } from '../event.js'
import { type TokenChallenge, tokenChallenge } from './challenge.js'
import type { Credential } from './credential.js'

export interface Refusal {
  readonly status: 401 | 403
  /** `undefined` where the answer does not say how to be let in. */
  readonly challenge: TokenChallenge | undefined
}

/** `undefined` where the answer is no refusal. */
export function refusalOf(status: number, wwwAuthenticate: string | null | undefined): Refusal | undefined {
  return status === 401 || status === 403 ? { status, challenge: tokenChallenge(wwwAuthenticate) } : undefined
}

/** Error codes of RFC 6750, 9449 and 9470. Others are the server's free text, which could be anything. */
const knownErrors = new Set([
  'invalid_request',
  'invalid_token',
  'insufficient_scope',
  'insufficient_user_authentication',
  'invalid_dpop_proof',
  'use_dpop_nonce',
])

/**
 * `challenged`: the caller can get on by asking for scopes, or by presenting a token at all. `denied`: what it presented
 * was refused. The error's description is free text and stays out.
 */
export function refusalFacts({ status, challenge }: Refusal, credential: Credential): Partial<ProducerEvent> {
  const { error = '', scheme = '', resourceMetadata = '', scopes = [] } = challenge ?? {}
  const lacksScope = error === 'insufficient_scope'
  const lacksToken = status === 401 && credential.fingerprint === ''
  const metadata = credential.clean(originOf(resourceMetadata))
  return {
    decision: challenge !== undefined && (lacksScope || lacksToken) ? 'challenged' : 'denied',
    errorType: String(status),
    scopesChallenged: credential.cleanScopes(scopes),
    detail: {
      http_status: String(status),
      ...(scheme === '' ? {} : { challenge_scheme: scheme }),
      ...(error === '' ? {} : { challenge_error: knownErrors.has(error) ? error : 'other' }),
      ...(metadata === '' ? {} : { resource_metadata_origin: metadata }),
    },
  }
}
