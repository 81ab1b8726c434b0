/**
 * FastMCP (Python): the conventions, and some of its own. Its `enduser.id` is the OAuth *client*, never a person.
 *
 * A mounted server makes two SERVER spans of one call: the one that was asked, and the one that did it, with an INTERNAL
 * span `delegate …` between them in time. The one that did it is left out, or the call would count twice.
 */
import type { Entry, Span } from '../otlp/export.js'
import { type Facts, type Foreign, scopesOf, textOf } from './foreign.js'
import { uriOf } from './semconv.js'

const isFastMcp = (source: string): boolean => source === 'fastmcp' || source.startsWith('fastmcp.')

export function fastMcp({ attributes, source }: Foreign): Facts {
  if (!isFastMcp(source)) return {}
  return {
    // Before 3.2 it wrote RPC conventions.
    method: attributes['rpc.system'] === 'mcp' ? textOf(attributes['rpc.method']) : undefined,
    resourceUri: uriOf(attributes['fastmcp.delegate.original_uri']),
    oauthClientId: textOf(attributes['enduser.id']),
    scopes: scopesOf(attributes['enduser.scope']),
    // Said here so that the general reading of `enduser.id` does not take it for a person.
    subject: textOf(attributes['user.id']) ?? '',
    serverName: textOf(attributes['fastmcp.server.name']),
  }
}

const serverKind = 2

/** Spans of one trace that are compared with each other; a trace of more is taken as it is. */
const mostCompared = 1000

/** The `delegate` spans of one request, and the SERVER spans that they stand for. */
export function delegated(entries: readonly Entry<Span>[]): ReadonlySet<Span> {
  const traces = new Map<string, Span[]>()
  for (const { scope, record } of entries) {
    if (!isFastMcp(scope.name)) continue
    const trace = traces.get(record.traceId)
    if (trace === undefined) traces.set(record.traceId, [record])
    else trace.push(record)
  }
  const found = new Set<Span>()
  for (const spans of traces.values()) {
    for (const delegate of spans.filter(isDelegate)) {
      found.add(delegate)
      const asked =
        spans.length > mostCompared ? undefined : spans.find(({ spanId }) => spanId === delegate.parentSpanId)
      if (asked === undefined) continue
      for (const span of spans) if (span !== asked && isDoneBy(span, delegate, asked)) found.add(span)
    }
  }
  return found
}

const isDelegate = ({ name, kind }: Span): boolean => name.startsWith('delegate ') && kind !== serverKind

function isDoneBy(span: Span, delegate: Span, asked: Span): boolean {
  const during = span.startTime >= delegate.startTime && span.endTime <= delegate.endTime
  // Where the request carries a trace context, the inner span hangs beside the outer one and not below the delegate.
  const related = span.parentSpanId === delegate.spanId || span.parentSpanId === asked.parentSpanId
  const sameMethod = span.attributes['mcp.method.name'] === asked.attributes['mcp.method.name']
  return span.kind === serverKind && during && related && sameMethod
}
