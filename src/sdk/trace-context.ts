/**
 * Trace context and conversation in `params._meta` of an MCP request: `traceparent` and `baggage` without a prefix
 * (SEP-414; W3C Trace Context and Baggage). Both are the caller's claims: they connect records and never identify anyone.
 */
import { randomFillSync } from 'node:crypto'
import { context, isSpanContextValid, trace } from '@opentelemetry/api'
import type { Scope } from './conversation.js'

export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
}

export const conversationKey = 'gen_ai.conversation.id'
/** Characters; longer ids are not read and not sent. */
export const conversationLength = 256
const traceparentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
/** W3C Baggage: at most 8192 bytes together. */
const baggageLength = 8192

/** Random bytes by the thousand: asking the system for each id costs more than all else that is done before a message is passed on. */
const pool = Buffer.alloc(4096)
let used = pool.length

function hex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}
export const newTraceId = (): string => hex(16)
export const newSpanId = (): string => hex(8)

export function parseTraceparent(value: unknown): TraceContext | undefined {
  const match = typeof value === 'string' && value.length < 256 ? traceparentForm.exec(value) : null
  const [, traceId = '', spanId = ''] = match ?? []
  return isSpanContextValid({ traceId, spanId, traceFlags: 0 }) ? { traceId, spanId } : undefined
}

/** The host's own active span, if it traces. */
export function activeSpan(): (TraceContext & { readonly flags: number }) | undefined {
  const span = trace.getSpanContext(context.active())
  return span && isSpanContextValid(span)
    ? { traceId: span.traceId, spanId: span.spanId, flags: span.traceFlags }
    : undefined
}

export function conversationFromBaggage(value: unknown): string {
  if (typeof value !== 'string' || value.length > baggageLength) return ''
  for (const member of value.split(',')) {
    const [pair = ''] = member.split(';')
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() !== conversationKey) continue
    try {
      const id = decodeURIComponent(pair.slice(at + 1).trim())
      return id.length <= conversationLength ? id : ''
    } catch {
      return ''
    }
  }
  return ''
}

export type Meta = Readonly<Record<string, unknown>>

export interface Outgoing {
  /** What to add to `_meta`; what the caller put there stays. */
  readonly meta: Readonly<Record<string, string>>
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly conversationId: string
}

/**
 * The context of a request that is about to be sent: the caller's own, else the span made for it (`own`), else the host's span, else the
 * call being served, else a new trace.
 */
export function outgoingContext(given: Meta, scope: Scope, conversation: string, own?: OwnSpan): Outgoing {
  if (own !== undefined && given['traceparent'] === undefined) return ownContext(given, conversation, own)
  const claimed = parseTraceparent(given['traceparent'])
  const active = claimed ? undefined : activeSpan()
  const traceId = claimed?.traceId ?? active?.traceId ?? (scope.traceId || newTraceId())
  const parentSpanId = active?.spanId ?? (scope.traceId === traceId ? scope.spanId : '')
  const spanId = claimed?.spanId ?? newSpanId()
  // The receiver's spans hang on the host's span where there is one: it is exported, and ours is not.
  const parent = active?.spanId ?? spanId
  // Sampled, where nobody decided: the flag 00 would switch the tracing of a server off that traces by its parent.
  const flags = (active?.flags ?? 1) & 1
  const said = conversationFromBaggage(given['baggage'])
  const conversationId = said || conversation.slice(0, conversationLength)
  return {
    traceId,
    spanId,
    parentSpanId,
    conversationId,
    meta: {
      ...(given['traceparent'] === undefined ? { traceparent: `00-${traceId}-${parent}-0${flags}` } : {}),
      ...(said === '' && conversationId !== '' ? { baggage: withConversation(given['baggage'], conversationId) } : {}),
    },
  }
}

/** The span that the host's tracer made for a request. */
export interface OwnSpan extends TraceContext {
  readonly parentSpanId: string
  readonly flags: number
  /** W3C `tracestate`; '' for none. */
  readonly state: string
  /** W3C `baggage` of the host; '' for none. */
  readonly baggage: string
}

/** The receiver's spans hang on the span of the request itself, and the record has its ids. */
function ownContext(given: Meta, conversation: string, own: OwnSpan): Outgoing {
  const { traceId, spanId, parentSpanId, flags, state } = own
  const passed = given['baggage'] ?? own.baggage
  const said = conversationFromBaggage(given['baggage'])
  const conversationId = said || conversation.slice(0, conversationLength)
  return {
    traceId,
    spanId,
    parentSpanId,
    conversationId,
    meta: {
      traceparent: `00-${traceId}-${spanId}-0${flags & 1}`,
      ...(state === '' || given['tracestate'] !== undefined ? {} : { tracestate: state }),
      ...(said === '' && conversationId !== ''
        ? { baggage: withConversation(passed, conversationId) }
        : given['baggage'] === undefined && own.baggage !== ''
          ? { baggage: own.baggage }
          : {}),
    },
  }
}

/** Of the conversation that was named last: a turn makes many calls. */
let memberOfLast = { id: '', member: '' }

function withConversation(baggage: unknown, id: string): string {
  if (memberOfLast.id !== id)
    // Through bytes, so that half a surrogate pair becomes a character that can be encoded.
    memberOfLast = { id, member: `${conversationKey}=${encodeURIComponent(Buffer.from(id).toString())}` }
  const { member } = memberOfLast
  return typeof baggage === 'string' && baggage !== '' ? `${baggage},${member}` : member
}

/** The context of a request that came in. Without trace context of its caller it belongs to the host's span, or to none. */
export function incomingContext(given: Meta, conversation: string): Omit<Outgoing, 'meta'> {
  const caller = parseTraceparent(given['traceparent']) ?? activeSpan()
  return {
    traceId: caller?.traceId ?? '',
    spanId: caller === undefined ? '' : newSpanId(),
    parentSpanId: caller?.spanId ?? '',
    conversationId: conversationFromBaggage(given['baggage']) || conversation,
  }
}
