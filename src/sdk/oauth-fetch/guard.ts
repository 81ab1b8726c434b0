/** What a guarded fetch allows: which URLs, and which addresses a name may stand for. */
import { isIP } from 'node:net'
import { type AddressClass, addressClass } from '../addresses.js'

export interface GuardOptions {
  /** Development: loopback addresses are allowed, over http as well. Default false. */
  readonly loopback?: boolean
  /** Exact names that may stand for private addresses: an identity provider of one's own network. Never metadata or link-local. */
  readonly trustedHosts?: readonly string[]
  /** Default 5. */
  readonly maxRedirects?: number
  /** Of a response's body, and of a request's; default 1 MiB. */
  readonly maxBytes?: number
  /** For all hops together, milliseconds; default 10 000. */
  readonly timeoutMs?: number
  /** Certificate authorities in PEM, in place of those that Node knows. */
  readonly ca?: string
}

export type GuardReason =
  | 'invalid_url'
  | 'scheme'
  | 'userinfo'
  | 'cleartext'
  | 'unresolved'
  | 'address'
  | 'redirect'
  | 'too_many_redirects'
  | 'too_large'
  | 'too_slow'
  | 'encoding'
  | 'status'

/**
 * The guard refused. Not a `TypeError`, which MCP clients take for a browser's CORS and answer with a second attempt.
 * The message names a host at most: no path, no query.
 */
export class FetchRefused extends Error {
  override readonly name = 'FetchRefused'
  readonly reason: GuardReason
  constructor(reason: GuardReason, message: string) {
    super(message)
    this.reason = reason
  }
}

export const bareHost = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

/** Why a URL may not be fetched, before its name is looked up; `undefined`: so far it may. */
export function urlRefusal(url: URL, { loopback = false }: GuardOptions): FetchRefused | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return new FetchRefused('scheme', `${url.protocol} URLs are not fetched: https only`)
  if (url.username !== '' || url.password !== '')
    return new FetchRefused('userinfo', `a URL at ${url.host} holds a name or a password`)
  if (url.protocol === 'http:' && !loopback)
    return new FetchRefused('cleartext', `http://${url.host} is not fetched: https only`)
  return undefined
}

/** Why none of these addresses may be connected to. One that may not is enough: which one is used would be chance. */
export function addressRefusal(
  url: URL,
  addresses: readonly string[],
  { loopback = false, trustedHosts = [] }: GuardOptions,
): FetchRefused | undefined {
  const host = bareHost(url)
  if (addresses.length === 0) return new FetchRefused('unresolved', `${host} has no address`)
  const classes = addresses.map(addressClass)
  const trusted = trustedHosts.includes(host)
  const allowed = (is: AddressClass): boolean =>
    is === 'public' || (is === 'loopback' && loopback) || (trusted && (is === 'private' || is === 'shared'))
  const wrong = classes.find((is) => !allowed(is))
  if (wrong !== undefined)
    return new FetchRefused('address', `${host} ${isIP(host) ? 'is' : 'stands for'} a ${wrong} address`)
  if (url.protocol === 'http:' && !classes.every((is) => is === 'loopback'))
    return new FetchRefused('cleartext', `http://${url.host} is not fetched: http is for loopback only`)
  return undefined
}
