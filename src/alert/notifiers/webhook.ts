/**
 * Posts an incident as a CloudEvent to one address, which comes from the settings and from nowhere else. One attempt has
 * ten seconds from connecting to the last byte of the answer; redirects are not followed, since the signature and the
 * incident are for this receiver alone.
 */
import { unescape as unescaped } from 'node:querystring'
import { cloudEvent, eventIdOf } from '../cloud-event.js'
import { signedHeaders } from '../signature.js'
import type { DeliveryResult, Notifier } from './contract.js'

export interface WebhookSettings {
  readonly url: string
  /** '' is unsigned. */
  readonly secret: string
  /** Microseconds. */
  readonly now: () => number
  readonly timeoutMs?: number
}

const mostAnswerBytes = 16_384
const longestRetryAfterMs = 3_600_000

export function webhook({ url, secret, now, timeoutMs = 10_000 }: WebhookSettings): Notifier {
  const address = new URL(url)
  // fetch refuses an address with a login in it, which is how a login is usually written.
  const login = [address.username, address.password].map((part) => unescaped(part)).join(':')
  address.username = ''
  address.password = ''
  const authorization = login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
  return {
    name: 'webhook',
    async deliver(incident, change, signal) {
      const body = cloudEvent(incident, change)
      const headers = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': 'watchkeeper',
        ...authorization,
        ...(secret === '' ? {} : signedHeaders(secret, eventIdOf(incident), Math.trunc(now() / 1_000_000), body)),
      }
      const limit = AbortSignal.timeout(timeoutMs)
      let status = 0
      try {
        const answer = await fetch(address, {
          method: 'POST',
          headers,
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
    },
  }
}

/** What an answer means, by its status alone. `retryAfter` is the header of that name. */
export function judge(status: number, retryAfter: string | null, now: () => number): DeliveryResult {
  if (status >= 200 && status < 300) return { type: 'delivered', status }
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
