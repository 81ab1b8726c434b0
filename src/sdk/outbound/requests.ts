/**
 * Requests as the two HTTP clients of Node announce them, brought into one form. undici (which is the global `fetch`)
 * publishes `undici:request:create` when a request is made; `node:http` and `node:https` publish `http.client.request.start`
 * when its headers are final and its body is handed over (both on Node 20.19 and later). `node:http2` announces nothing on
 * Node 20 and is not seen.
 */
import type { RequestParts } from './credentials.js'

export interface OutboundRequest extends RequestParts {
  /** `host` or `host:port`, IPv6 in brackets; '' where it cannot be told. */
  readonly host: string
  readonly client: 'undici' | 'http'
}

export const undiciChannel = 'undici:request:create'
export const httpChannel = 'http.client.request.start'

interface UndiciRequest {
  readonly origin?: string | URL
  readonly method?: string
  readonly path?: string
  /** Name, value, name, value …; one text in undici 5. */
  readonly headers?: readonly unknown[] | string
}

export function fromUndici(message: unknown): OutboundRequest {
  const { origin = '', method = '', path = '', headers = [] } = (message as { readonly request: UndiciRequest }).request
  return {
    host: hostOf(String(origin), method, path),
    path,
    headers: typeof headers === 'string' ? linesOf(headers) : pairsOf(headers),
    client: 'undici',
  }
}

interface ClientRequest {
  readonly method: string
  readonly path: string
  readonly protocol: string
  readonly host: string
  getHeader(name: string): unknown
  getHeaders(): Readonly<Record<string, unknown>>
}

export function fromHttp(message: unknown): OutboundRequest {
  const { request } = message as { readonly request: ClientRequest }
  // Where it goes, which the header need not say; the port stands nowhere else.
  const [port = ''] = /:\d{1,5}$/.exec(String(request.getHeader('host') ?? '')) ?? []
  const host = request.host.includes(':') ? `[${request.host}]` : request.host
  return {
    host: hostOf(`${request.protocol}//${host}${port}`, request.method, request.path),
    path: request.path,
    headers: Object.entries(request.getHeaders()).flatMap(([name, value]) => valuesOf(name, value)),
    client: 'http',
  }
}

/** Through a proxy the path names the destination. */
function hostOf(origin: string, method: string, path: string): string {
  if (method === 'CONNECT') return path.slice(0, 256)
  const target = path.startsWith('/') ? origin : path
  if (URL.canParse(target)) return new URL(target).host
  return URL.canParse(origin) ? new URL(origin).host : ''
}

function* pairsOf(headers: readonly unknown[]): Iterable<readonly [string, string]> {
  for (let at = 0; at + 1 < headers.length; at += 2) yield* valuesOf(String(headers[at]), headers[at + 1])
}

const valuesOf = (name: string, value: unknown): (readonly [string, string])[] =>
  (Array.isArray(value) ? value : [value]).map((one) => [name, String(one)] as const)

function* linesOf(headers: string): Iterable<readonly [string, string]> {
  for (const line of headers.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) yield [line.slice(0, colon), line.slice(colon + 1).trim()]
  }
}
