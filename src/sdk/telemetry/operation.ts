/**
 * One MCP message as OpenTelemetry's semantic conventions for MCP have it (status: Development): a span and a duration, by the
 * host's own providers. Where the host has none, nothing is made. No content: no arguments, no results, no path of a resource.
 */
import {
  type Attributes,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { originOf } from '../contents.js'
import type { Scope } from '../conversation.js'
import { type Fields, fieldsOf, textOf } from '../messages.js'
import type { Ending } from '../outcome.js'
import { safely } from '../safely.js'
import { isUntraced } from '../untraced.js'
import { senderOf, withBaggageOf } from './propagation.js'
import { durations, tracer } from './providers.js'

/** What is known of a message before its answer. */
export interface MessageFacts {
  readonly method: string
  /** '' for a notification. */
  readonly requestId: string
  readonly params: Fields
  readonly protocolVersion: string
  readonly mcpSessionId: string
  /** `stdio`, `http`, `memory`, or ''. */
  readonly transport: string
  /** Where a client's server is, if over HTTP. */
  readonly endpoint?: URL | undefined
}

/**
 * Never throws: a tracer, sampler or processor of the host's that fails must cost neither its message nor the audit record.
 */
export interface Operation {
  /** Of the span; `undefined` where nobody traces. */
  readonly spanContext: SpanContext | undefined
  /** Of the span's parent, 16 hex digits; '' for a root. */
  readonly parentSpanId: string
  /** Runs what the message is handled by inside of the span. */
  run<T>(work: () => T): T
  /** `seconds` since it began; what the connection learned of its peer by then. */
  end(ending: Pick<Ending, 'outcome' | 'errorType' | 'rpcCode'>, seconds: number, facts: MessageFacts): void
}

const nobody: Operation = { spanContext: undefined, parentSpanId: '', run: (work) => work(), end: () => undefined }

/** A message that is about to be sent. `serving`: the call on whose behalf, where the host's own context does not say. */
export const sendOperation = (facts: MessageFacts, serving: Scope): Operation =>
  isTold() ? safely(() => sends(facts, serving), nobody) : nobody

/** A message that came in. Its caller's span is the parent, and the host's own of the HTTP request a link. */
export const receiveOperation = (facts: MessageFacts): Operation =>
  isTold() ? safely(() => receives(facts), nobody) : nobody

const isTold = (): boolean => (tracer() !== undefined || durations() !== undefined) && !isUntraced()

function sends(facts: MessageFacts, serving: Scope): Operation {
  const active = context.active()
  const outer = trace.getSpan(active)
  if (outer !== undefined && tracesTool(outer, facts)) return reused(outer, facts)
  const parent =
    outer === undefined && serving.spanId !== ''
      ? trace.setSpanContext(active, { traceId: serving.traceId, spanId: serving.spanId, traceFlags: 1 })
      : active
  return begun(facts, SpanKind.CLIENT, parent, [])
}

function receives(facts: MessageFacts): Operation {
  const meta = fieldsOf(facts.params['_meta'])
  const around = withBaggageOf(meta, context.active())
  const caller = senderOf(meta)
  if (caller === undefined) return begun(facts, SpanKind.SERVER, around, [])
  // Elsewhere what is active is the caller's own context, or where the transport was opened.
  const ambient = facts.transport === 'http' ? trace.getSpanContext(around) : undefined
  const links: Link[] = ambient !== undefined && isSpanContextValid(ambient) ? [{ context: ambient }] : []
  return begun(facts, SpanKind.SERVER, trace.setSpanContext(around, caller), links)
}

/** How long a connection was open. */
export function tellSession(
  side: 'client' | 'server',
  seconds: number,
  facts: Pick<MessageFacts, 'protocolVersion' | 'transport' | 'endpoint'>,
): void {
  const { protocolVersion } = facts
  const attributes = {
    ...networkAttributes(facts, side === 'client' ? SpanKind.CLIENT : SpanKind.SERVER),
    ...(protocolVersion === '' ? {} : { 'mcp.protocol.version': protocolVersion }),
  }
  safely(() => durations()?.session(side, seconds, attributes), undefined)
}

function begun(
  facts: MessageFacts,
  kind: SpanKind.CLIENT | SpanKind.SERVER,
  parent: Context,
  links: Link[],
): Operation {
  const above = trace.getSpanContext(parent)
  const span = tracer()?.startSpan(spanName(facts), { kind, links, attributes: attributesOf(facts, kind) }, parent)
  const own = span?.spanContext() ?? INVALID_SPAN_CONTEXT
  // A provider that does not trace hands out the parent's context, or none that is valid.
  const traced = span !== undefined && isSpanContextValid(own) && own.spanId !== above?.spanId
  const inside = traced ? trace.setSpan(parent, span) : undefined
  return {
    spanContext: traced ? own : undefined,
    parentSpanId: traced && above !== undefined && isSpanContextValid(above) ? above.spanId : '',
    run: (work) => (inside === undefined ? work() : context.with(inside, work)),
    end(ending, seconds, later) {
      const failure = failureOf(ending, kind)
      if (traced)
        safely(() => {
          span.setAttributes({ ...attributesOf(later, kind), ...failure })
          if (failure['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
          span.end()
        }, undefined)
      measure(kind, seconds, later, failure)
    },
  }
}

/** The conventions want no second span where somebody traces the tool already: ours are attributes of theirs then. */
function reused(span: Span, facts: MessageFacts): Operation {
  span.setAttributes(attributesOf(facts, SpanKind.CLIENT))
  return {
    spanContext: span.spanContext(),
    parentSpanId: '',
    run: (work) => work(),
    end(ending, seconds, later) {
      const failure = failureOf(ending, SpanKind.CLIENT)
      safely(() => span.setAttributes({ ...attributesOf(later, SpanKind.CLIENT), ...failure }), undefined)
      measure(SpanKind.CLIENT, seconds, later, failure)
    },
  }
}

/** SDK spans can be read; the API's cannot, and are then no tool's. One that has a method stands for another call already. */
function tracesTool(span: Span, facts: MessageFacts): boolean {
  if (facts.method !== 'tools/call' || !span.isRecording()) return false
  const { attributes = {} } = span as Span & { readonly attributes?: Attributes }
  const isFree = attributes['gen_ai.operation.name'] === 'execute_tool' && attributes['mcp.method.name'] === undefined
  // A tool of the agent's own that calls tools of servers in turn is not those.
  const tool = targetOf(facts)
  return isFree && (attributes['gen_ai.tool.name'] ?? tool) === tool
}

/** Characters of what the other side may have chosen. */
const longest = 256
const short = (text: string): string => text.slice(0, longest)

const targetOf = ({ method, params }: MessageFacts): string =>
  method === 'tools/call' || method === 'prompts/get' ? short(textOf(params['name'])) : ''

function spanName(facts: MessageFacts): string {
  const target = targetOf(facts)
  return target === '' ? short(facts.method) : `${facts.method} ${target}`
}

function attributesOf(facts: MessageFacts, kind: SpanKind): Attributes {
  const { method, requestId, params, mcpSessionId } = facts
  const uri = originOf(params['uri'])
  return {
    ...commonAttributes(facts, kind),
    ...(requestId === '' ? {} : { 'jsonrpc.request.id': short(requestId) }),
    ...(mcpSessionId === '' ? {} : { 'mcp.session.id': mcpSessionId }),
    // Scheme and host: the path of a resource is content.
    ...(uri !== '' && method.startsWith('resources/') ? { 'mcp.resource.uri': uri } : {}),
  }
}

/** What spans and durations have in common: few values each. */
function commonAttributes(facts: MessageFacts, kind: SpanKind): Attributes {
  const { method, protocolVersion } = facts
  const target = targetOf(facts)
  return {
    'mcp.method.name': short(method),
    ...(method === 'tools/call' ? { 'gen_ai.operation.name': 'execute_tool' } : {}),
    ...(target === '' ? {} : { [method === 'tools/call' ? 'gen_ai.tool.name' : 'gen_ai.prompt.name']: target }),
    ...(protocolVersion === '' ? {} : { 'mcp.protocol.version': protocolVersion }),
    ...networkAttributes(facts, kind),
  }
}

function networkAttributes(
  { transport, endpoint }: Pick<MessageFacts, 'transport' | 'endpoint'>,
  kind: SpanKind,
): Attributes {
  if (transport === 'stdio') return { 'network.transport': 'pipe' }
  if (transport !== 'http') return {}
  const network = { 'network.transport': 'tcp', 'network.protocol.name': 'http' }
  if (endpoint === undefined || kind === SpanKind.SERVER) return network
  const { hostname, port, protocol } = endpoint
  const standard = protocol === 'https:' ? 443 : 80
  return { ...network, 'server.address': hostname, 'server.port': port === '' ? standard : Number(port) }
}

/** The caller's faults are no errors of a server. */
const callersFault: ReadonlySet<string> = new Set(['-32700', '-32600', '-32601', '-32602', '-32002'])

function failureOf(
  { outcome, errorType, rpcCode }: Pick<Ending, 'outcome' | 'errorType' | 'rpcCode'>,
  kind: SpanKind,
): Attributes {
  const code = rpcCode === '' ? {} : { 'rpc.response.status_code': rpcCode }
  if (outcome === 'ok' || outcome === 'input_required' || outcome === '') return code
  if (kind === SpanKind.SERVER && callersFault.has(rpcCode)) return code
  return { ...code, 'error.type': errorType || '_OTHER' }
}

function measure(kind: SpanKind, seconds: number, facts: MessageFacts, failure: Attributes): void {
  const side = kind === SpanKind.CLIENT ? 'client' : 'server'
  safely(() => durations()?.operation(side, seconds, { ...commonAttributes(facts, kind), ...failure }), undefined)
}
