/**
 * What was not understood is kept, with its reason and enough to send it again, but without contents: an attribute that is
 * not on the list of clear ones keeps its place and loses its value. The body is a whole OTLP/JSON request of one record.
 */
import { canonicalJson } from '@watchkeeper/sdk/canonical'
import { stableId } from '../audit-event.js'
import type { DeadLetter } from '../bus/index.js'
import { isClear, mayBeKeyed } from './allowed.js'
import type { Sender } from './keys/ring.js'
import type { Entry, FaultReason, LogRecord, Resource, Span, Value, ValueMap } from './otlp/export.js'
import { type Seal, sealedAttribute } from './seal.js'

/** Closed list: the reasons of this stage. */
export type DeadLetterReason =
  | FaultReason
  | 'unknown_event'
  | 'invalid_event'
  | 'no_identity'
  | 'too_large'
  | 'receiver_fault'

/** Characters of a letter's attributes; further ones are counted and left out. A resource is repeated in each letter. */
const budgets = { record: 262_144, resource: 4096 } as const

export interface Misunderstood {
  readonly entry: Entry<LogRecord> | Entry<Span>
  readonly reason: DeadLetterReason
  /** In our words and without a value of the record. */
  readonly explanation: string
}

export interface LetterContext {
  readonly sender: Pick<Sender, 'tenant' | 'owner' | 'role'>
  /** The tenant's pepper, and its seal for what has none yet. */
  readonly pepper: (value: string) => string
  readonly seal: Seal
  /** Microseconds. */
  readonly receivedAt: number
}

export function deadLetterOf(
  { entry, reason, explanation }: Misunderstood,
  { sender, pepper, seal, receivedAt }: LetterContext,
): DeadLetter {
  const { tenant, owner, role } = sender
  const signal = 'kind' in entry.record ? 'traces' : 'logs'
  return {
    // Over the whole content and not over the body, where two records may look alike; keyed, so that it gives nothing away.
    id: stableId(
      'receive',
      tenant,
      owner,
      signal,
      producerOf(entry.resource),
      pepper(canonicalJson(plain(entry.record))),
    ),
    tenant,
    owner,
    role,
    stage: 'receive',
    reason,
    explanation: explanation.slice(0, 1024),
    at: receivedAt,
    body: JSON.stringify(requestOf(entry, seal)),
    signal,
  }
}

/** Which instance of a service a resource says it is; '' where it does not. */
export function producerOf(resource: Resource): string {
  const { 'service.instance.id': instance, 'service.name': service } = resource.attributes
  return typeof instance === 'string'
    ? instance.slice(0, 200)
    : typeof service === 'string'
      ? service.slice(0, 200)
      : ''
}

/** Bytes would be objects of thousands of members. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}

function requestOf({ resource, scope, record }: Entry<LogRecord> | Entry<Span>, seal: Seal): unknown {
  const ours = eventNameOf(record).startsWith('watchkeeper.')
  const attributes = clearAttributes(record.attributes, budgets.record, ours ? seal : undefined)
  const place = { traceId: record.traceId, spanId: record.spanId, ...attributes }
  const around = {
    resource: clearAttributes(resource.attributes, budgets.resource, undefined),
    scope: { name: scope.name.slice(0, 256), version: scope.version.slice(0, 256) },
  }
  if ('kind' in record) {
    const span = {
      ...place,
      parentSpanId: record.parentSpanId,
      name: nameOf(record),
      kind: record.kind,
      startTimeUnixNano: String(record.startTime),
      endTimeUnixNano: String(record.endTime),
      status: { code: record.statusCode },
    }
    return { resourceSpans: [{ resource: around.resource, scopeSpans: [{ scope: around.scope, spans: [span] }] }] }
  }
  const logRecord = {
    ...place,
    eventName: ours ? record.eventName.slice(0, 256) : '',
    timeUnixNano: String(record.time),
    observedTimeUnixNano: String(record.observedTime),
  }
  return {
    resourceLogs: [{ resource: around.resource, scopeLogs: [{ scope: around.scope, logRecords: [logRecord] }] }],
  }
}

/** The name of an event, by its field or by the attribute of older SDKs. */
export function eventNameOf(record: LogRecord | Span): string {
  const named = record.attributes['event.name']
  if ('eventName' in record && record.eventName !== '') return record.eventName
  return typeof named === 'string' ? named : ''
}

/** A span's name may hold a URI or a sentence; only `method target` of the conventions is a name. */
function nameOf(span: Span): string {
  return /^(?:MCP handle )?[a-z]+\/[a-z_/]+(?: [\w.-]{1,128})?$/.test(span.name) ? span.name : ''
}

/** `seal` is given for one of our own events, and closes what may be hashes without the pepper. */
function clearAttributes(
  attributes: ValueMap,
  budget: number,
  seal: Seal | undefined,
): { readonly attributes: readonly unknown[]; readonly droppedAttributesCount: number } {
  const kept: unknown[] = []
  const sealed: Record<string, Value> = {}
  let dropped = 0
  let left = budget
  for (const [name, value] of Object.entries(attributes)) {
    const clear = isClear(name, value, seal !== undefined)
    const item = clear ? { key: name, value: anyValueOf(value) } : undefined
    const size = item === undefined ? 0 : JSON.stringify(item).length
    if (item === undefined || size > left) {
      dropped += 1
      continue
    }
    left -= size
    if (seal !== undefined && mayBeKeyed(name)) sealed[name] = value
    else kept.push(item)
  }
  if (seal !== undefined && Object.keys(sealed).length > 0)
    kept.push({ key: sealedAttribute, value: { stringValue: seal.close(sealed) } })
  return { attributes: kept, droppedAttributesCount: dropped }
}

function anyValueOf(value: Value): unknown {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'bigint') return { intValue: String(value) }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return Array.isArray(value) ? { arrayValue: { values: value.map((item) => anyValueOf(item as Value)) } } : {}
}
