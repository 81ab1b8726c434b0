/**
 * A look into the body of a request that its handler will read: nothing is taken from it, and nobody waits for it longer than
 * it takes to arrive.
 */
import { AsyncResource } from 'node:async_hooks'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { bodyMost } from './request-facts.js'

/** Longest that a handler is held up by a body that does not come. */
const patienceMs = 1000

export interface WatchedBody {
  /** `undefined` where it did not come, or not all of it, or is too long. */
  text(): string | undefined
}

/**
 * Watches what Node's parser puts into the request. `proceed` is called once, when the body is there: a handler that refuses
 * at once would end the request before anything of its body was seen.
 */
export function watchBody(request: IncomingMessage, proceed: () => void): WatchedBody {
  const unseen = { text: () => undefined }
  if (!isWatchable(request)) {
    proceed()
    return unseen
  }
  const pieces: Uint8Array[] = []
  let bytes = 0
  let complete = false
  let waiting = arrives(request)
  const go = AsyncResource.bind(proceed)
  const timer = waiting ? setTimeout(() => release(), patienceMs).unref() : undefined
  const release = (): void => {
    if (!waiting) return
    waiting = false
    clearTimeout(timer)
    process.nextTick(go)
  }
  const push = request.push
  request.push = (piece: unknown, encoding?: BufferEncoding): boolean => {
    const wantsMore = push.call(request, piece, encoding)
    if (piece === null) complete = true
    if (piece instanceof Uint8Array) {
      bytes += piece.length
      if (bytes <= bodyMost) pieces.push(piece)
    }
    if (complete || bytes > bodyMost) release()
    // While its handler waits nobody reads, and a body may be longer than what Node buffers by itself.
    return wantsMore || waiting
  }
  request.once('close', release)
  if (!waiting) proceed()
  return { text: () => (complete && bytes <= bodyMost ? Buffer.concat(pieces).toString('utf8') : undefined) }
}

const isWatchable = (request: IncomingMessage): boolean =>
  request instanceof IncomingMessage && request.socket instanceof Socket && !request.complete

/** A body is on its way, and is of a size that is looked into. */
function arrives({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return length === undefined
    ? headers['transfer-encoding'] !== undefined
    : Number(length) > 0 && Number(length) <= bodyMost
}

/** The body of a web-standard request, read from a copy; `undefined` as above. */
export async function copiedBody(request: Request): Promise<string | undefined> {
  const length = Number(request.headers.get('content-length') ?? 0)
  if (request.body === null || request.bodyUsed || length > bodyMost) return undefined
  const reader = request.clone().body?.getReader()
  if (reader === undefined) return undefined
  const pieces: Uint8Array[] = []
  let bytes = 0
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    bytes += step.value.length
    if (bytes > bodyMost) {
      // Without waiting: a copy's end is the original's, too.
      void reader.cancel().catch(() => {})
      return undefined
    }
    pieces.push(step.value)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** The text, or nothing if it takes too long. */
export async function inTime(text: Promise<string | undefined>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), patienceMs)
  })
  return Promise.race([text, late]).finally(() => clearTimeout(timer))
}
