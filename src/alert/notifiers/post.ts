/**
 * One attempt over HTTP. It has ten seconds from connecting to the last byte of the answer; redirects are not followed,
 * since what is sent, and the key that goes with it, are for this receiver alone.
 */
import { unescape as unescaped } from 'node:querystring'
import type { DeliveryResult } from './contract.js'

export interface Post {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** Cuts the attempt off. */
  readonly signal: AbortSignal
  /** Microseconds. */
  readonly now: () => number
  readonly timeoutMs?: number | undefined
}

const mostAnswerBytes = 16_384
const longestRetryAfterMs = 3_600_000

/** Never throws. */
export async function post({
  url,
  headers = {},
  body,
  signal,
  now,
  timeoutMs = 10_000,
}: Post): Promise<DeliveryResult> {
  if (!URL.canParse(url)) return { type: 'retry', reason: 'its address is not a URL', status: 0 }
  const { address, authorization } = withoutLogin(url)
  const limit = AbortSignal.timeout(timeoutMs)
  let status = 0
  try {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'watchkeeper', ...authorization, ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
    })
    status = answer.status
    await readSome(answer)
    return judge(status, answer.headers.get('retry-after'), now)
  } catch (error) {
    return { type: 'retry', reason: unanswered(error, status, limit.aborted ? timeoutMs : 0), status }
  }
}

/** fetch refuses an address with a login in it, which is how a login is usually written. */
function withoutLogin(url: string): { readonly address: URL; readonly authorization: Record<string, string> } {
  const address = new URL(url)
  const login = [address.username, address.password].map((part) => unescaped(part)).join(':')
  address.username = ''
  address.password = ''
  const authorization: Record<string, string> =
    login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
  return { address, authorization }
}

/** What an answer means, by its status alone. `retryAfter` is the header of that name. */
export function judge(status: number, retryAfter: string | null, now: () => number): DeliveryResult {
  if (status >= 200 && status < 300) return { type: 'delivered', status }
  // Our key, not this message: once somebody mends it, what waits goes out.
  if (status === 401) return { type: 'retry', reason: 'answered 401: its key or log-in is not taken', status }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const afterMs = retryAfterMs(retryAfter, now)
    return { type: 'retry', reason: `answered ${status}`, status, ...(afterMs === undefined ? {} : { afterMs }) }
  }
  if (status >= 300 && status < 400)
    return { type: 'refused', reason: `answered ${status}: redirects are not followed, set the final address`, status }
  return { type: 'refused', reason: `answered ${status}`, status }
}

/** `Retry-After` is a number of seconds or an HTTP date (RFC 9110 §10.2.3); more than an hour counts as an hour. */
function retryAfterMs(header: string | null, now: () => number): number | undefined {
  if (header === null) return undefined
  const wait = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now() / 1_000
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(0, wait), longestRetryAfterMs)
}

/**
 * Reads the answer to its end, so that the connection is used again, or to 16 KiB. An answer that is cut off or stalls
 * before either throws: whether the receiver kept the incident is then unknown, and at least once means to send it again.
 */
async function readSome(answer: Response): Promise<void> {
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += (chunk as Uint8Array).length
    if (bytes > mostAnswerBytes) break
  }
}

function unanswered(error: unknown, status: number, timedOutAfterMs: number): string {
  const what = timedOutAfterMs > 0 ? `no whole answer within ${timedOutAfterMs} ms` : connectionFault(error)
  return status === 0 ? what : `answered ${status}, then ${what}`
}

/** undici hides the system's code (`ECONNREFUSED`) one level down. With a code the message may name the address, so it stays out. */
function connectionFault(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (!(cause instanceof Error)) return 'the connection failed'
  return `the connection failed (${'code' in cause ? String(cause.code) : cause.message})`
}
