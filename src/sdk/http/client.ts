/**
 * The client's side: a wrapper around `fetch` that sees each answer of a server before the SDK makes an error or a new log-in
 * of it. `new StreamableHTTPClientTransport(url, { fetch: watchFetch({ emitter })() })` in v1 and v2; the function that
 * `watchFetch` returns is also a `Middleware` of v2. Where another middleware adds the token or retries (`withOAuth`),
 * put this one nearer to the network: `applyMiddlewares(watch, withOAuth(provider))(fetch)`; outside of it neither shows.
 */
import { currentScope } from '../conversation.js'
import type { Emitter } from '../emitter.js'
import type { ProducerEvent } from '../event.js'
import { safely } from '../safely.js'
import { Bounded } from './bounded.js'
import { credentialOf, tokenIn } from './credential.js'
import { type Grant, Grants } from './grants.js'
import { type Refusal, refusalFacts, refusalOf } from './refusal.js'
import { isCall, type RequestFacts, requestFacts } from './request-facts.js'
import { endedBy, lifetimeDetail } from './server.js'

/** As both SDK versions have it. */
export type FetchLike = (url: string | URL, init?: RequestInit) => Promise<Response>

export interface ClientHookOptions {
  readonly emitter: Emitter
  /** The name that the MCP server gives in its handshake. */
  readonly serverName?: string
  /** Whom the client works for; default: `sub` of its token, where that can be read. */
  readonly subject?: string
}

/** Wraps a `fetch` (default: the global one). The host gets the answers and errors that it would have got. */
export function watchFetch(options: ClientHookOptions): (next?: FetchLike) => FetchLike {
  const log = new ClientLog(options)
  return (next = fetch) =>
    async (url, init) => {
      const told = safely(() => log.asked(url, init))
      const response = await next(url, init)
      safely(() => told?.(response))
      return response
    }
}

/** A request on its way, with what must not be kept longer. */
interface Asked {
  readonly request: RequestFacts
  readonly token: string
  readonly target: URL
  readonly askedAt: number
}

interface OpenChallenge {
  readonly eventId: string
  /** Of the token that was refused; '' where there was none. */
  readonly fingerprint: string
  readonly held: Grant
  readonly scopes: readonly string[]
  readonly lacksScope: boolean
}

const openMost = 1000
/** Characters of a token response. */
const tokenAnswerMost = 65_536

class ClientLog {
  readonly #options: ClientHookOptions
  readonly #grants: Grants
  /** By resource and conversation. */
  readonly #open = new Bounded<OpenChallenge>(openMost)
  /** Token responses that are still being read. */
  #learning: Promise<unknown> | undefined

  constructor(options: ClientHookOptions) {
    this.#options = options
    this.#grants = new Grants(options.emitter.capturer)
  }

  /** What to do with the answer of a request; `undefined` where it is none of ours. */
  asked(url: string | URL, init: RequestInit | undefined): ((response: Response) => void) | undefined {
    const headers = new Headers(init?.headers)
    const form = tokenRequest(init, headers)
    if (form !== undefined) return (response) => this.#granted(form, response)
    const read = requestFacts((name) => headers.get(name), init?.body)
    if (read === undefined) return undefined
    const request = { ...read, conversationId: read.conversationId || currentScope().conversationId }
    const { emitter } = this.#options
    const token = tokenIn(headers.get('authorization'))
    const asked: Asked = { request, token, target: new URL(url), askedAt: emitter.now() }
    return (response) => this.#answered(asked, response)
  }

