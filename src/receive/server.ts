/**
 * OTLP over HTTP: paths, methods and headers, and the answers of the OTLP specification. Every 4xx and 5xx has a `Status`
 * body in the request's encoding. A fault of ours is 503 and never 500, which an exporter must not send again.
 */

import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { namesLoopback } from '../loopback.js'
import { Intake, type IntakeOptions } from './intake.js'
import { type Encoding, encodingOf, mediaTypes, type Signal, statusBody, successBody } from './otlp/answer.js'
import { Refusal, type RefusalReason } from './refusal.js'
import { Seldom } from './seldom.js'

const paths: Readonly<Record<string, Signal>> = { '/v1/logs': 'logs', '/v1/traces': 'traces' }

/** Milliseconds for a whole request to arrive. */
const arriveWithin = 30_000

export interface Receiver {
  readonly app: FastifyInstance
  /**
   * From here on everything new is refused with 503. Resolves once what was in hand is answered, or cut off where its sender
   * is still not done after so many milliseconds: nothing of it was acknowledged, so it comes again.
   */
  drain(withinMs: number): Promise<void>
}

export function createReceiver(options: IntakeOptions): Receiver {
  const { ring, telemetry, log } = options
  const seldom = new Seldom(options.now)
  const intake = new Intake(options)
  const inHand = new Set<Promise<unknown>>()
  let stopping = false

  const app = fastify({
    logger: false,
    requestTimeout: arriveWithin,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    // fastify's own answers (a URL that cannot be decoded) would be JSON of its own form.
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: answerBrokenConnection,
  })
  // The body is read by us, bounded, after we know who sends it.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  const count = (reason: RefusalReason, records = 1): void => {
    telemetry.count('receive', 'received', records)
    telemetry.count('receive', 'failed', records, reason)
  }

  function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const refusal = refusalOf(error)
    // What the bus refused is counted by its records where it is published.
    if (!refusal.reason.startsWith('bus_') && refusal.reason !== 'fault') count(refusal.reason)
    if (refusal.reason === 'fault' || refusal.reason.startsWith('bus_'))
      // A store that is away for an hour would else fill the disk with the same line.
      seldom.line(refusal.reason, (heldBack) =>
        log.error({ err: refusal.cause ?? error, reason: refusal.reason, heldBack }, 'a request was answered with 503'),
      )
    else log.debug({ reason: refusal.reason }, 'a request was refused')
    const encoding = encodingOf(request.headers['content-type']) ?? 'json'
    if (refusal.retryAfter !== undefined) reply.header('retry-after', String(refusal.retryAfter))
    if (refusal.reason === 'no_key') reply.header('www-authenticate', 'Bearer')
    if (refusal.reason === 'stopping') reply.header('connection', 'close')
    return send(reply, encoding, refusal.status, statusBody(encoding, refusal.status, refusal.message))
  }

  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request) => {
    const metrics = request.url.startsWith('/v1/metrics')
    throw new Refusal(
      'unknown_path',
      metrics
        ? 'Watchkeeper takes logs and traces, no metrics; set OTEL_METRICS_EXPORTER=none'
        : 'there is nothing here; OTLP goes to /v1/logs and /v1/traces',
    )
  })
  app.addHook('onRequest', async (request) => {
    if (stopping) throw new Refusal('stopping', 'the service is stopping; try again')
    if (!ring.hasKeys && !namesLoopback(request.headers.host))
      throw new Refusal('bad_host', 'without ingest keys only requests to localhost are served')
  })

  for (const [url, signal] of Object.entries(paths)) {
    app.post(url, async (request, reply) => {
      const encoding = encodingOf(request.headers['content-type'])
      if (encoding === undefined)
        throw new Refusal('wrong_type', `the Content-Type is neither ${mediaTypes.protobuf} nor ${mediaTypes.json}`)
      const work = intake.take({
        signal,
        encoding,
        key: keyOf(request),
        contentEncoding: request.headers['content-encoding'],
        contentLength: lengthOf(request.headers['content-length']),
        // fastify hands no stream on where no body was announced.
        stream: (request.body as Readable | null | undefined) ?? request.raw,
      })
      inHand.add(work)
      try {
        return send(reply, encoding, 200, successBody(signal, encoding, await work))
      } finally {
        inHand.delete(work)
      }
    })
    app.route({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url,
      handler: async (_request, reply) => {
        reply.header('allow', 'POST')
        throw new Refusal('wrong_method', 'OTLP is sent with POST')
      },
    })
  }

  return {
    app,
    async drain(withinMs) {
      stopping = true
      const cut = setTimeout(() => app.server.closeAllConnections(), withinMs)
      while (inHand.size > 0) await Promise.allSettled([...inHand])
      clearTimeout(cut)
    },
  }
}

function send(reply: FastifyReply, encoding: Encoding, status: number, body: Buffer): FastifyReply {
  return reply.code(status).header('content-type', mediaTypes[encoding]).send(body)
}

/** `Authorization: Bearer KEY`, or `x-watchkeeper-key` for settings where a space is hard to write. */
function keyOf(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const key = request.headers['x-watchkeeper-key']
  return bearer ?? (typeof key === 'string' ? key : undefined)
}

const lengthOf = (header: string | undefined): number | undefined =>
  header !== undefined && /^\d+$/.test(header) ? Number(header) : undefined

/** What fastify refuses by itself keeps its kind; everything unexpected is a fault of ours. */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const status = (error as { readonly statusCode?: unknown } | null)?.statusCode
  if (status === 415) return new Refusal('wrong_type', 'the Content-Type cannot be read')
  if (status === 413) return new Refusal('too_large', 'the body is too large')
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new Refusal('unreadable', 'the request cannot be read')
  return Object.assign(new Refusal('fault', 'the service has a fault; try again', 5), { cause: error })
}

/** Below HTTP there is no request whose encoding could be matched: JSON. */
function answerBrokenConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const slow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const [status, phrase] = slow ? [408, 'Request Timeout'] : [400, 'Bad Request']
  const body = statusBody('json', status, slow ? 'the request took too long to arrive' : 'this is not an HTTP request')
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: ${mediaTypes.json}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}
