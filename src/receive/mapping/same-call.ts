/**
 * Spans of one call that tell of it together. Instrumentations are stacked (FastMCP's client around the Python SDK's), and
 * the span that knows the request id is not the one that knows the tool; a server's may know no request id at all. Within
 * one request they are told by their place: a parent of the same method in the same trace.
 */
import type { Entry, Span } from '../otlp/export.js'
import { textOf } from './foreign.js'
import { kindName, methodInName } from './traceloop.js'

export interface SameCall {
  /** CLIENT spans below a CLIENT span of the same call: it happened once. */
  readonly nested: ReadonlySet<Span>
  /** Request ids of spans that do not carry theirs. */
  readonly requestIds: ReadonlyMap<Span, string>
}

const serverKind = 2
const clientKind = 3

/** Generations that are followed, so that a request of one long chain costs what its length costs. */
const deepest = 8

const idName = 'jsonrpc.request.id'

/** Traceloop's spans, around whatever else watches the same client, say it in their names alone. */
const methodIn = ({ record, scope }: Entry<Span>): string | undefined =>
  textOf(record.attributes['mcp.method.name']) ??
  methodInName(record.name, scope.name, textOf(record.attributes[kindName]))

export function sameCall(entries: readonly Entry<Span>[]): SameCall {
  const byPlace = new Map<string, Span>()
  const methods = new Map<Span, string>()
  for (const entry of entries) {
    const { record } = entry
    byPlace.set(`${record.traceId}/${record.spanId}`, record)
    const method = methodIn(entry)
    if (method !== undefined) methods.set(record, method)
  }
  const methodOf = (span: Span): string | undefined => methods.get(span)

  /** The span above, where it tells of the same call: a client's below a client's, a server's below a client's. */
  function above(span: Span): Span | undefined {
    const method = methodOf(span)
    if (method === undefined || (span.kind !== clientKind && span.kind !== serverKind)) return undefined
    const parent = byPlace.get(`${span.traceId}/${span.parentSpanId}`)
    return parent !== span && parent?.kind === clientKind && methodOf(parent) === method ? parent : undefined
  }

  const nested = new Set<Span>()
  const requestIds = new Map<Span, string>()
  for (const { record } of entries) {
    const chain = [record]
    for (let next = above(record); next !== undefined && chain.length < deepest; next = above(next)) chain.push(next)
    if (chain.length === 1) continue
    if (record.kind === clientKind) nested.add(record)
    const id = chain.map((span) => textOf(span.attributes[idName])).find((known) => known !== undefined)
    if (id === undefined) continue
    for (const span of chain) if (textOf(span.attributes[idName]) === undefined) requestIds.set(span, id)
  }
  return { nested, requestIds }
}

/** The entry with a request id that another span of its call carries. */
export function withRequestId<E extends Entry<Span>>(entry: E, id: string | undefined): E {
  if (id === undefined) return entry
  return { ...entry, record: { ...entry.record, attributes: { ...entry.record.attributes, [idName]: id } } }
}