  #granted(form: URLSearchParams, response: Response): void {
    if (!response.ok) return
    const at = this.#options.emitter.now()
    const reading = Promise.all([response.clone().text(), this.#learning]).then(
      ([answer]) => {
        if (answer.length <= tokenAnswerMost) this.#grants.learn(form, answer, at)
      },
      () => {},
    )
    this.#learning = reading
    void reading.then(() => {
      if (this.#learning === reading) this.#learning = undefined
    })
  }

  #answered(asked: Asked, response: Response): void {
    const refusal = refusalOf(response.status, response.headers.get('www-authenticate'))
    const { ok } = response
    const at = this.#options.emitter.now()
    const tell = (): void => {
      if (refusal !== undefined) this.#refused(asked, refusal, at)
      else if (ok && asked.token !== '' && isCall(asked.request)) this.#accepted(asked)
    }
    if (this.#learning === undefined) tell()
    else void this.#learning.then(() => safely(tell))
  }

  #refused(asked: Asked, refusal: Refusal, at: number): void {
    const credential = credentialOf(asked.token, this.#options.emitter.capturer)
    const held = this.#grants.of(asked.token)
    const stated = refusalFacts(refusal, credential)
    const eventId = this.#emit('authorization', at, asked, held, stated)
    if (refusal.challenge === undefined) return
    this.#open.set(keyOf(asked), {
      eventId,
      fingerprint: credential.fingerprint,
      held,
      scopes: stated.scopesChallenged ?? [],
      lacksScope: refusal.challenge.error === 'insufficient_scope',
    })
  }

  #accepted(asked: Asked): void {
    const { emitter } = this.#options
    const { fingerprint } = credentialOf(asked.token, emitter.capturer)
    const held = this.#grants.of(asked.token)
    const key = keyOf(asked)
    const challenge = this.#open.take(key)
    // The same token, taken for another request: the challenge is still open.
    if (challenge?.fingerprint === fingerprint) this.#open.set(key, challenge)
    const answered = challenge?.fingerprint === fingerprint ? undefined : challenge
    const causedBy = answered?.eventId ?? ''
    if (answered !== undefined && answered.fingerprint !== '') this.#elevated(asked, held, answered)
    const ended = endedBy(held, asked.askedAt) ? ' ended' : ''
    if (!emitter.once(`authorization client ${fingerprint} ${key}${ended}`)) return
    this.#emit('authorization', asked.askedAt, asked, held, { decision: 'allowed', causedBy })
  }

  /** Another token than the one that was refused was taken: does it hold more? */
  #elevated(asked: Asked, held: Grant, { eventId, held: before, scopes, lacksScope }: OpenChallenge): void {
    if (before.subject !== held.subject && before.subject !== '' && held.subject !== '') return
    const known = held.scopesFrom !== '' && (before.scopesFrom !== '' || lacksScope)
    // Nobody said what the new token holds; that it holds what the old one lacked, the server's answer says.
    const after = known ? held.scopes : lacksScope ? [...new Set([...before.scopes, ...scopes])] : []
    if (after.every((scope) => before.scopes.includes(scope))) return
    this.#emit('elevation', asked.askedAt, asked, held, {
      decision: 'allowed',
      scopes: before.scopes,
      scopesGranted: after,
      scopesChallenged: scopes,
      causedBy: eventId,
      ...(known ? {} : { detail: { scopes_from: 'challenge' } }),
    })
  }

  #emit(
    kind: 'authorization' | 'elevation',
    at: number,
    { request, token, target }: Asked,
    grant: Grant,
    facts: Partial<ProducerEvent>,
  ): string {
    const { emitter, serverName = '', subject } = this.#options
    const credential = credentialOf(token, emitter.capturer)
    const { resource, notBefore, expiresAt, scopesFrom, scopes, scopesRequested, ...claimed } = grant
    return emitter.emit({
      kind,
      startedAt: at,
      endedAt: at,
      facts: {
        ...request,
        ...claimed,
        subject: subject ?? claimed.subject,
        side: 'client',
        transport: 'http',
        serverName,
        serverAddress: target.host,
        expectedAudience: credential.clean(resource || target.origin + target.pathname),
        tokenFingerprint: credential.fingerprint,
        scopes: credential.cleanScopes(scopes),
        scopesRequested: credential.cleanScopes(scopesRequested),
        ...facts,
        detail: {
          ...lifetimeDetail({ notBefore, expiresAt }),
          ...(scopesFrom === '' ? {} : { scopes_from: scopesFrom }),
          ...facts.detail,
        },
      },
    })
  }
}

const keyOf = ({ target, request }: Asked): string => `${target.origin}${target.pathname} ${request.conversationId}`

/** The form of a request to a token endpoint. */
function tokenRequest(init: RequestInit | undefined, headers: Headers): URLSearchParams | undefined {
  const body: unknown = init?.body
  const isForm = headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true
  const form =
    body instanceof URLSearchParams ? body : isForm && typeof body === 'string' ? new URLSearchParams(body) : undefined
  return form?.has('grant_type') === true ? form : undefined
}
