/**
 * What is stated about one connection: that it was opened and closed, each request with its answer, and the tools that were
 * listed. Requests that wait for their answer are kept by direction and id, since ids are unique for their sender only.
 */
import { randomUUID } from 'node:crypto'
import { argumentsOf, originOf, resultOf } from './contents.js'
import { currentScope, inScope } from './conversation.js'
import type { Emitter } from './emitter.js'
import type { ProducerEvent, Side, ToolClass } from './event.js'
import { keepBeating } from './heartbeat.js'
import {
  asNotification,
  asRequest,
  asResponse,
  cancelledId,
  fieldsOf,
  type RequestMessage,
  textOf,
  withMeta,
} from './messages.js'
import { type Serving, servingEnded, servingOf } from './outbound/serving.js'
import { answeredAs, answeredByStatus, type Ending, refused, unanswered } from './outcome.js'
import { Peers } from './peers.js'
import { Roots } from './roots.js'
import { safely } from './safely.js'
import type { TapListener } from './tap.js'
import { taskDetail } from './tasks.js'
import {
  type MessageFacts,
  type Operation,
  receiveOperation,
  sendOperation,
  tellSession,
} from './telemetry/operation.js'
import { conversationOfHost, ownBaggage } from './telemetry/propagation.js'
import { type SubjectOf, type TokenFacts, tokenFacts } from './token.js'
import { capturedDefinition, definitionText, toolsIn } from './tools.js'
import {
  conversationFromBaggage,
  incomingContext,
  newSpanId,
  type OwnSpan,
  outgoingContext,
  parseTraceparent,
} from './trace-context.js'
import { weightOf } from './weight.js'

export interface ConnectionOptions {
  readonly emitter: Emitter
  /** `stdio`, `http`, `memory`, or ''. */
  readonly transport: string
  /** Where a client's server is, if over HTTP. */
  readonly endpoint?: URL | undefined
  /** Said by the host for this connection; '' where it leaves that to `inConversation`. */
  readonly conversation: () => string
  readonly subjectOf: SubjectOf
  /** Legacy `Mcp-Session-Id`; '' where there is none (yet). */
  readonly mcpSessionId: () => string
  /** What is told with each connection event beside its phase: a posture, a command line. */
  readonly detail?: () => Readonly<Record<string, string>>
  /** How the local server was started: folders on it are its roots until the client says others. */
  readonly commandLine?: readonly string[]
  /** Milliseconds between two heartbeats while it is open; 0: none, also where nothing is said. */
  readonly heartbeatMs?: number
  /** The classes that listed tools claim, where connections to one server share them. */
  readonly classes?: Map<string, ToolClass>
}

type Context = Pick<ProducerEvent, 'traceId' | 'spanId' | 'parentSpanId' | 'conversationId'>

/** A request that waits for its answer. */
interface Pending {
  readonly request: RequestMessage
  readonly side: Side
  readonly startedAt: number
  readonly context: Context
  readonly token: TokenFacts
  /** Its span and duration in the host's own telemetry. */
  readonly operation?: Operation
  /** Set where the requests that are made for it are watched. */
  readonly serving?: Serving | undefined
}

type PendingById = Map<string | number, Pending>

/** Its sender gave up: since 2026-07-28 a request over HTTP is called off by closing its stream. */
const isCalledOff = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'

/** A notification on its way out. */
interface Notifying {
  readonly operation: Operation
  readonly notification: Omit<RequestMessage, 'id'>
  readonly startedAt: number
}

const done: Pick<Ending, 'outcome' | 'errorType' | 'rpcCode'> = { outcome: 'ok', errorType: '', rpcCode: '' }

/** Progress and log messages: many for one request, which has a span. */
const streamed: ReadonlySet<string> = new Set(['notifications/progress', 'notifications/message'])

function ownSpan(operation: Operation | undefined): OwnSpan | undefined {
  const span = operation?.spanContext
  return (
    span && {
      traceId: span.traceId,
      spanId: span.spanId,
      flags: span.traceFlags,
      state: span.traceState?.serialize() ?? '',
      baggage: safely(ownBaggage, ''),
      parentSpanId: operation?.parentSpanId ?? '',
    }
  )
}

/** The record has the ids of the span, so that both are known to tell of one call. */
function withSpan(context: Context, { spanContext, parentSpanId }: Operation): Context {
  if (spanContext === undefined) return context
  return { ...context, traceId: spanContext.traceId, spanId: spanContext.spanId, parentSpanId }
}

