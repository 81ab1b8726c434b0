/**
 * What a client knows of its own tokens: from the token responses that passed (RFC 6749 §5.1), and from the claims of tokens
 * that can be read (RFC 9068). Nobody verified these claims here: they describe a client's own token, not a caller.
 */
import type { Capturer } from '../capture/index.js'
import type { ProducerEvent } from '../event.js'
import { type Fields, fieldsOf, isFields, textOf } from '../messages.js'
import { Bounded } from './bounded.js'
import { scopesOf } from './challenge.js'
import { timeOf } from './server.js'

export interface Grant
  extends Pick<ProducerEvent, 'subject' | 'oauthClientId' | 'audience' | 'issuer' | 'scopes' | 'scopesRequested'> {
  /** The resource that the token was asked for (RFC 8707). */
  readonly resource: string
  readonly notBefore: string
  readonly expiresAt: string
  /** Where `scopes` is from; '' where they are not known. */
  readonly scopesFrom: '' | 'granted' | 'claims'
}

const grantsMost = 1000

export class Grants {
  readonly #capturer: Capturer
  readonly #byToken = new Bounded<Grant>(grantsMost)

  constructor(capturer: Capturer) {
    this.#capturer = capturer
  }

  /** A token endpoint answered `answer` to the form `asked`, `now` in microseconds. */
  learn(asked: URLSearchParams, answer: string, now: number): void {
    const given = parseObject(answer)
    const token = textOf(given?.['access_token'])
    if (given === undefined || token === '') return
    const claimed = claimsOf(token)
    const requested = scopesOf(asked.get('scope'))
    const granted = scopesOf(given['scope'])
    // Left out, it is what was asked for.
    const scopes = granted.length > 0 ? granted : requested
    const seconds = given['expires_in']
    this.#byToken.set(this.#capturer.secret(token), {
      ...claimed,
      oauthClientId: asked.get('client_id') ?? claimed.oauthClientId,
      resource: asked.get('resource') ?? '',
      scopesRequested: requested,
      ...(scopes.length > 0 ? { scopes, scopesFrom: 'granted' } : {}),
      ...(typeof seconds === 'number' ? { expiresAt: timeOf(Math.floor(now / 1e6) + seconds) } : {}),
    })
  }

  of(token: string): Grant {
    return this.#byToken.get(this.#capturer.secret(token)) ?? claimsOf(token)
  }
}

const tokenMost = 16_384

function claimsOf(token: string): Grant {
  const [, payload, signature] = token.length <= tokenMost ? token.split('.') : []
  const claims: Fields =
    payload === undefined || signature === undefined
      ? {}
      : fieldsOf(parseObject(Buffer.from(payload, 'base64url').toString('utf8')))
  const { aud, exp, nbf, scope, scp } = claims
  const scopes = scopesOf(Array.isArray(scp) ? scp.join(' ') : (scope ?? scp))
  return {
    subject: textOf(claims['sub']),
    oauthClientId: textOf(claims['client_id']) || textOf(claims['azp']),
    audience: textOf(Array.isArray(aud) ? aud[0] : aud),
    issuer: textOf(claims['iss']),
    scopes,
    scopesRequested: [],
    resource: '',
    notBefore: timeOf(nbf),
    expiresAt: timeOf(exp),
    scopesFrom: scopes.length > 0 ? 'claims' : '',
  }
}

function parseObject(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}
