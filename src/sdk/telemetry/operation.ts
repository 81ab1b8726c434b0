/**
 * One MCP message as OpenTelemetry's semantic conventions for MCP have it (status: Development): a span and a duration, by the
 * host's own providers. Where the host has none, nothing is made. No content: no arguments, no results, no path of a resource.
 */
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  isSpanContextValid,
  type Link,
  metrics,
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
import { isUntraced } from '../untraced.js'

const scope = { name: '@watchkeeper/sdk', version: '0.1.0' } as const

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
}

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
export function sendOperation(facts: MessageFacts, serving: Scope): Operation {
  if (isUntraced()) return nobody
  const active = context.active()
  const outer = trace.getSpan(active)
  if (outer !== undefined && tracesTool(outer, facts.method)) return reused(outer, facts)
  const parent =
    outer === undefined && serving.spanId !== ''
      ? trace.setSpanContext(active, { traceId: serving.traceId, spanId: serving.spanId, traceFlags: 1 })
      : active
  return begun(facts, SpanKind.CLIENT, parent, [])
}

/** A message that came in. Its caller's span is the parent, and the host's own (of the HTTP request, say) a link. */
export function receiveOperation(facts: MessageFacts): Operation {
  if (isUntraced()) return nobody
  const caller = callerOf(fieldsOf(facts.params['_meta']))
  const ambient = trace.getSpanContext(context.active())
  if (caller === undefined) return begun(facts, SpanKind.SERVER, context.active(), [])
  const links: Link[] = ambient !== undefined && isSpanContextValid(ambient) ? [{ context: ambient }] : []
  return begun(facts, SpanKind.SERVER, trace.setSpanContext(context.active(), caller), links)
}

/** How long a connection was open. */
export function tellSession(
  side: 'client' | 'server',
  seconds: number,
  facts: Pick<MessageFacts, 'protocolVersion' | 'transport'>,
): void {
  histograms()[`mcp.${side}.session.duration`].record(seconds, {
    ...transportAttributes(facts.transport),
    ...(facts.protocolVersion === '' ? {} : { 'mcp.protocol.version': facts.protocolVersion }),
  })
}

