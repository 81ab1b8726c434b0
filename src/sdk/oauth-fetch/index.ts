/**
 * A `fetch` for what an MCP client fetches on a server's word: protected-resource and authorization-server metadata, client
 * registration, tokens. It tells each fetch as a `watchkeeper.oauth_fetch` event; as a guard it also refuses the ones by
 * which a hostile server makes its client reach into the client's own network (SSRF).
 */
import { currentScope, inScope } from '../conversation.js'
import type { Emitter } from '../emitter.js'
import { addressRefusal, bareHost, FetchRefused, type GuardOptions, urlRefusal } from './guard.js'
import { guardedFetch } from './guarded.js'
import { type JourneyHop, tellJourney } from './journey.js'
import { addressesOf, type Resolve, systemResolve } from './resolve.js'
import { watchingHops } from './watched.js'

export { FetchRefused, type GuardOptions, type GuardReason } from './guard.js'
export type { Resolve } from './resolve.js'

export interface OauthFetchOptions {
  readonly emitter: Emitter
  /** Refuse what should not be fetched; default false: tell only. */
  readonly guard?: boolean | GuardOptions
  /** What is watched where there is no guard; default: the global one. */
  readonly fetch?: typeof fetch
  /** Default: that of the system. */
  readonly resolve?: Resolve
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/** For `new StreamableHTTPClientTransport(url, { fetch: oauthFetch({ emitter, guard: true }) })` and the SDK's `auth()`. */
export function oauthFetch(options: OauthFetchOptions): Fetch {
  const { guard = false, resolve = systemResolve } = options
  if (guard === false) return (input, init) => watched(options, resolve, input, init)
  const guardOptions = guard === true ? {} : guard
  return (input, init) => guarded(options.emitter, { options: guardOptions, resolve }, input, init)
}

async function guarded(
  emitter: Emitter,
  guard: { readonly options: GuardOptions; readonly resolve: Resolve },
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const hops: JourneyHop[] = []
  try {
    const response = await guardedFetch(input, init, guard, hops)
    tellJourney(emitter, { mode: 'guarded', hops, decision: 'allowed', reason: '', status: response.status })
    return response
  } catch (error) {
    const refused = error instanceof FetchRefused
    tellJourney(emitter, {
      mode: 'guarded',
      hops,
      decision: refused ? 'denied' : 'allowed',
      reason: refused ? error.reason : '',
      status: 0,
      errorType: failureOf(error),
    })
    throw error
  }
}

async function watched(
  { emitter, fetch: inner = fetch }: OauthFetchOptions,
  resolve: Resolve,
  input: string | URL | Request,
  init: RequestInit | undefined,
): Promise<Response> {
  const hops: JourneyHop[] = []
  const lookups: Promise<void>[] = []
  const note = (url: string): JourneyHop => {
    const hop: JourneyHop = { url, checked: [], used: '' }
    hops.push(hop)
    lookups.push(lookUp(hop, resolve))
    return hop
  }
  const scope = currentScope()
  const tell = (status: number, errorType: string): void => {
    if (hops.length === 0) note(input instanceof Request ? input.url : String(input))
    void Promise.all(lookups).then(() =>
      inScope(scope, () =>
        tellJourney(emitter, { mode: 'watched', hops, decision: 'allowed', reason: riskOf(hops), status, errorType }),
      ),
    )
  }
  try {
    const response = await watchingHops(() => inner(input, init), note)
    tell(response.status, '')
    return response
  } catch (error) {
    tell(0, failureOf(error))
    throw error
  }
}

async function lookUp(hop: JourneyHop, resolve: Resolve): Promise<void> {
  if (URL.canParse(hop.url)) hop.checked = await addressesOf(new URL(hop.url), resolve)
}

/** What the strictest guard would have said. */
function riskOf(hops: readonly JourneyHop[]): string {
  for (const { url, checked, used } of hops) {
    if (!URL.canParse(url)) return 'invalid_url'
    const parsed = new URL(url)
    const addresses = used === '' ? checked : [...checked, used]
    const refusal = urlRefusal(parsed, {}) ?? addressRefusal(parsed, addresses, {})
    if (refusal) return refusal.reason
  }
  return ''
}

/** A code or a name, never a message: that may hold the URL. */
function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return 'error'
  const { code } = (error.cause instanceof Error ? error.cause : error) as { readonly code?: unknown }
  return typeof code === 'string' ? code : error.name
}

export type UrlVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: FetchRefused['reason'] }

/**
 * Whether a URL may be opened in the person's browser: https, or http on this very machine (development). Never `javascript:`,
 * `data:`, `file:`, `vbscript:` or an app's scheme. Tells the decision; the caller acts on it. Never throws.
 */
export function authorizationUrl(emitter: Emitter, url: string | URL): UrlVerdict {
  const reason = openingReason(String(url))
  const hops = [{ url: String(url), checked: [], used: '' }]
  tellJourney(emitter, {
    mode: 'opened',
    hops,
    decision: reason === undefined ? 'allowed' : 'denied',
    reason: reason ?? '',
    status: 0,
  })
  return reason === undefined ? { allowed: true } : { allowed: false, reason }
}

function openingReason(url: string): FetchRefused['reason'] | undefined {
  if (!URL.canParse(url)) return 'invalid_url'
  const parsed = new URL(url)
  const onThisMachine = /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(bareHost(parsed))
  return urlRefusal(parsed, { loopback: onThisMachine })?.reason
}
