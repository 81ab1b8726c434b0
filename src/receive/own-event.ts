/** One of our own events: a log record whose event name begins with `watchkeeper.`. */
import { fromAttributes } from '@watchkeeper/sdk/attributes'
import { eventKinds, eventNameOf, type ProducerEvent } from '@watchkeeper/sdk/event'
import { chainState } from './chain.js'
import type { LogRecord, ValueMap } from './otlp/export.js'

export type OwnEvent =
  | { readonly event: ProducerEvent; readonly rest: ValueMap; readonly chain: 'absent' | 'sound' | 'broken' }
  | { readonly reason: 'unknown_event' | 'invalid_event'; readonly explanation: string }

const knownNames: ReadonlySet<string> = new Set(eventKinds.map(eventNameOf))

/** Fields whose form is narrower than the wire's "a string". */
const forms: readonly (readonly [keyof ProducerEvent & string, RegExp, string])[] = [
  ['eventId', /^.{1,200}$/su, 'at most 200 characters'],
  ['producerId', /^.{0,200}$/su, 'at most 200 characters'],
  ['hash', /^(?:[0-9a-f]{64})?$/, '64 hex digits'],
  ['previousHash', /^(?:[0-9a-f]{64})?$/, '64 hex digits'],
  ['parentSpanId', /^(?:[0-9a-f]{16})?$/, '16 hex digits'],
  ['keyId', /^[\w.:-]{0,64}$/, 'a key id'],
]

/** The name of a detail is the producer's word. */
const placeOf = (attribute: string): string =>
  attribute.startsWith('watchkeeper.detail.') ? 'watchkeeper.detail.*' : attribute

/** What the record's surroundings say, where the event does not say it itself. */
export interface Surroundings {
  /** Microseconds, 0 where the record gives no time. */
  readonly timeUs: number
  readonly producerId: string
  readonly source: string
  readonly sourceVersion: string
}

export function fromOwn(eventName: string, record: LogRecord, around: Surroundings): OwnEvent {
  if (!knownNames.has(eventName))
    return { reason: 'unknown_event', explanation: 'the event name begins with "watchkeeper." and is not known here' }
  const { traceId, spanId } = record
  const attributes = {
    'watchkeeper.producer.id': around.producerId,
    'watchkeeper.source.name': around.source,
    'watchkeeper.source.version': around.sourceVersion,
    ...record.attributes,
  }
  const decoded = fromAttributes(eventName, attributes, { traceId, spanId, timeUs: around.timeUs })
  if ('faults' in decoded)
    return {
      reason: 'invalid_event',
      explanation: decoded.faults.map(({ attribute, fault }) => `${placeOf(attribute)}: ${fault}`).join('; '),
    }
  const { event, rest } = decoded
  for (const [field, form, expected] of forms) {
    if (!form.test(String(event[field])))
      return { reason: 'invalid_event', explanation: `${field}: expected ${expected}` }
  }
  for (const name of Object.keys(event.detail)) {
    if (!/^[a-z0-9_.-]{1,64}$/.test(name))
      return {
        reason: 'invalid_event',
        explanation: 'watchkeeper.detail.*: expected names of at most 64 of a-z 0-9 _ . -',
      }
  }
  return {
    event,
    rest: rest as ValueMap,
    chain: chainState({ eventName, traceId, spanId }, record.attributes),
  }
}
