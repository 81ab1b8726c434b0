/**
 * The server's side for Node's own requests: Express, Fastify, and anything else that has `(request, response)`. Mount it
 * before whatever decides about authorization.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fieldsOf } from '../messages.js'
import { watchBody } from './body.js'
import { tokenIn } from './credential.js'
import { requestFacts } from './request-facts.js'
import type { ServerLog } from './server.js'

/** What frameworks leave at their request objects; asked for once the request was answered. */
export interface Found {
  authInfo(): unknown
  /** What a body parser made of the body. */
  body(): unknown
}

export type ExpressMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/** For `app.use`. */
export const expressMiddleware =
  (log: ServerLog): ExpressMiddleware =>
  (request, response, next) => {
    const members = request as unknown as Readonly<Record<string, unknown>>
    watch(log, request, response, next, { authInfo: () => members['auth'], body: () => members['body'] })
  }

interface FastifyRequestLike {
  readonly raw: IncomingMessage
}
interface FastifyReplyLike {
  readonly raw: ServerResponse
}
export type FastifyHook = (request: FastifyRequestLike, reply: FastifyReplyLike, done: () => void) => void

/** For `app.addHook('onRequest', …)`. */
export const fastifyHook =
  (log: ServerLog): FastifyHook =>
  (request, { raw: response }, done) => {
    const members = request as unknown as Readonly<Record<string, unknown>>
    watch(log, request.raw, response, done, {
      authInfo: () => fieldsOf(request.raw)['auth'] ?? members['auth'],
      body: () => members['body'],
    })
  }

const watched = new WeakSet<ServerResponse>()

function watch(
  log: ServerLog,
  request: IncomingMessage,
  response: ServerResponse,
  proceed: () => void,
  found: Found,
): void {
  let started = false
  const once = (): void => {
    if (started) return
    started = true
    proceed()
  }
  try {
    if (watched.has(response)) once()
    else {
      watched.add(response)
      tellWhenAnswered(log, request, response, found, once)
    }
  } catch (error) {
    // The handler's own exception goes where it would have gone.
    if (started) throw error
    once()
  }
}

function tellWhenAnswered(
  log: ServerLog,
  request: IncomingMessage,
  response: ServerResponse,
  found: Found,
  proceed: () => void,
): void {
  const arrivedAt = log.emitter.now()
  const token = tokenIn(request.headers.authorization)
  const clientAddress = request.socket?.remoteAddress ?? ''
  const sent = sentHeader(response)
  let bodyText = (): string | undefined => undefined
  let told = false
  const tell = (): void => {
    if (told || !response.headersSent) return
    told = true
    try {
      const { statusCode: status } = response
      if (token === '' && status !== 401 && status !== 403) return
      const header = (name: string): string | undefined => asText(request.headers[name])
      log.answered({
        token,
        authInfo: found.authInfo(),
        status,
        wwwAuthenticate: sent('www-authenticate'),
        openedSession: sent('mcp-session-id'),
        request: requestFacts(header, found.body() ?? bodyText()),
        clientAddress,
        arrivedAt,
        answeredAt: log.emitter.now(),
      })
    } catch {
      // Unobserved; the host has answered.
    }
  }
  response.once('finish', tell)
  // An answer that streams may be left by its client and never finish.
  response.once('close', tell)
  ;({ text: bodyText } = watchBody(request, proceed))
}

/** A field as it goes out, also where it is given to `writeHead` alone, which `getHeader` does not show. */
function sentHeader(response: ServerResponse): (name: string) => string {
  let written: unknown
  const writeHead = response.writeHead
  response.writeHead = ((...given: Parameters<typeof writeHead>) => {
    written = given.at(-1)
    return writeHead.apply(response, given)
  }) as typeof writeHead
  return (name) => asText(response.getHeader(name)) || inHeaders(written, name)
}

/** `writeHead` takes an object, a flat array of names and values, or pairs. */
function inHeaders(headers: unknown, name: string): string {
  if (typeof headers !== 'object' || headers === null) return ''
  const flat: readonly unknown[] = Array.isArray(headers) ? headers.flat(1) : Object.entries(headers).flat(1)
  const at = flat.findIndex((item, index) => index % 2 === 0 && String(item).toLowerCase() === name)
  return at < 0 ? '' : asText(flat[at + 1])
}

const asText = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : String(value ?? ''))