/** Answers that never come must not fill memory: beyond this many the oldest is given up. */
const pendingMost = 10_000

export class Connection implements TapListener {
  readonly peers = new Peers()
  readonly #options: ConnectionOptions
  readonly #sent: PendingById = new Map()
  readonly #received: PendingById = new Map()
  readonly #notifying = new WeakMap<object, Notifying>()
  readonly #classes: Map<string, ToolClass>
  readonly #roots: Roots
  /** Where nobody names the conversation: that of one client on one connection. */
  readonly #ownConversation = randomUUID()
  /** What opened the connection; undefined while it is not open. */
  #opened: Pending | undefined
  #stopBeating: (() => void) | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#classes = options.classes ?? new Map()
    this.#roots = new Roots(options.commandLine)
  }

  get isOpen(): boolean {
    return this.#opened !== undefined
  }

  sending(message: unknown): unknown {
    const request = asRequest(message)
    if (request === undefined) {
      this.#settle(message, this.#received, this.#sent)
      return this.#notifies(message)
    }
    const scope = currentScope()
    const said =
      this.#options.conversation() || scope.conversationId || safely(conversationOfHost, '') || this.#ownConversation
    const given = fieldsOf(request.params['_meta'])
    // Who puts a context there already traces the call already.
    const operation = given['traceparent'] === undefined ? sendOperation(this.#messageFacts(request), scope) : undefined
    const { meta, ...context } = outgoingContext(given, scope, said, ownSpan(operation))
    this.#begin(this.#sent, request, 'client', context, {}, undefined, operation)
    return withMeta(message, meta)
  }

  /** As `sending`, for one who only looks on from between: the message passes as it is. */
  passed(message: unknown): void {
    const request = asRequest(message)
    if (request === undefined) {
      this.#settle(message, this.#received, this.#sent)
      return
    }
    const meta = fieldsOf(request.params['_meta'])
    const around = this.#surroundings()
    const conversationId = conversationFromBaggage(meta['baggage']) || around.conversationId
    const claimed = parseTraceparent(meta['traceparent'])
    const context = { ...around, ...(claimed && { ...claimed, parentSpanId: '' }), conversationId }
    this.#begin(this.#sent, request, 'client', context, {})
  }

  sent(message: unknown): void {
    this.#notified(message, done)
  }

  failed(message: unknown, error: unknown): void {
    const ending = refused(error) ?? unanswered(isCalledOff(error) ? 'cancelled' : 'transport_error')
    this.#notified(message, ending)
    const request = asRequest(message)
    if (request !== undefined) this.#end(this.#sent, request.id, ending)
  }

  /** A request that was received, and answered by an HTTP status alone. */
  answeredBy(status: number, message: unknown): void {
    const request = asRequest(message)
    if (request !== undefined) this.#end(this.#received, request.id, answeredByStatus(status))
  }

  received(message: unknown, extra: unknown): (handle: () => void) => void {
    const request = asRequest(message)
    if (request === undefined) {
      this.#settle(message, this.#sent, this.#received)
      return this.#handlesNotification(message)
    }
    const { emitter, subjectOf } = this.#options
    const said = this.#saidOrOwn()
    const operation = receiveOperation(this.#messageFacts(request))
    const context = withSpan(incomingContext(fieldsOf(request.params['_meta']), said), operation)
    const token = tokenFacts(extra, emitter.capturer, subjectOf)
    const serving = servingOf(emitter, extra, token.tokenFingerprint, () => ({
      ...this.#requestFacts(request, 'server'),
      ...context,
      ...token,
    }))
    this.#begin(this.#received, request, 'server', context, token, serving, operation)
    const { conversationId, traceId, spanId } = context
    return (handle) => inScope({ conversationId, traceId, spanId, serving }, () => operation.run(handle))
  }

  /** It is still there: told now and then, so that silence can be told from an end. */
  heartbeat(): void {
    if (this.#opened !== undefined) this.#tellConnection('heartbeat', this.#opened)
  }

  closed(): void {
    this.abandoned()
    this.#stopBeating?.()
    if (this.#opened !== undefined) {
      this.#tellConnection('closed', this.#opened)
      const { side, startedAt } = this.#opened
      const { transport, endpoint } = this.#options
      const seconds = (this.#options.emitter.now() - startedAt) / 1_000_000
      if (side !== 'unknown') tellSession(side, seconds, { ...this.peers.facts, transport, endpoint })
    }
    this.#opened = undefined
  }

  /** What waits for an answer will get none here. */
  abandoned(): void {
    for (const pending of [this.#sent, this.#received])
      for (const id of [...pending.keys()]) this.#end(pending, id, unanswered('connection_closed'))
  }

  /** A connection over HTTP may serve several clients. */
  #saidOrOwn(): string {
    return this.#options.conversation() || (this.#options.transport === 'http' ? '' : this.#ownConversation)
  }

  /** A server asks its client something because of a call; seen from outside, that is certain where only one is being served. */
  #surroundings(): Context {
    const [served, another] = this.#received.values()
    const conversationId = this.#saidOrOwn()
    if (served === undefined || another !== undefined)
      return { conversationId, traceId: '', spanId: '', parentSpanId: '' }
    const { traceId, spanId } = served.context
    return {
      conversationId: served.context.conversationId || conversationId,
      traceId,
      spanId: traceId === '' ? '' : newSpanId(),
      parentSpanId: spanId,
    }
  }

  /** A message that is no request: the answer to one, or the withdrawal of one. */
  #settle(message: unknown, answered: PendingById, withdrawn: PendingById): void {
    const response = asResponse(message)
    if (response !== undefined) this.#end(answered, response.id, answeredAs(response))
    const cancelled = cancelledId(message)
    if (cancelled !== undefined) this.#end(withdrawn, cancelled, unanswered('cancelled'))
  }

  #begin(
    pending: PendingById,
    request: RequestMessage,
    side: Side,
    context: Context,
    token: TokenFacts,
    serving?: Serving,
    operation?: Operation,
  ): void {
    this.#end(pending, request.id, unanswered('id_reused'))
    const [oldest] = pending.keys()
    if (pending.size >= pendingMost && oldest !== undefined) this.#end(pending, oldest, unanswered('given_up'))
    this.peers.request(request)
    const startedAt = this.#options.emitter.now()
    pending.set(request.id, { request, side, context, token, serving, startedAt, ...(operation && { operation }) })
  }

  #end(pending: PendingById, id: string | number, ending: Ending): void {
    const found = pending.get(id)
    if (found === undefined) return
    pending.delete(id)
    if (found.serving !== undefined) servingEnded(found.serving)
    const endedAt = this.#options.emitter.now()
    const { method } = found.request
    this.peers.result(method, ending.result)
    if (method === 'roots/list') this.#roots.learn(ending.result)
    found.operation?.end(ending, (endedAt - found.startedAt) / 1_000_000, this.#messageFacts(found.request))
    this.#open(found)
    if (method === 'tools/list') this.#tellTools(found, ending)
    this.#tellCall(found, ending, endedAt)
  }

  #messageFacts({ id, method, params }: Omit<RequestMessage, 'id'> & { readonly id?: string | number }): MessageFacts {
    const { transport, mcpSessionId, endpoint } = this.#options
    const { protocolVersion } = this.peers.facts
    return {
      endpoint,
      method,
      params,
      requestId: id === undefined ? '' : String(id),
      protocolVersion,
      transport,
      mcpSessionId: mcpSessionId(),
    }
  }

  /** What is traced of a message that wants no answer. Those that come in streams are left out. */
  #notification(message: unknown, begin: (facts: MessageFacts) => Operation): Notifying | undefined {
    const notification = asNotification(message)
    if (notification === undefined || streamed.has(notification.method)) return undefined
    const operation = begin(this.#messageFacts(notification))
    return { operation, notification, startedAt: this.#options.emitter.now() }
  }

  /** It is over when the transport has it. Its receiver's span hangs on ours. */
  #notifies(message: unknown): unknown {
    const notifying = this.#notification(message, (facts) => sendOperation(facts, currentScope()))
    if (notifying === undefined) return message
    const own = ownSpan(notifying.operation)
    const given = fieldsOf(notifying.notification.params['_meta'])
    const isMarked = own !== undefined && given['traceparent'] === undefined
    const outgoing = isMarked ? withMeta(message, outgoingContext(given, currentScope(), '', own).meta) : message
    this.#notifying.set(outgoing as object, notifying)
    return outgoing
  }

  #notified(message: unknown, ending: typeof done): void {
    const notifying = typeof message === 'object' && message !== null ? this.#notifying.get(message) : undefined
    if (notifying === undefined) return
    this.#notifying.delete(message as object)
    this.#endNotification(notifying, ending)
  }

  /** It is over when it was handed on: its handler runs later, and tells nobody how it went. */
  #handlesNotification(message: unknown): (handle: () => void) => void {
    const notifying = this.#notification(message, receiveOperation)
    if (notifying === undefined) return (handle) => handle()
    return (handle) => {
      try {
        notifying.operation.run(handle)
      } finally {
        this.#endNotification(notifying, done)
      }
    }
  }

  #endNotification({ operation, notification, startedAt }: Notifying, ending: typeof done): void {
    operation.end(ending, (this.#options.emitter.now() - startedAt) / 1_000_000, this.#messageFacts(notification))
  }

  #facts(side: Side): Partial<ProducerEvent> {
    const { transport, mcpSessionId } = this.#options
    return { ...this.peers.facts, side, transport, mcpSessionId: mcpSessionId() }
  }

  #requestFacts({ id, method, params }: RequestMessage, side: Side): Partial<ProducerEvent> {
    const tool = method === 'tools/call' ? textOf(params['name']) : ''
    return { ...this.#facts(side), method, requestId: String(id), tool }
  }

  #tellCall({ request, side, context, token, serving, startedAt }: Pending, ending: Ending, endedAt: number): void {
    const { method, params } = request
    const { emitter } = this.#options
    const around = this.#requestFacts(request, side)
    const { tool = '' } = around
    const claimedClass = this.#classes.get(tool) ?? 'unknown'
    const isLeft = method === 'tools/call' ? this.#roots.leftBy(params['arguments']) : () => false
    emitter.emit({
      kind: 'call',
      eventId: serving?.eventId,
      startedAt,
      endedAt,
      facts: {
        ...around,
        ...context,
        ...token,
        claimedClass,
        prompt: method === 'prompts/get' ? textOf(params['name']) : '',
        resource: originOf(params['uri']),
        outcome: ending.outcome,
        errorType: ending.errorType,
        rpcCode: ending.rpcCode,
        detail: taskDetail(request, ending.result, emitter.capturer),
      },
      weight: weightOf(params, ending.result, ending.errorText),
      capture: (capturer) => {
        const captured = capturer.arguments(tool, argumentsOf(request))
        return {
          ...captured,
          ...(isLeft() ? { argSignals: { ...captured.argSignals, path_outside_roots: 1 } } : {}),
          ...capturer.result(ending.errorText ?? resultOf(method, ending.result)),
        }
      },
    })
  }

  #tellTools({ side, context }: Pending, ending: Ending): void {
    const { emitter } = this.#options
    for (const described of toolsIn(ending.result)) {
      const { name: tool, claimedClass } = described
      this.#classes.set(tool, claimedClass)
      const { serverName } = this.peers.facts
      if (!emitter.once(`tool ${side} ${serverName} ${emitter.capturer.secret(definitionText(described))}`)) continue
      emitter.emit({
        kind: 'tool_definition',
        facts: { ...this.#facts(side), ...context, tool, claimedClass },
        capture: (capturer) => capturedDefinition(described, capturer),
      })
    }
  }

  /** The first answer opens a connection, since by then both sides have named themselves. */
  #open(by: Pending): void {
    // A server on HTTP may get a transport for each request: only a handshake is a meeting there.
    const handshake = by.request.method === 'initialize' || by.request.method === 'server/discover'
    if (this.#opened || (this.#options.transport === 'http' && by.side === 'server' && !handshake)) return
    this.#opened = by
    this.#tellConnection('opened', by)
    const { heartbeatMs = 0 } = this.#options
    if (heartbeatMs > 0) this.#stopBeating = keepBeating(this, heartbeatMs)
  }

  #tellConnection(phase: 'opened' | 'heartbeat' | 'closed', { side, context, token }: Pending): void {
    const { capabilities } = this.peers
    this.#options.emitter.emit({
      kind: 'connection',
      facts: {
        ...this.#facts(side),
        ...context,
        ...token,
        detail: {
          phase,
          ...(capabilities === '' ? {} : { capabilities }),
          ...(this.#roots.known ? { roots: this.#roots.told } : {}),
          ...this.#options.detail?.(),
        },
      },
    })
  }
}
