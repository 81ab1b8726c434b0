/** A Streamable HTTP MCP server behind a loopback proxy: what passes is paired and told as the SDK in the server would. */

import type { IncomingMessage, Server } from 'node:http'
import { Connection } from '../connection.js'
import type { Emitter } from '../emitter.js'
import type { ToolClass } from '../event.js'
import { Bounded } from '../http/bounded.js'
import { tokenIn } from '../http/credential.js'
import { requestFacts } from '../http/request-facts.js'
import { ServerLog } from '../http/server.js'
import { asRequest, textOf } from '../messages.js'
import { safely } from '../safely.js'
import { EventStreamReader } from './event-stream.js'
import { messagesIn } from './lines.js'
import { createProxy, type ExchangeWatch } from './proxy.js'

export interface TapHttpOptions {
  readonly emitter: Emitter
  /** The server; only its scheme, host and port count. */
  readonly to: URL
  /** Milliseconds; default one minute. */
  readonly heartbeatMs?: number
}

export interface TappedHttp {
  /** Not listening yet. */
  readonly server: Server
  /** Ends all sessions. Call it when the server is closed. */
  close(): void
}

const MiB = 1_048_576
/** Of one body or one server-sent event that is looked at; what is longer passes unread, and is told. */
const bodyBytes = 4 * MiB
const sessionsMost = 1000

export function tapHttp(options: TapHttpOptions): TappedHttp {
  const sessions = new Sessions(options)
  const log = new ServerLog({ emitter: options.emitter, resource: options.to })
  const watch = (request: IncomingMessage): ExchangeWatch =>
    guarded(new Exchange(request, sessions, log, options.emitter))
  return { server: createProxy({ to: options.to, watch }), close: () => sessions.close() }
}

/**
 * Connections by what names them over several requests: `Mcp-Session-Id`, or the address that the oldest HTTP transport gives
 * its clients to post to. A request with neither is a connection of its own: ids are unique for their sender only.
 */
class Sessions {
  readonly #options: TapHttpOptions
  readonly #classes = new Map<string, ToolClass>()
  readonly #byName = new Bounded<Connection>(sessionsMost, (forgotten) => forgotten.closed())
  #last: Connection | undefined

  constructor(options: TapHttpOptions) {
    this.#options = options
  }

  find(name: string): Connection | undefined {
    return this.#byName.get(name)
  }

  keep(name: string, connection: Connection): void {
    this.#byName.set(name, connection)
  }

  end(name: string): void {
    this.#byName.take(name)?.closed()
  }

  open(mcpSessionId: () => string): Connection {
    const { emitter, to, heartbeatMs = 60_000 } = this.#options
    const connection = new Connection({
      emitter,
      transport: 'http',
      conversation: () => '',
      subjectOf: () => '',
      mcpSessionId,
      detail: () => ({ server_origin: to.origin }),
      classes: this.#classes,
      heartbeatMs,
    })
    // There is one server here: who it is was said before, even where each request is a connection of its own.
    const { serverName = '', serverVersion = '' } = this.#last?.peers.facts ?? {}
    connection.peers.known({ serverName, serverVersion })
    this.#last = connection
    return connection
  }

  close(): void {
    for (const connection of this.#byName.takeAll()) connection.closed()
  }
}

class Exchange implements ExchangeWatch {
  readonly #request: IncomingMessage
  readonly #sessions: Sessions
  readonly #log: ServerLog
  readonly #emitter: Emitter
  readonly #connection: Connection
  readonly #arrivedAt: number
  readonly #asked = new Body()
  readonly #answered = new Body()
  /** Requests of this exchange. */
  #requests: readonly unknown[] = []
  #asks: string | undefined
  #session: string
  /** The connection outlasts this exchange. */
  #kept: boolean
  #status = 0
  #reader: EventStreamReader | undefined
  #isJson = false

  constructor(request: IncomingMessage, sessions: Sessions, log: ServerLog, emitter: Emitter) {
    this.#request = request
    this.#sessions = sessions
    this.#log = log
    this.#emitter = emitter
    this.#arrivedAt = emitter.now()
    this.#session = headerOf(request, 'mcp-session-id')
    const known = sessions.find(this.#name)
    this.#kept = known !== undefined
    this.#connection = known ?? sessions.open(() => this.#session)
  }

  get #name(): string {
    return this.#session === '' ? `endpoint ${this.#request.url}` : `session ${this.#session}`
  }

