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

/** The `delegate` spans of one request, and the SERVER spans that they stand for. */
export function delegated(entries: readonly Entry<Span>[]): ReadonlySet<Span> {
  const spans = entries.filter(({ scope }) => isFastMcp(scope.name)).map(({ record }) => record)
  const byId = new Map(spans.map((span) => [`${span.traceId}/${span.spanId}`, span]))
  const found = new Set<Span>()
  for (const delegate of spans) {
    if (!delegate.name.startsWith('delegate ') || delegate.kind === serverKind) continue
    found.add(delegate)
    const asked = byId.get(`${delegate.traceId}/${delegate.parentSpanId}`)
    for (const span of spans) {
      const within =
        span.kind === serverKind &&
        span !== asked &&
        span.traceId === delegate.traceId &&
        span.attributes['mcp.method.name'] === (asked ?? delegate).attributes['mcp.method.name'] &&
        span.startTime >= delegate.startTime &&
        span.endTime <= delegate.endTime
      // Where the request carries a trace context, the inner span hangs beside the outer one and not below the delegate.
      const related = span.parentSpanId === delegate.spanId || span.parentSpanId === asked?.parentSpanId
      if (within && related) found.add(span)
    }
  }
  return found
}
