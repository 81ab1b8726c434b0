/**
 * The audit event: what crosses from `receive` over the bus into the store, and from the store into the detectors. A
 * producer's statement ({@link ProducerEvent}) plus what only the receiver can say of it. Columns: the design's
 * `audit-event.md`; identity and time: its `correctness.md`.
 */
import { createHash } from 'node:crypto'
import { type EventKind, type ProducerEvent, producerEvent } from '@watchkeeper/sdk/event'

/** What an ingest key may send. Only `agent` may send what lowers suspicion (`user_message`, `approval`, `consent`). */
export const roles = ['server', 'agent', 'tap'] as const
export type Role = (typeof roles)[number]

/** How a record came to us: as one of our own events, or as somebody's plain span or log record. An event beats a span. */
export type RecordForm = 'event' | 'span'

/** How the session key of a record was found, strongest first; `none` (subject and client) is cut at idle gaps by `detect`. */
export const sessionSources = ['conversation', 'mcp_session', 'handle', 'trace', 'none'] as const
export type SessionSource = (typeof sessionSources)[number]

export interface AuditEvent extends ProducerEvent {
  readonly tenant: string
  /** The ingest key's owner: part of identity, so that one key's holder cannot speak over another's records. */
  readonly owner: string
  readonly role: Role
  readonly form: RecordForm
  /** UUID over (tenant, owner, producer, event id), for a plain span over (tenant, owner, trace, span, side). */
  readonly recordId: string
  /** 16 hex digits over all that the producer said. The same `recordId` with another `contentHash` is an evidence gap. */
  readonly contentHash: string
  /**
   * UUID over (tenant, trace, request id, tool, or the method where it is no tool's): client, server, span and event records
   * of one call share it. '' where there is no request id or trace.
   */
  readonly callKey: string
  /** Best session key of this record alone (`c:…`, `m:…`, `h:…`, `t:…`, else `s:…`), and where it came from. Links join keys, see the store. */
  readonly sessionKey: string
  readonly sessionSource: SessionSource
  /** Microseconds since 1970. `keptAt` = `endedAt` clamped to receive time -7 d … +1 h: partitions and TTL follow it. */
  readonly keptAt: number
  readonly receivedAt: number
  /** Suspicion-lowering claims of a key without the role are kept and marked, and ignored by detectors. */
  readonly trusted: boolean
  /** Allow-listed attributes of third-party telemetry that have no field of their own. */
  readonly attributes: Readonly<Record<string, string>>
}

const day = 86_400_000_000

/** Microseconds a producer's clock may lag (7 days) and lead (1 hour) before its time is clamped. */
export const clockTolerance = { behind: 7 * day, ahead: 3_600_000_000 } as const

/** Event time clamped to the receive time -7 d … +1 h, so that no sender chooses partition or expiry. Microseconds. */
export function keptTime(claimed: number, receivedAt: number): number {
  return Math.min(Math.max(claimed, receivedAt - clockTolerance.behind), receivedAt + clockTolerance.ahead)
}

/**
 * A UUID (version 8, RFC 9562) from the SHA-256 of the parts, each length-prefixed: ('a','bc') and ('ab','c') differ.
 */
export function stableId(...parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`)
  const bytes = hash.digest().subarray(0, 16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x80
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** What the receiver knows of a record besides what its producer says. */
export interface Reception {
  readonly tenant: string
  readonly owner: string
  readonly role: Role
  readonly form: RecordForm
  /** Microseconds. */
  readonly receivedAt: number
  readonly attributes?: Readonly<Record<string, string>>
}

const lowersSuspicion: readonly EventKind[] = ['user_message', 'approval', 'consent']

/** Every member there is: V8 fills a copy of known members in 2 µs, and adds members to a copy in 58. */
const blank: AuditEvent = {
  ...producerEvent({ kind: 'call', eventId: '', startedAt: 0, endedAt: 0 }),
  tenant: '',
  owner: '',
  role: 'server',
  form: 'event',
  recordId: '',
  contentHash: '',
  callKey: '',
  sessionKey: '',
  sessionSource: 'none',
  keptAt: 0,
  receivedAt: 0,
  trusted: false,
  attributes: {},
}

/** A producer's statement becomes a record: its identity, its session, its time and how far it is believed. */
export function auditEventOf(said: ProducerEvent, reception: Reception): AuditEvent {
  const { tenant, owner, role, form, receivedAt, attributes = {} } = reception
  const ours = {
    tenant,
    owner,
    role,
    form,
    receivedAt,
    attributes,
    recordId:
      form === 'event'
        ? stableId(tenant, owner, said.producerId, said.eventId)
        : stableId(tenant, owner, said.traceId, said.spanId, said.side),
    contentHash: createHash('sha256').update(JSON.stringify(said)).digest('hex').slice(0, 16),
    callKey:
      said.traceId === '' || said.requestId === ''
        ? ''
        : stableId(tenant, said.traceId, said.requestId, said.tool || said.method),
    ...sessionOf(said, owner),
    keptAt: keptTime(said.endedAt, receivedAt),
    trusted: role === 'agent' || !lowersSuspicion.includes(said.kind),
  }
  return { ...blank, ...said, ...ours }
}

/**
 * The best key of one record alone. Without any, who acts through which client; and where nobody is named, which producer
 * tells of which client, so that the unnamed callers of two services are not taken for one.
 */
function sessionOf(said: ProducerEvent, owner: string): Pick<AuditEvent, 'sessionKey' | 'sessionSource'> {
  if (said.conversationId !== '') return { sessionKey: `c:${said.conversationId}`, sessionSource: 'conversation' }
  if (said.mcpSessionId !== '') return { sessionKey: `m:${said.mcpSessionId}`, sessionSource: 'mcp_session' }
  if (said.traceId !== '') return { sessionKey: `t:${said.traceId}`, sessionSource: 'trace' }
  const { subject, oauthClientId, clientName, clientAddress, producerId } = said
  const who = subject === '' ? ['producer', owner, producerId, clientAddress] : ['subject', subject]
  return { sessionKey: `s:${stableId(...who, oauthClientId, clientName)}`, sessionSource: 'none' }
}
