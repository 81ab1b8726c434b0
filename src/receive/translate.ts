/**
 * The records of one request become messages for the bus: audit events, and dead letters for what was not understood. All
 * contents go through capture here, all hashes get the pepper here; nothing that leaves this file is clear but by list.
 */
import { type Capturer, rehash } from '@watchkeeper/sdk/capture'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import { type AuditEvent, auditEventOf, keptTime, stableId } from '../audit-event.js'
import type { BusMessage } from '../bus/index.js'
import { weightOf } from '../bus/weight.js'
import { allowedBeside } from './allowed.js'
import { type DeadLetterReason, deadLetterOf, eventNameOf, producerOf } from './dead-letter.js'
import type { Sender } from './keys/ring.js'
import { delegated, fromForeign, sameCall, withRequestId } from './mapping/index.js'
import type { Entry, LogRecord, Span } from './otlp/export.js'
import { fromOwn } from './own-event.js'
import { type Seal, sealedAttribute } from './seal.js'
import { inSlices } from './slices.js'

/** Closed list: why a record is taken and not kept. It is not a fault of its sender, who is not told of it. */
export type DropReason = 'not_mcp' | 'delegated' | 'nested'

export interface Translation {
  readonly messages: BusMessage[]
  readonly deadLetters: Map<DeadLetterReason, number>
  readonly dropped: Map<DropReason, number>
  /** Attributes that are on no list, of records that were kept. */
  droppedAttributes: number
}

export interface TranslationContext {
  readonly sender: Sender
  readonly capturer: Capturer
  /** The tenant's pepper. */
  readonly pepper: (value: string) => string
  /** Opens what comes back out of a dead letter. */
  readonly seal: Seal
  /** Clear text of arguments and results is kept where its sender opted in. */
  readonly acceptClearText: boolean
  /** Microseconds. */
  readonly receivedAt: number
  /** Told of a fault of ours. */
  readonly onFault: (error: unknown) => void
}

/** Bytes of an event in JSON; a Kafka message has 1 MiB by default. */
const longestEvent = 786_432

/** Bytes that JSON may need for one character (`\u0000`). */
const escaped = 6

/** Most events are far from the bound, and to write them out only to see that takes as long as to hash them. */
const isTooLong = (event: AuditEvent): boolean =>
  weightOf(event) * escaped > longestEvent && Buffer.byteLength(JSON.stringify(event)) > longestEvent

/** Lets other work of the process have its turn between slices of a large request. */
export async function translate(
  entries: readonly Entry<LogRecord>[] | readonly Entry<Span>[],
  context: TranslationContext,
): Promise<Translation> {
  const translation: Translation = { messages: [], deadLetters: new Map(), dropped: new Map(), droppedAttributes: 0 }
  const spans = entries.filter(isSpan)
  const inner = delegated(spans)
  const { nested, requestIds } = sameCall(spans)
  const outcomeOf = (entry: Entry<LogRecord> | Entry<Span>, sent: LogRecord | Span): Outcome => {
    if (!isSpan(entry) || !('kind' in sent)) return guarded(entry, context)
    if (inner.has(sent)) return { dropped: 'delegated' }
    if (nested.has(sent)) return { dropped: 'nested' }
    return guarded(withRequestId(entry, requestIds.get(sent)), context)
  }
  await inSlices<Entry<LogRecord> | Entry<Span>>(entries, (sent) => {
    const entry = opened(sent, context.seal)
    const outcome = outcomeOf(entry, sent.record)
    if ('event' in outcome) {
      translation.messages.push({ type: 'event', event: outcome.event })
      translation.droppedAttributes += outcome.droppedAttributes
    } else if ('dropped' in outcome) {
      add(translation.dropped, outcome.dropped)
    } else {
      const letter = deadLetterOf({ entry, ...outcome }, context)
      translation.messages.push({ type: 'dead-letter', letter })
      add(translation.deadLetters, outcome.reason)
    }
  })
  return translation
}

const isSpan = (entry: Entry<LogRecord> | Entry<Span>): entry is Entry<Span> => 'kind' in entry.record

const add = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

/** A record out of a dead letter is as it was before; what does not open stays, and is no attribute that we know. */
function opened<E extends Entry<LogRecord> | Entry<Span>>(entry: E, seal: Seal): E {
  const { [sealedAttribute]: sealed, ...rest } = entry.record.attributes
  const attributes = typeof sealed === 'string' ? seal.open(sealed) : undefined
  return attributes === undefined
    ? entry
    : { ...entry, record: { ...entry.record, attributes: { ...rest, ...attributes } } }
}

type Outcome =
  | { readonly event: AuditEvent; readonly droppedAttributes: number }
  | { readonly dropped: DropReason }
  | { readonly reason: DeadLetterReason; readonly explanation: string }

