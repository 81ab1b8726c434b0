/**
 * A reverse proxy on loopback for one origin, after RFC 9110 §7.6: end-to-end fields pass as they are, in their order and
 * case; bodies stream with back-pressure; what breaks on one side breaks on the other. It follows nothing, adds nothing, and
 * talks to nobody but that origin.
 */
import {
  createServer,
  Agent as HttpAgent,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { Agent as HttpsAgent, request as secureRequest } from 'node:https'

/** Who looks on. What it does must not throw. */
export interface ExchangeWatch {
  requestPiece(piece: Buffer): void
  requestEnd(): void
  response(response: IncomingMessage): void
  responsePiece(piece: Buffer): void
  /** The answer is complete, or broken off: the end in either case, told once. */
  end(): void
}

export interface ProxyOptions {
  /** Scheme, host and port; path and query come from the client. */
  readonly to: URL
  readonly watch: (request: IncomingMessage) => ExchangeWatch
}

/** Hop-by-hop, and `Expect`, which Node answers itself. */
const ofThisHop = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
/** Ours to say: whom we ask, and that we want to read the answer. */
const ownFields = new Set(['host', 'accept-encoding'])
/** Idle milliseconds after which a connection is not used again; servers close theirs after 5 s and later. */
const idleMs = 3000

/** Not listening yet. Refuses what did not come from this machine's own programs: other hosts' names, other sites' pages. */
export function createProxy({ to, watch }: ProxyOptions): Server {
  const secure = to.protocol === 'https:'
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, timeout: idleMs })
  const server = createServer((incoming, outgoing) => {
    const refusal = refusalOf(incoming)
    if (refusal !== undefined) {
      say(outgoing, refusal, 'watchkeeper tap: this is no request of a client on this machine\n')
      return
    }
    try {
      forward(incoming, outgoing)
    } catch {
      say(outgoing, 400, 'watchkeeper tap: this request cannot be passed on\n')
    }
  })
  // An event stream and a slow upload last as long as they do.
  server.requestTimeout = 0
  server.on('close', () => agent.destroy())

  function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const exchange = watch(incoming)
    const upstream = (secure ? secureRequest : request)({
      agent,
      protocol: to.protocol,
      hostname: to.hostname.replace(/^\[|\]$/g, ''),
      port: to.port,
      method: incoming.method,
      path: incoming.url,
      headers: [
        ...endToEnd(incoming, ownFields),
        ...['Host', to.host, 'Accept-Encoding', 'identity'],
        // A body of unknown length must be framed again, or its bytes would be read as the next request.
        ...(incoming.headers['transfer-encoding'] === undefined ? [] : ['Transfer-Encoding', 'chunked']),
      ],
    })
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) upstream.destroy()
      exchange.end()
    })
    incoming.pipe(upstream)
    incoming.on('data', (piece: Buffer) => exchange.requestPiece(piece))
    incoming.once('end', () => exchange.requestEnd())
    incoming.once('error', () => upstream.destroy())
    upstream.once('response', (answer) => {
      exchange.response(answer)
      outgoing.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer))
      // An event stream's head is due before its first event.
      outgoing.flushHeaders()
      answer.pipe(outgoing)
      answer.on('data', (piece: Buffer) => exchange.responsePiece(piece))
      answer.once('close', () => {
        if (!answer.complete) outgoing.destroy()
      })
    })
    upstream.on('error', () => {
      if (outgoing.headersSent) outgoing.destroy()
      else say(outgoing, 502, 'watchkeeper tap: the server cannot be reached\n')
    })
  }
  return server
}

function say(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'text/plain', connection: 'close' })
  outgoing.end(text)
}

/** Names and values one after the other, as Node takes and gives them raw. */
function endToEnd({ rawHeaders, headers }: IncomingMessage, without: ReadonlySet<string> = new Set()): string[] {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase())
  const dropped = new Set([...ofThisHop, ...without, ...named])
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (!dropped.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]'])

function isLoopback(origin: string): boolean {
  return URL.canParse(origin) && loopbackNames.has(new URL(origin).hostname)
}

/**
 * A page of another site can have its name resolve to this machine (DNS rebinding): then `Host` is its name. Or it can simply
 * post to us: then `Origin` is. The form of the target that names a host is for other proxies.
 */
function refusalOf({ headers, url = '' }: IncomingMessage): 400 | 403 | undefined {
  if (!url.startsWith('/')) return 400
  const { host, origin } = headers
  if (host === undefined || !isLoopback(`http://${host}`)) return 403
  return origin === undefined || isLoopback(origin) ? undefined : 403
}