function begun(
  facts: MessageFacts,
  kind: SpanKind.CLIENT | SpanKind.SERVER,
  parent: Context,
  links: Link[],
): Operation {
  const above = trace.getSpanContext(parent)
  const span = trace
    .getTracer(scope.name, scope.version)
    .startSpan(spanName(facts), { kind, links, attributes: attributesOf(facts) }, parent)
  const own = span.spanContext()
  // Without a provider the API hands out the parent's context, or none that is valid.
  const traced = isSpanContextValid(own) && own.spanId !== above?.spanId
  const inside = traced ? trace.setSpan(kind === SpanKind.SERVER ? context.active() : parent, span) : undefined
  return {
    spanContext: traced ? own : undefined,
    parentSpanId: traced && above !== undefined && isSpanContextValid(above) ? above.spanId : '',
    run: (work) => (inside === undefined ? work() : context.with(inside, work)),
    end(ending, seconds, later) {
      const failure = failureOf(ending, kind)
      if (traced) {
        span.setAttributes({ ...attributesOf(later), ...failure })
        if (failure['error.type'] !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      }
      measure(kind, seconds, later, failure)
    },
  }
}

/** The conventions want no second span where somebody traces the tool already: ours are attributes of theirs then. */
function reused(span: Span, facts: MessageFacts): Operation {
  span.setAttributes(attributesOf(facts))
  return {
    spanContext: span.spanContext(),
    parentSpanId: '',
    run: (work) => work(),
    end(ending, seconds, later) {
      const failure = failureOf(ending, SpanKind.CLIENT)
      span.setAttributes({ ...attributesOf(later), ...failure })
      measure(SpanKind.CLIENT, seconds, later, failure)
    },
  }
}

/** SDK spans can be read; the API's cannot, and are then no tool's. */
function tracesTool(span: Span, method: string): boolean {
  if (method !== 'tools/call') return false
  const { attributes } = span as Span & { readonly attributes?: Attributes }
  return attributes?.['gen_ai.operation.name'] === 'execute_tool' && attributes['mcp.method.name'] === undefined
}

const traceparentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/

function callerOf(meta: Fields): SpanContext | undefined {
  const given = textOf(meta['traceparent'])
  const [, traceId = '', spanId = '', flags = '00'] = (given.length < 256 ? traceparentForm.exec(given) : null) ?? []
  const found: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  return isSpanContextValid(found) ? found : undefined
}

const targetOf = ({ method, params }: MessageFacts): string =>
  method === 'tools/call' || method === 'prompts/get' ? textOf(params['name']).slice(0, 256) : ''

function spanName(facts: MessageFacts): string {
  const target = targetOf(facts)
  return target === '' ? facts.method : `${facts.method} ${target}`
}

function attributesOf(facts: MessageFacts): Attributes {
  const { method, requestId, params, mcpSessionId } = facts
  const uri = originOf(params['uri'])
  return {
    ...commonAttributes(facts),
    ...(requestId === '' ? {} : { 'jsonrpc.request.id': requestId }),
    ...(mcpSessionId === '' ? {} : { 'mcp.session.id': mcpSessionId }),
    // Scheme and host: the path of a resource is content.
    ...(uri !== '' && method.startsWith('resources/') ? { 'mcp.resource.uri': uri } : {}),
  }
}

/** What spans and durations have in common: few values each. */
function commonAttributes(facts: MessageFacts): Attributes {
  const { method, protocolVersion, transport } = facts
  const target = targetOf(facts)
  return {
    'mcp.method.name': method,
    ...(method === 'tools/call' ? { 'gen_ai.operation.name': 'execute_tool' } : {}),
    ...(target === '' ? {} : { [method === 'tools/call' ? 'gen_ai.tool.name' : 'gen_ai.prompt.name']: target }),
    ...(protocolVersion === '' ? {} : { 'mcp.protocol.version': protocolVersion }),
    ...transportAttributes(transport),
  }
}

function transportAttributes(transport: string): Attributes {
  if (transport === 'stdio') return { 'network.transport': 'pipe' }
  return transport === 'http' ? { 'network.transport': 'tcp', 'network.protocol.name': 'http' } : {}
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

/** As the conventions have them, seconds. */
const boundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
const names = [
  'mcp.client.operation.duration',
  'mcp.server.operation.duration',
  'mcp.client.session.duration',
  'mcp.server.session.duration',
] as const

let made:
  | { readonly provider: unknown; readonly histograms: Readonly<Record<(typeof names)[number], Histogram>> }
  | undefined

/** The API's metrics have no proxy: what was made before the host set its provider would stay mute. */
function histograms(): Readonly<Record<(typeof names)[number], Histogram>> {
  const provider = metrics.getMeterProvider()
  if (made?.provider !== provider) {
    const meter = provider.getMeter(scope.name, scope.version)
    const histogram = (name: string): Histogram =>
      meter.createHistogram(name, {
        unit: 's',
        description: name.includes('session') ? 'How long an MCP session was open' : 'How long an MCP message took',
        advice: { explicitBucketBoundaries: boundaries },
      })
    made = {
      provider,
      histograms: Object.fromEntries(names.map((name) => [name, histogram(name)])) as Record<
        (typeof names)[number],
        Histogram
      >,
    }
  }
  return made.histograms
}

function measure(kind: SpanKind, seconds: number, facts: MessageFacts, failure: Attributes): void {
  const name = kind === SpanKind.CLIENT ? 'mcp.client.operation.duration' : 'mcp.server.operation.duration'
  histograms()[name].record(seconds, { ...commonAttributes(facts), ...failure })
}
