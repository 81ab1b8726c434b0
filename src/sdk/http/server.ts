/**
 * What a server's authorization decided, request by request: refusals that the protocol never sees (401, 403), tokens that
 * were accepted, and scopes that grew. The adapters (`express.ts`, `web.ts`) say what passed; here it becomes records.
 */
import type { Emitter } from '../emitter.js'
import type { ProducerEvent } from '../event.js'
import { fieldsOf, isFields, textOf } from '../messages.js'
import { type SubjectOf, subjectFromExtra, tokenFacts } from '../token.js'
import { Bounded } from './bounded.js'
import { credentialOf } from './credential.js'
import { type Refusal, refusalFacts, refusalOf } from './refusal.js'
import { isCall, type RequestFacts } from './request-facts.js'

export interface ServerHookOptions {
  readonly emitter: Emitter
  /** The name that the MCP server gives in its handshake. */
  readonly serverName?: string
  /** The resource that tokens must be issued for (RFC 8707): usually the server's URL. */
  readonly resource?: string | URL
  /** Finds the caller's name in a verified token; default: `authInfo.extra.sub`. */
  readonly subject?: SubjectOf
}

/** One answered request. */
export interface Exchange {
  /** '' where none was presented. */
  readonly token: string
  /** What the token verifier said, where the adapter saw it. */
  readonly authInfo: unknown
  readonly status: number
  readonly wwwAuthenticate: string | null | undefined
  /** The session that the answer names: a handshake's request has none yet. */
  readonly openedSession: string | null | undefined
  /** `undefined`: not an MCP request. */
  readonly request: RequestFacts | undefined
  readonly clientAddress: string
  /** Microseconds since 1970: when the token was presented, and when it was answered. */
  readonly arrivedAt: number
  readonly answeredAt: number
}

type Holder = Pick<ProducerEvent, 'subject' | 'oauthClientId' | 'scopes' | 'audience' | 'issuer' | 'tokenFingerprint'> &
  Lifetime

/** ISO 8601; '' where the token does not say. */
interface Lifetime {
  readonly notBefore: string
  readonly expiresAt: string
}

interface OpenChallenge {
  readonly eventId: string
  /** Who was challenged; '' where that was not known. */
  readonly principal: string
  /** It came for want of scopes, and not for want of a token. */
  readonly lacksScope: boolean
  readonly scopes: readonly string[]
}

const rememberedMost = 5000

export class ServerLog {
  readonly emitter: Emitter
  readonly #options: ServerHookOptions
  /** By token fingerprint: what a verifier said, for refusals that come after it and do not repeat it. */
  readonly #verified = new Bounded<Holder>(rememberedMost)
  /** By principal: all scopes that it was seen with. */
  readonly #held = new Bounded<ReadonlySet<string>>(rememberedMost)
  /** By principal and by conversation: the last challenge that was not answered yet. */
  readonly #challenges = new Bounded<OpenChallenge>(rememberedMost)

  constructor(options: ServerHookOptions) {
    this.#options = options
    this.emitter = options.emitter
  }

  /** A verifier accepted a token. */
  verified(authInfo: unknown): void {
    const holder = this.#holder(authInfo)
    if (holder !== undefined && holder.tokenFingerprint !== '') this.#verified.set(holder.tokenFingerprint, holder)
  }

  answered(answered: Exchange): void {
    const exchange = inItsSession(answered)
    const refusal = refusalOf(exchange.status, exchange.wwwAuthenticate)
    if (refusal !== undefined) this.#refused(refusal, exchange)
    else if (exchange.token !== '' && exchange.request !== undefined && isCall(exchange.request))
      this.#accepted(exchange, exchange.request)
  }

