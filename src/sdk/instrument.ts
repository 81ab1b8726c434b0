/**
 * `instrument(client)` or `instrument(server)`: one line in a program that uses the official MCP SDK, v1
 * (`@modelcontextprotocol/sdk`) or v2 (`@modelcontextprotocol/client`, `/server`). Nothing of the SDK is imported: what is
 * patched is the shape that both versions share, `connect(transport)`.
 */
import { Connection } from './connection.js'
import type { Emitter } from './emitter.js'
import { fieldsOf, textOf } from './messages.js'
import { postureOf } from './posture.js'
import { isTapped, type TappedTransport, tap } from './tap.js'
import { type SubjectOf, subjectFromExtra } from './token.js'

/** A `Client`, a `Server`, or an `McpServer` around one. */
export type Instrumentable = Connectable | { readonly server: Connectable }

interface Connectable {
  connect(transport: never, ...rest: never[]): Promise<unknown>
}

export interface InstrumentOptions {
  readonly emitter: Emitter
  /** The conversation that this connection serves, where it serves one. Otherwise say it with `inConversation`. */
  readonly conversation?: string | (() => string)
  /** Finds the caller's name in a verified token; default: `authInfo.extra.sub`. */
  readonly subject?: SubjectOf
  /** Milliseconds between two heartbeats of an open connection; default one minute, 0 for none. */
  readonly heartbeatMs?: number
}

interface Protocol extends Connectable {
  readonly transport?: TappedTransport | undefined
  getServerVersion?(): { readonly name: string; readonly version: string } | undefined
  getClientVersion?(): { readonly name: string; readonly version: string } | undefined
  /** Who they are themselves: a server without sessions serves requests on a connection that saw no handshake. */
  readonly _serverInfo?: unknown
  readonly _clientInfo?: unknown
}

const instrumented = new WeakSet<object>()

/** Reports what passes the target's connections, from now on. Returns the target. Never throws; a second time does nothing. */
export function instrument<T extends Instrumentable>(target: T, options: InstrumentOptions): T {
  try {
    const protocol = protocolOf(target)
    if (instrumented.has(protocol)) return target
    instrumented.add(protocol)
    patchConnect(protocol, options)
    if (protocol.transport) watch(protocol.transport, protocol, options, true)
  } catch {
    // A target of another shape stays as it is: the host works, unobserved.
  }
  return target
}

/** As `instrument` does at `connect`, for a class that was patched as a whole. Never throws. */
export function watchConnect(transport: unknown, target: object, options: InstrumentOptions): void {
  try {
    const protocol = protocolOf(target as Instrumentable)
    // A host that instruments one of its own keeps the options it gave.
    if (!instrumented.has(protocol)) watch(transport as TappedTransport, protocol, options, false)
  } catch {
    // An object of another shape: the host works, unobserved.
  }
}

function protocolOf(target: Instrumentable): Protocol {
  const inner = 'server' in target ? target.server : undefined
  return inner !== undefined && typeof inner.connect === 'function' ? inner : (target as Connectable)
}

function patchConnect(protocol: Protocol, options: InstrumentOptions): void {
  const connect = protocol.connect.bind(protocol)
  protocol.connect = (transport: never, ...rest: never[]) => {
    try {
      watch(transport as TappedTransport, protocol, options, false)
    } catch {
      // As above.
    }
    return connect(transport, ...rest)
  }
}

function watch(
  transport: TappedTransport,
  protocol: Protocol,
  { emitter, conversation = '', subject = subjectFromExtra, heartbeatMs = 60_000 }: InstrumentOptions,
  running: boolean,
): void {
  if (isTapped(transport)) return
  const connection = new Connection({
    emitter,
    transport: transportName(transport),
    endpoint: endpointOf(transport),
    conversation: typeof conversation === 'function' ? conversation : () => conversation,
    subjectOf: subject,
    mcpSessionId: () => transport.sessionId ?? '',
    heartbeatMs,
    detail: localPosture(transport),
    // A client's transport starts its server by another command line than ours.
    commandLine: /stdioserver/i.test(transport.constructor.name) ? process.argv : [],
  })
  const [ownServer, ownClient] = [fieldsOf(protocol._serverInfo), fieldsOf(protocol._clientInfo)]
  connection.peers.known({
    serverName: textOf(ownServer['name']),
    serverVersion: textOf(ownServer['version']),
    clientName: textOf(ownClient['name']),
    clientVersion: textOf(ownClient['version']),
  })
  if (running) {
    const server = protocol.getServerVersion?.()
    const client = protocol.getClientVersion?.()
    if (server) connection.peers.known({ serverName: server.name, serverVersion: server.version })
    if (client) connection.peers.known({ clientName: client.name, clientVersion: client.version })
  }
  tap(transport, connection, { running })
}

/** Where a client's HTTP transport sends to. No public member says it: where it is another, the address stays unknown. */
function endpointOf(transport: TappedTransport): URL | undefined {
  const { _url } = transport as { readonly _url?: unknown }
  return _url instanceof URL ? _url : undefined
}

/** How the server runs, where it is a process of this machine: ourselves, or the child that the transport started. */
function localPosture(transport: TappedTransport): () => Readonly<Record<string, string>> {
  let known: Readonly<Record<string, string>> | undefined
  return () => {
    // Once, when it was opened: at the end a child is gone.
    known ??= transportName(transport) === 'stdio' ? postureOf(transport.pid ?? process.pid) : {}
    return known
  }
}

/** By the name of the class: transports have no member that says it. */
function transportName(transport: object): string {
  const { name } = transport.constructor
  if (/stdio/i.test(name)) return 'stdio'
  if (/http|sse/i.test(name)) return 'http'
  return /memory/i.test(name) ? 'memory' : ''
}