  requestPiece(piece: Buffer): void {
    this.#asked.add(piece)
  }

  requestEnd(): void {
    this.#asks = this.#asked.text()
    if (this.#asks === undefined) this.#tellUnread('client', 'too_long')
    const messages = messagesIn(this.#asks ?? '') ?? []
    const authInfo = { token: tokenIn(this.#request.headers.authorization) }
    this.#requests = messages.filter((message) => asRequest(message) !== undefined)
    for (const message of messages) this.#connection.received(message, { authInfo })
  }

  response(response: IncomingMessage): void {
    this.#status = response.statusCode ?? 0
    this.#session ||= headerOf(response, 'mcp-session-id')
    const succeeded = this.#status >= 200 && this.#status < 300
    if (succeeded && this.#session !== '' && !this.#kept) this.#keep(this.#name)
    const type = headerOf(response, 'content-type')
    this.#isJson = /^application\/json\b/i.test(type)
    if (/^text\/event-stream\b/i.test(type))
      this.#reader = new EventStreamReader(
        { event: (name, data) => this.#event(name, data), unread: () => this.#tellUnread('server', 'too_long') },
        bodyBytes,
      )
    this.#log.answered({
      token: tokenIn(this.#request.headers.authorization),
      authInfo: undefined,
      status: this.#status,
      wwwAuthenticate: response.headers['www-authenticate'],
      openedSession: textOf(response.headers['mcp-session-id']),
      request: requestFacts((name) => headerOf(this.#request, name), this.#asks),
      clientAddress: this.#request.socket.remoteAddress ?? '',
      arrivedAt: this.#arrivedAt,
      answeredAt: this.#emitter.now(),
    })
  }

  responsePiece(piece: Buffer): void {
    if (this.#reader !== undefined) this.#reader.take(piece)
    else if (this.#isJson) this.#answered.add(piece)
  }

  end(): void {
    if (this.#isJson) this.#passed(this.#answered.text())
    // 202: the answer comes by another way, if one is due. 0: nobody answered.
    if (this.#status >= 300) for (const request of this.#requests) this.#connection.answeredBy(this.#status, request)
    if (!this.#kept) this.#connection.closed()
    const ended = this.#request.method === 'DELETE' && this.#status < 300
    if (this.#session !== '' && this.#status !== 0 && (ended || this.#status === 404)) this.#sessions.end(this.#name)
  }

  #event(name: string, data: string): void {
    if (name === 'endpoint') this.#keep(`endpoint ${data}`)
    else this.#passed(data)
  }

  #passed(text: string | undefined): void {
    if (text === undefined) this.#tellUnread('server', 'too_long')
    for (const message of messagesIn(text ?? '') ?? []) this.#connection.passed(message)
  }

  #keep(name: string): void {
    this.#kept = true
    this.#sessions.keep(name, this.#connection)
  }

  #tellUnread(from: 'client' | 'server', why: string): void {
    this.#emitter.emit({
      kind: 'connection',
      facts: {
        ...this.#connection.peers.facts,
        side: 'server',
        transport: 'http',
        mcpSessionId: this.#session,
        detail: { phase: 'unread', [`unread_${from}_${why}`]: '1' },
      },
    })
  }
}

/** A body's text, as long as it is within the bound. */
class Body {
  readonly #pieces: Buffer[] = []
  #bytes = 0

  add(piece: Buffer): void {
    this.#bytes += piece.length
    if (this.#bytes <= bodyBytes) this.#pieces.push(piece)
    else this.#pieces.length = 0
  }

  text(): string | undefined {
    return this.#bytes > bodyBytes ? undefined : Buffer.concat(this.#pieces).toString('utf8')
  }
}

const headerOf = ({ headers }: IncomingMessage, name: string): string => {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : (value ?? '')
}

/** What fails in looking on stays there: the exchange goes on, unobserved. */
function guarded(watch: ExchangeWatch): ExchangeWatch {
  return {
    requestPiece: (piece) => safely(() => watch.requestPiece(piece)),
    requestEnd: () => safely(() => watch.requestEnd()),
    response: (response) => safely(() => watch.response(response)),
    responsePiece: (piece) => safely(() => watch.responsePiece(piece)),
    end: () => safely(() => watch.end()),
  }
}