  #refused(refusal: Refusal, exchange: Exchange): void {
    // Other things than MCP are refused on the same port; without a challenge for a token it is none of ours.
    if (exchange.request === undefined && refusal.challenge === undefined) return
    const credential = credentialOf(exchange.token, this.emitter.capturer)
    const holder = this.#holder(exchange.authInfo) ?? this.#verified.get(credential.fingerprint)
    const stated = refusalFacts(refusal, credential)
    const eventId = this.#emit('authorization', exchange.answeredAt, holder, exchange, {
      tokenFingerprint: credential.fingerprint,
      ...stated,
    })
    const scopes = stated.scopesChallenged ?? []
    if (stated.decision !== 'challenged' || scopes.length === 0) return
    const principal = holder === undefined ? '' : principalOf(holder)
    const lacksScope = refusal.challenge?.error === 'insufficient_scope'
    for (const key of challengeKeys(principal, exchange.request))
      this.#challenges.set(key, { eventId, principal, lacksScope, scopes })
  }

  #accepted(exchange: Exchange, request: RequestFacts): void {
    const { fingerprint } = credentialOf(exchange.token, this.emitter.capturer)
    const known = this.#holder(exchange.authInfo) ?? this.#verified.get(fingerprint)
    // Without what a verifier said, only success says that the token was taken.
    if (known === undefined && exchange.status >= 400) return
    const holder = known ?? nobody(fingerprint)
    const answer = this.#elevated(holder, exchange, request)
    // Once for each server, session and address: a token that turns up elsewhere is what a stolen one looks like. Again when it is
    // still taken after its end.
    const { serverName = '', resource = '' } = this.#options
    const where = `${serverName} ${String(resource)} ${request.conversationId} ${request.mcpSessionId} ${exchange.clientAddress}${endedBy(holder, exchange.arrivedAt) ? ' ended' : ''}`
    if (!this.emitter.once(`authorization server ${fingerprint} ${holder.scopes.join(' ')} ${where}`)) return
    this.#emit('authorization', exchange.arrivedAt, holder, exchange, {
      decision: 'allowed',
      ...(answer === undefined ? {} : { causedBy: answer.eventId }),
    })
  }

  /** Tells the growth, if there is one. Returns the challenge that this token answers. */
  #elevated(holder: Holder, exchange: Exchange, request: RequestFacts): OpenChallenge | undefined {
    const principal = principalOf(holder)
    if (principal === '') return undefined
    const before = this.#held.get(principal)
    const grown = holder.scopes.filter((scope) => !before?.has(scope))
    if (before !== undefined && grown.length === 0) return undefined
    this.#held.set(principal, new Set([...(before ?? []), ...holder.scopes]))
    const challenge = challengeKeys(principal, request)
      .flatMap((key) => this.#challenges.take(key) ?? [])
      .find((one) => one.principal === '' || one.principal === principal)
    // The first token of a principal is no growth, unless one was refused for want of what this one has.
    if (before === undefined && !(challenge?.lacksScope && challenge.scopes.some((scope) => grown.includes(scope))))
      return challenge
    this.#emit('elevation', exchange.arrivedAt, holder, exchange, {
      decision: 'allowed',
      scopes: [...(before ?? [])],
      scopesGranted: [...holder.scopes],
      scopesChallenged: challenge?.scopes ?? [],
      causedBy: challenge?.eventId ?? '',
      ...(before === undefined ? { detail: { scopes_before: 'unknown' } } : {}),
    })
    return challenge
  }

  #emit(
    kind: 'authorization' | 'elevation',
    at: number,
    holder: Holder | undefined,
    { request, clientAddress }: Exchange,
    facts: Partial<ProducerEvent>,
  ): string {
    const { notBefore = '', expiresAt = '', ...held } = holder ?? {}
    const { serverName = '', resource } = this.#options
    return this.emitter.emit({
      kind,
      startedAt: at,
      endedAt: at,
      facts: {
        ...request,
        ...held,
        side: 'server',
        transport: 'http',
        serverName,
        clientAddress,
        expectedAudience: resource === undefined ? '' : String(resource),
        ...facts,
        detail: { ...lifetimeDetail({ notBefore, expiresAt }), ...facts.detail },
      },
    })
  }

  #holder(authInfo: unknown): Holder | undefined {
    if (!isFields(authInfo)) return undefined
    const { emitter, subject = subjectFromExtra } = this.#options
    const { expiresAt, extra } = authInfo
    return {
      ...nobody(''),
      ...tokenFacts({ authInfo }, emitter.capturer, subject),
      issuer: textOf(fieldsOf(extra)['iss']),
      notBefore: timeOf(fieldsOf(extra)['nbf']),
      expiresAt: timeOf(expiresAt),
    }
  }
}

/** A handshake belongs to the session that it opened. */
function inItsSession(exchange: Exchange): Exchange {
  const { request, openedSession } = exchange
  if (request === undefined || request.mcpSessionId !== '') return exchange
  return { ...exchange, request: { ...request, mcpSessionId: openedSession ?? '' } }
}

const nobody = (tokenFingerprint: string): Holder => ({
  subject: '',
  oauthClientId: '',
  scopes: [],
  audience: '',
  issuer: '',
  tokenFingerprint,
  notBefore: '',
  expiresAt: '',
})

/** One person with one client: the same person's other client has scopes of its own. */
const principalOf = ({ subject, oauthClientId, issuer }: Holder): string =>
  subject === '' && oauthClientId === '' ? '' : JSON.stringify([issuer, subject, oauthClientId])

/** By principal where one is known, and by conversation, which a client keeps when it comes back with another token. */
function challengeKeys(principal: string, request: RequestFacts | undefined): readonly string[] {
  const conversation = request?.conversationId ?? ''
  return [
    ...(principal === '' ? [] : [`principal ${principal}`]),
    ...(conversation === '' ? [] : [`conversation ${conversation}`]),
  ]
}

export const lifetimeDetail = ({ notBefore, expiresAt }: Lifetime): Readonly<Record<string, string>> => ({
  ...(notBefore === '' ? {} : { token_not_before: notBefore }),
  ...(expiresAt === '' ? {} : { token_expires_at: expiresAt }),
})

/** Whether the token's life is over at `now` (microseconds). */
export const endedBy = ({ expiresAt }: Pick<Lifetime, 'expiresAt'>, now: number): boolean =>
  expiresAt !== '' && Date.parse(expiresAt) * 1000 < now

/** Seconds since 1970 as ISO 8601; '' where it is no time. */
export function timeOf(seconds: unknown): string {
  const date = typeof seconds === 'number' ? new Date(seconds * 1000) : undefined
  return date === undefined || Number.isNaN(date.getTime()) ? '' : date.toISOString()
}