/** One record that trips us must not keep its neighbours from being kept, nor be sent again for ever. */
function guarded(entry: Entry<LogRecord> | Entry<Span>, context: TranslationContext): Outcome {
  try {
    return recordOf(entry, context)
  } catch (error) {
    context.onFault(error)
    return { reason: 'receiver_fault', explanation: 'a fault of the receiver, see its log; replay after it is mended' }
  }
}

function recordOf(entry: Entry<LogRecord> | Entry<Span>, context: TranslationContext): Outcome {
  const { record } = entry
  if (record.fault !== undefined) return record.fault
  if (!('kind' in record)) {
    const eventName = eventNameOf(record)
    if (eventName.startsWith('watchkeeper.')) return ownRecord(entry as Entry<LogRecord>, record, eventName, context)
    return foreignRecord(entry, identityOfLog(entry as Entry<LogRecord>, context), 'event', context)
  }
  const said = foreignRecord(
    entry,
    {
      eventId: `${record.traceId}-${record.spanId}`,
      startedAt: micros(record.startTime),
      endedAt: micros(record.endTime),
    },
    'span',
    context,
  )
  if ('event' in said && (record.traceId === '' || record.spanId === ''))
    return {
      reason: 'no_identity',
      explanation: 'traceId, spanId: an MCP span without them cannot be told from others',
    }
  return said
}

function ownRecord(
  entry: Entry<LogRecord>,
  record: LogRecord,
  eventName: string,
  context: TranslationContext,
): Outcome {
  const { resource, scope } = entry
  // Without its hashes it would pass for an event in which there is nothing to see.
  if (record.attributes[sealedAttribute] !== undefined)
    return { reason: 'invalid_event', explanation: `${sealedAttribute}: expected what receivers of this tenant sealed` }
  const own = fromOwn(eventName, record, {
    timeUs: micros(record.time === 0n ? record.observedTime : record.time),
    producerId: producerOf(resource),
    source: scope.name.slice(0, 256),
    sourceVersion: scope.version.slice(0, 256),
  })
  if ('reason' in own) return own
  const { 'event.name': _, ...rest } = own.rest
  const beside = allowedBeside(resource.attributes, rest)
  const kept: Record<string, string> =
    own.chain === 'broken' ? { ...beside.kept, 'receive.chain': 'broken' } : beside.kept
  const refused = !context.acceptClearText && (own.event.argText !== '' || own.event.resultText !== '')
  const said = refused ? { ...own.event, argText: '', resultText: '' } : own.event
  return finished(said, 'event', kept, beside.dropped + (refused ? 1 : 0), context)
}

interface TimedId {
  readonly eventId: string
  readonly startedAt: number
  readonly endedAt: number
}

/** A log record has no id of its own: its content is its id, so that it is itself again when it is sent again. */
function identityOfLog({ record }: Entry<LogRecord>, { pepper }: TranslationContext): TimedId {
  const at = micros(record.time === 0n ? record.observedTime : record.time)
  const names = Object.entries(record.attributes).map(([name, value]) => `${name}=${String(value)}`)
  const eventId = stableId('log', record.traceId, record.spanId, String(record.time), pepper(names.sort().join('\n')))
  return { eventId, startedAt: at, endedAt: at }
}

function foreignRecord(
  entry: Entry<LogRecord> | Entry<Span>,
  identity: TimedId,
  form: 'event' | 'span',
  context: TranslationContext,
): Outcome {
  const { record, resource } = entry
  const said = fromForeign(entry, { ...identity, producerId: producerOf(resource) }, context.capturer)
  if (said === undefined) return { dropped: 'not_mcp' }
  const beside = allowedBeside(resource.attributes, record.attributes)
  return finished(said, form, beside.kept, beside.dropped, context)
}

function finished(
  said: ProducerEvent,
  form: 'event' | 'span',
  attributes: Readonly<Record<string, string>>,
  droppedAttributes: number,
  { sender, pepper, receivedAt }: TranslationContext,
): Outcome {
  const { tenant, owner, role } = sender
  const event = auditEventOf(rehash(said, pepper), { tenant, owner, role, form, receivedAt, attributes })
  if (isTooLong(event)) return { reason: 'too_large', explanation: `the event has more than ${longestEvent} bytes` }
  return { event: said.endedAt === 0 ? withoutTime(event) : event, droppedAttributes }
}

/** Nobody said when: the time of receipt stands in, outside the content's hash, which must be the same on a retry. */
function withoutTime(event: AuditEvent): AuditEvent {
  const at = event.receivedAt
  return { ...event, startedAt: at, endedAt: at, keptAt: keptTime(at, at) }
}

const latest = BigInt(Number.MAX_SAFE_INTEGER)

/** Microseconds of nanoseconds, up to the year 2255 where numbers end. */
function micros(nanoseconds: bigint): number {
  const value = nanoseconds / 1000n
  return Number(value < latest ? value : latest)
}
