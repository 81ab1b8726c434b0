/**
 * Trace context between `_meta` of a message (W3C names without a prefix, SEP-414) and OpenTelemetry. Read and written here and
 * not by the host's propagator, which may be set to headers of another form; baggage is the host's to pass on or not.
 */
import { type Context, context, createTraceState, propagation, type SpanContext, TraceFlags } from '@opentelemetry/api'
import { textOf } from '../messages.js'
import { conversationKey, conversationLength, type Meta, parseTraceparent } from '../trace-context.js'

/** Characters: W3C asks for 512 at least; longer ones are left behind. */
const tracestateMost = 512
/** W3C Baggage: bytes together. */
const baggageMost = 8192

/** The span of the message's sender, by its own word. */
export function senderOf(meta: Meta): SpanContext | undefined {
  const said = parseTraceparent(meta['traceparent'])
  if (said === undefined) return undefined
  const [, , , flags = '00'] = textOf(meta['traceparent']).split('-')
  const state = textOf(meta['tracestate'])
  return {
    traceId: said.traceId,
    spanId: said.spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(state !== '' && state.length <= tracestateMost ? { traceState: createTraceState(state) } : {}),
  }
}

/** With the sender's baggage, where the host's propagator takes it. */
export function withBaggageOf(meta: Meta, within: Context): Context {
  const baggage = textOf(meta['baggage'])
  if (baggage === '' || baggage.length > baggageMost) return within
  const read = propagation.getBaggage(propagation.extract(within, { baggage }))
  return read === undefined ? within : propagation.setBaggage(within, read)
}

/** The host's own baggage as it goes out, without the conversation, which has a say of its own; '' for none. */
export function ownBaggage(): string {
  const baggage = propagation.getActiveBaggage()?.removeEntry(conversationKey)
  if (baggage === undefined) return ''
  const carrier: Record<string, string> = {}
  propagation.inject(propagation.setBaggage(context.active(), baggage), carrier)
  return carrier['baggage'] ?? ''
}

/** What an agent framework put into OpenTelemetry's baggage; '' for nothing. */
export function conversationOfHost(): string {
  const said = propagation.getActiveBaggage()?.getEntry(conversationKey)?.value ?? ''
  return said.length <= conversationLength ? said : ''
}
