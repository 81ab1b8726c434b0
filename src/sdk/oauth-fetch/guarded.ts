/** The guarded fetch: every hop is checked, resolved once, and connected to what was checked. */
import { addressRefusal, FetchRefused, type GuardOptions, urlRefusal } from './guard.js'
import { type HopAnswer, sendHop } from './hop.js'
import type { JourneyHop } from './journey.js'
import { addressesOf, type Resolve } from './resolve.js'

export interface Guard {
  readonly options: GuardOptions
  readonly resolve: Resolve
}

interface Outgoing {
  readonly url: URL
  readonly method: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

const redirectStatuses = new Set([301, 302, 303, 307, 308])
/** These answers have no body, and `Response` insists. */
const emptyStatuses = new Set([204, 205, 304])
const MiB = 1_048_576

/** As `fetch`, and notes each hop. Rejects with a {@link FetchRefused} where the guard forbids. */
export async function guardedFetch(
  input: string | URL | Request,
  init: RequestInit | undefined,
  { options, resolve }: Guard,
  hops: JourneyHop[],
): Promise<Response> {
  const { maxRedirects = 5, maxBytes = MiB, timeoutMs = 10_000, ca } = options
  const first = firstUrl(input, hops)
  const refusal = urlRefusal(first, options)
  if (refusal) throw refusal
  const request = new Request(input, init)
  const timeout = AbortSignal.timeout(timeoutMs)
  const signal = AbortSignal.any([request.signal, timeout])
  try {
    let outgoing: Outgoing = {
      url: first,
      method: request.method,
      headers: request.headers,
      body: await bodyOf(request, maxBytes),
    }
    for (;;) {
      const { url } = outgoing
      const hop = hops.at(-1) as JourneyHop
      const refused = urlRefusal(url, options)
      if (refused) throw refused
      hop.checked = await unlessAborted(addressesOf(url, resolve), signal)
      const forbidden = addressRefusal(url, hop.checked, options)
      if (forbidden) throw forbidden
      const onConnected = (address: string): void => {
        hop.used = address
      }
      const answer = await sendHop({ ...outgoing, addresses: hop.checked, maxBytes, ca, signal, onConnected })
      const location = redirectStatuses.has(answer.status) ? answer.headers.get('location') : null
      if (location === null || request.redirect === 'manual')
        return responseOf(answer, url, outgoing.method, hops.length > 1)
      if (request.redirect === 'error')
        throw new FetchRefused('redirect', `${url.host} redirects, which is not followed`)
      if (hops.length > maxRedirects)
        throw new FetchRefused('too_many_redirects', `more than ${maxRedirects} redirects, the last by ${url.host}`)
      outgoing = redirected(outgoing, answer.status, location)
      hops.push({ url: outgoing.url.href, checked: [], used: '' })
    }
  } catch (error) {
    if (timeout.aborted && !request.signal.aborted && !(error instanceof FetchRefused))
      throw new FetchRefused('too_slow', `${first.host} took more than ${timeoutMs} ms`)
    if (request.signal.aborted) throw request.signal.reason
    throw error
  }
}

function firstUrl(input: string | URL | Request, hops: JourneyHop[]): URL {
  const url = input instanceof Request ? input.url : String(input)
  hops.push({ url, checked: [], used: '' })
  if (!URL.canParse(url)) throw new FetchRefused('invalid_url', 'not a URL')
  return new URL(url)
}

async function bodyOf(request: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  if (request.body === null) return undefined
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of request.body as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    if (bytes > maxBytes) throw new FetchRefused('too_large', `a request of more than ${maxBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** A name server's answer cannot be called off, but need not be waited for. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((done, failed) => {
    const give = (): void => failed(signal.reason)
    if (signal.aborted) give()
    signal.addEventListener('abort', give, { once: true })
    work.then(done, failed).finally(() => signal.removeEventListener('abort', give))
  })
}

/** The next request, by the rules of fetch; but a body with a code or a secret in it does not go to another origin. */
function redirected({ url: from, method, headers, body }: Outgoing, status: number, location: string): Outgoing {
  if (!URL.canParse(location, from.href)) throw new FetchRefused('redirect', `${from.host} redirects to what is no URL`)
  const url = new URL(location, from)
  const becomesGet = (status === 303 && method !== 'HEAD') || (status < 303 && method === 'POST')
  const next = new Headers(headers)
  if (becomesGet) for (const name of ['content-type', 'content-encoding', 'content-language']) next.delete(name)
  if (url.origin !== from.origin) {
    for (const name of ['authorization', 'cookie', 'proxy-authorization', 'x-api-key']) next.delete(name)
    if (body !== undefined && !becomesGet)
      throw new FetchRefused('redirect', `${from.host} redirects a request with a body to ${url.host}`)
  }
  return becomesGet ? { url, headers: next, method: 'GET', body: undefined } : { url, headers: next, method, body }
}

function responseOf(
  { status, statusText, headers, body }: HopAnswer,
  url: URL,
  method: string,
  moved: boolean,
): Response {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity')
    throw new FetchRefused('encoding', `${url.host} compresses, although it was not asked to`)
  if (status < 200 || status > 599) throw new FetchRefused('status', `${url.host} answers with status ${status}`)
  const empty = emptyStatuses.has(status) || method === 'HEAD'
  const response = new Response(empty ? null : body, { status, statusText, headers })
  // A constructed response knows neither, and callers resolve what is relative by them.
  Object.defineProperties(response, { url: { value: url.href }, redirected: { value: moved } })
  return response
}
