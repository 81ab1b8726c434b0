/**
 * A `fetch` for what an MCP client fetches on a server's word: protected-resource and authorization-server metadata, client
 * registration, tokens. It tells each fetch as a `watchkeeper.oauth_fetch` event; as a guard it also refuses the ones by
 * which a hostile server makes its client reach into the client's own network (SSRF).
 */
import { pause } from '../backoff.js'
import { currentScope, inScope } from '../conversation.js'
import type { Emitter } from '../emitter.js'
import { flowIn } from './flow.js'
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
  /** What is watched where there is no guard, and what the server's own URL is fetched with; default: the global one. */
  readonly fetch?: Fetch
  /** The MCP server itself: requests to this very URL are the protocol's, and pass untouched and untold, streams included. */
  readonly server?: string | URL
  /** Default: that of the system. */
  readonly resolve?: Resolve
}

export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>

/**
 * For the SDK's `auth(provider, { fetchFn })`, or, as transports have one `fetch` for the protocol and for OAuth,
 * `new StreamableHTTPClientTransport(url, { fetch: oauthFetch({ emitter, guard: true, server: url }) })`. Answers of a guarded
 * fetch are read to their end before they are handed on.
 */
export function oauthFetch(options: OauthFetchOptions): Fetch {
  const { emitter, guard = false, resolve = systemResolve, fetch: inner = fetch, server } = options
  const guardOptions = guard === true ? {} : guard
  const protocol = server === undefined ? undefined : endpointOf(String(server))
  return (input, init) => {
    if (protocol !== undefined && endpointOf(urlOf(input)) === protocol) return inner(input, init)
    if (guardOptions === false) return watched(emitter, inner, resolve, input, init)
    return guarded(emitter, { options: guardOptions, resolve }, input, init)
  }
}

const urlOf = (input: string | URL | Request): string => (input instanceof Request ? input.url : String(input))

/** A URL without its query; `undefined` for what is none. */
function endpointOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
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

/** Milliseconds that the record of a watched fetch waits for its look-ups, which began with the fetch. */
const lookupPatienceMs = 500

async function watched(
  emitter: Emitter,
  inner: Fetch,
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
    if (hops.length === 0) note(urlOf(input))
    void Promise.race([Promise.all(lookups), pause(lookupPatienceMs, undefined, { unref: true })]).then(() =>
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
    flow: flowIn(String(url), emitter.capturer),
  })
  return reason === undefined ? { allowed: true } : { allowed: false, reason }
}

function openingReason(url: string): FetchRefused['reason'] | undefined {
  if (!URL.canParse(url)) return 'invalid_url'
  const parsed = new URL(url)
  const onThisMachine = /^(?:localhost|127(?:\.\d+){3}|::1)$/.test(bareHost(parsed))
  return urlRefusal(parsed, { loopback: onThisMachine })?.reason
}
