/**
 * What stands in a Kafka record: as key the tenant and the trace (else the producer), so that one trace stays in order
 * in one partition; as value versioned JSON of the message.
 */
import { isUtf8 } from 'node:buffer'
import type { AuditEvent } from '../../audit-event.js'
import { stableId } from '../../audit-event.js'
import type { BusMessage, DeadLetter } from '../index.js'

const version = 1

/** Largest value we write, in bytes: with its headers below the 1 MiB that a topic accepts by default. */
export const maxValueBytes = 960 * 1024
/** How much of an unreadable value or of a too large message a dead letter keeps, in characters. */
const maxBody = 64 * 1024

/** A record ready to be sent. */
export interface Encoded {
  readonly deadLetter: boolean
  readonly key: string
  readonly value: Buffer
}

/** A record as read, with where it stood. */
export interface Received {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly key: Buffer | null
  readonly value: Buffer | null
}

/** Never fails: a message beyond {@link maxValueBytes} becomes a dead letter that says so. `now` in microseconds. */
export function encode(message: BusMessage, now: () => number): Encoded {
  const value = Buffer.from(JSON.stringify({ v: version, ...message }))
  if (value.length <= maxValueBytes)
    return message.type === 'event'
      ? { deadLetter: false, key: keyOf(message.event), value }
      : { deadLetter: true, key: JSON.stringify([message.letter.tenant, message.letter.owner]), value }
  return encode({ type: 'dead-letter', letter: tooLarge(message, value, now()) }, now)
}

const keyOf = (event: AuditEvent): string => JSON.stringify([event.tenant, event.traceId || event.producerId])

function tooLarge(message: BusMessage, value: Buffer, at: number): DeadLetter {
  const { tenant, owner, role } = message.type === 'event' ? message.event : message.letter
  return {
    id: stableId('bus', 'too_large', tenant, owner, value.toString('latin1')),
    tenant,
    owner,
    role,
    stage: 'bus',
    reason: 'too_large',
    explanation: `the message has ${value.length} bytes, the bus carries ${maxValueBytes}; the body here is its beginning`,
    at,
    body: value.toString('utf8').slice(0, maxBody),
    signal: message.type === 'event' ? 'event' : message.letter.signal,
  }
}

/** Never fails: what cannot be read becomes a dead letter, so that one bad record does not stop its partition. */
export function decode(record: Received, now: () => number): BusMessage {
  const read = parse(record.value)
  return typeof read === 'string' ? { type: 'dead-letter', letter: undecodable(record, read, now()) } : read
}

/** The message, or in our words what is wrong with the value. */
function parse(value: Buffer | null): BusMessage | string {
  if (value === null) return 'it has no value'
  let read: unknown
  try {
    read = JSON.parse(value.toString('utf8'))
  } catch {
    return 'it is not JSON'
  }
  if (!isObject(read)) return 'it is not a JSON object'
  if (read['v'] !== version) return `it is not of version ${version}: upgrade the process that reads, then replay it`
  if (read['type'] === 'event' && looksLikeEvent(read['event'])) return { type: 'event', event: read['event'] }
  if (read['type'] === 'dead-letter' && looksLikeLetter(read['letter']))
    return { type: 'dead-letter', letter: read['letter'] }
  return 'it is neither an event nor a dead letter'
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Only processes of ours write the topics, so it is enough to tell a message from something else. */
const looksLikeEvent = (value: unknown): value is AuditEvent =>
  isObject(value) &&
  ['tenant', 'owner', 'recordId', 'contentHash', 'kind', 'eventId'].every((name) => typeof value[name] === 'string') &&
  ['startedAt', 'endedAt', 'keptAt', 'receivedAt'].every((name) => Number.isFinite(value[name]))

const looksLikeLetter = (value: unknown): value is DeadLetter =>
  isObject(value) &&
  ['id', 'tenant', 'owner', 'stage', 'reason', 'body'].every((name) => typeof value[name] === 'string') &&
  Number.isFinite(value['at'])

function undecodable({ topic, partition, offset, key, value }: Received, fault: string, at: number): DeadLetter {
  const bytes = value ?? Buffer.alloc(0)
  const encoding = isUtf8(bytes) ? 'utf8' : 'base64'
  return {
    // The place is part of the identity: read again after a rebalance, it is the same letter.
    id: stableId('bus', 'undecodable', topic, String(partition), offset),
    tenant: tenantOf(key),
    owner: '',
    role: '',
    stage: 'bus',
    reason: 'undecodable',
    explanation: `record ${offset} of partition ${partition} of ${topic} cannot be read: ${fault} (body as ${encoding})`,
    at,
    body: bytes.toString(encoding).slice(0, maxBody),
    signal: 'event',
  }
}

function tenantOf(key: Buffer | null): string {
  try {
    const parts: unknown = JSON.parse(key?.toString('utf8') ?? '')
    return Array.isArray(parts) && typeof parts[0] === 'string' ? parts[0] : ''
  } catch {
    return ''
  }
}
