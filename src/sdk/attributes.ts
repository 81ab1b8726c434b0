/**
 * The wire: how a {@link ProducerEvent} becomes the attributes of an OTLP log record, and back. One table holds every
 * field once, so the two directions cannot drift apart. OpenTelemetry's own names are used where it has one
 * (semantic-conventions-genai, status Development, copied 2026-08); `watchkeeper.*` for the rest.
 *
 * `kind`, `traceId`, `spanId`, `startedAt` and `endedAt` are not attributes alone: the log record's event name, trace
 * and span id and time carry them (`watchkeeper.start_time_us` and `watchkeeper.end_time_us` keep both ends of a call).
 */
import type { AtomKind, Fingerprint, Order, ProducerEvent } from './event.js'
import {
  atomKinds,
  captureStates,
  eventKinds,
  eventNameOf,
  outcomes,
  producerEvent,
  sides,
  toolClasses,
} from './event.js'

export type AttributeValue = string | number | boolean | readonly string[]
export type Attributes = Record<string, AttributeValue>

/** Bounds of the wire. What is longer is cut when it is sent and refused when it is received. */
export const wireLimits = {
  /** Characters of a text attribute. */
  text: 4096,
  /** Items of a list of names (scopes, destinations, flags). */
  names: 128,
  /** Fingerprints of one side of a call. */
  fingerprints: 512,
  orders: 32,
  /** Characters of one order's JSON. */
  order: 16_384,
  details: 64,
  /** Characters of clear text, where somebody opted in. */
  clearText: 65_536,
} as const

interface Codec<T> {
  encode(value: T): AttributeValue | undefined
  /** Throws a `TypeError` that says what it expected. */
  decode(value: unknown): T
}

const expected = (what: string, value: unknown): never => {
  throw new TypeError(`expected ${what}, got ${Array.isArray(value) ? 'an array' : typeof value}`)
}

const text: Codec<string> = {
  encode: (value) => (value === '' ? undefined : value.slice(0, wireLimits.text)),
  decode(value) {
    // Several SDKs emit ids and codes as numbers where the convention says string.
    if (typeof value === 'number' || typeof value === 'bigint') return String(value)
    if (typeof value !== 'string') return expected('a string', value)
    if (value.length > wireLimits.text)
      throw new TypeError(`expected at most ${wireLimits.text} characters, got ${value.length}`)
    return value
  },
}

const longText: Codec<string> = {
  encode: (value) => (value === '' ? undefined : value.slice(0, wireLimits.clearText)),
  decode(value) {
    if (typeof value !== 'string') return expected('a string', value)
    if (value.length > wireLimits.clearText)
      throw new TypeError(`expected at most ${wireLimits.clearText} characters, got ${value.length}`)
    return value
  },
}

const integer: Codec<number> = {
  encode: (value) => (value === 0 ? undefined : value),
  decode(value) {
    const number = typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < 0)
      return expected('a whole number from 0 to 2^53', value)
    return number
  },
}

const flag: Codec<boolean> = {
  encode: (value) => (value ? true : undefined),
  decode: (value) => (typeof value === 'boolean' ? value : expected('true or false', value)),
}

const names: Codec<readonly string[]> = {
  encode: (value) =>
    value.length === 0 ? undefined : value.slice(0, wireLimits.names).map((item) => item.slice(0, wireLimits.text)),
  decode(value) {
    if (!Array.isArray(value)) return expected('an array of strings', value)
    if (value.length > wireLimits.names)
      throw new TypeError(`expected at most ${wireLimits.names} items, got ${value.length}`)
    return value.map((item) => text.decode(item))
  },
}

function oneOf<const T extends string>(allowed: readonly T[], absent: NoInfer<T>): Codec<T> {
  return {
    encode: (value) => (value === absent ? undefined : value),
    decode: (value) => allowed.find((item) => item === value) ?? expected(`one of ${allowed.join(', ')}`, value),
  }
}

const encodeFingerprint = ({ kind, hash, leaf }: Fingerprint): string => `${kind}:${hash}:${leaf}`
const fingerprintForm = /^([a-z]+):([0-9a-f]{16}):(\d{1,5})$/
function decodeFingerprint(value: unknown): Fingerprint {
  const match = typeof value === 'string' ? fingerprintForm.exec(value) : null
  const kind = atomKinds.find((item) => item === match?.[1]) as AtomKind | undefined
  if (!match || kind === undefined) return expected('a fingerprint kind:hash:leaf', value)
  return { kind, hash: match[2] as string, leaf: Number(match[3]) }
}

const fingerprints: Codec<readonly Fingerprint[]> = {
  encode: (value) => (value.length === 0 ? undefined : value.slice(0, wireLimits.fingerprints).map(encodeFingerprint)),
  decode(value) {
    if (!Array.isArray(value)) return expected('an array of fingerprints', value)
    if (value.length > wireLimits.fingerprints)
      throw new TypeError(`expected at most ${wireLimits.fingerprints} fingerprints, got ${value.length}`)
    return value.map(decodeFingerprint)
  },
}

/** `name=score`, score 0..1. */
const scores: Codec<Readonly<Record<string, number>>> = {
  encode(value) {
    const entries = Object.entries(value)
    return entries.length === 0
      ? undefined
      : entries.slice(0, wireLimits.names).map(([name, score]) => `${name}=${score}`)
  },
  decode(value) {
    return Object.fromEntries(
      names.decode(value).map((item) => {
        const match = /^([a-z][a-z0-9_.-]{0,63})=(\d(?:\.\d{1,17})?(?:e-\d{1,3})?)$/.exec(item)
        return match ? [match[1] as string, Number(match[2])] : expected('name=score', item)
      }),
    )
  },
}

const hexHash = /^[0-9a-f]{16}$/
const orders: Codec<readonly Order[]> = {
  encode: (value) => (value.length === 0 ? undefined : value.slice(0, wireLimits.orders).map(encodeOrder)),
  decode(value) {
    if (!Array.isArray(value)) return expected('an array of orders', value)
    if (value.length > wireLimits.orders)
      throw new TypeError(`expected at most ${wireLimits.orders} orders, got ${value.length}`)
    return value.map(decodeOrder)
  },
}

function encodeOrder(order: Order): string {
  return JSON.stringify({
    ...order,
    atoms: order.atoms.map(encodeFingerprint),
    following: order.following.map(encodeFingerprint),
  })
}

function decodeOrder(value: unknown): Order {
  if (typeof value !== 'string' || value.length > wireLimits.order)
    return expected(`an order of at most ${wireLimits.order} characters`, value)
  let raw: Record<string, unknown>
  try {
    raw = JSON.parse(value) as Record<string, unknown>
  } catch {
    return expected('an order in JSON', value)
  }
  if (raw === null || typeof raw !== 'object') return expected('an order in JSON', value)
  const hashes = (list: unknown): readonly string[] => {
    const items = names.decode(list)
    return items.every((item) => hexHash.test(item)) ? items : expected('an array of 16-digit hashes', list)
  }
  const mood = raw['mood']
  return {
    position: integer.decode(raw['position']),
    mood: typeof mood === 'number' && mood >= 0 && mood <= 1 ? mood : expected('a mood from 0 to 1', mood),
    flags: names.decode(raw['flags']),
    verbs: names.decode(raw['verbs']),
    nouns: names.decode(raw['nouns']),
    verbHashes: hashes(raw['verbHashes']),
    atoms: fingerprints.decode(raw['atoms']),
    following: fingerprints.decode(raw['following'] ?? []),
    shingles: hashes(raw['shingles']),
  }
}

type Field = Exclude<keyof ProducerEvent, 'kind' | 'traceId' | 'spanId' | 'detail'>

const fields: { readonly [F in Field]: readonly [attribute: string, codec: Codec<ProducerEvent[F]>] } = {
  eventId: ['watchkeeper.event.id', text],
  startedAt: ['watchkeeper.start_time_us', integer],
  endedAt: ['watchkeeper.end_time_us', integer],
  producerId: ['watchkeeper.producer.id', text],
  sequence: ['watchkeeper.producer.sequence', integer],
  previousHash: ['watchkeeper.producer.previous_hash', text],
  hash: ['watchkeeper.producer.hash', text],
  source: ['watchkeeper.source.name', text],
  sourceVersion: ['watchkeeper.source.version', text],
  conversationId: ['gen_ai.conversation.id', text],
  mcpSessionId: ['mcp.session.id', text],
  parentSpanId: ['watchkeeper.parent_span_id', text],
  side: ['watchkeeper.side', oneOf(sides, 'unknown')],
  clientName: ['mcp.client.name', text],
  clientVersion: ['mcp.client.version', text],
  serverName: ['mcp.server.name', text],
  serverVersion: ['mcp.server.version', text],
  serverAddress: ['server.address', text],
  clientAddress: ['client.address', text],
  transport: ['watchkeeper.transport', text],
  protocolVersion: ['mcp.protocol.version', text],
  subject: ['watchkeeper.subject', text],
  oauthClientId: ['watchkeeper.oauth.client_id', text],
  delegation: ['watchkeeper.delegation', names],
  scopes: ['watchkeeper.scopes.held', names],
  audience: ['watchkeeper.token.audience', text],
  issuer: ['watchkeeper.token.issuer', text],
  tokenFingerprint: ['watchkeeper.token.fingerprint', text],
  method: ['mcp.method.name', text],
  requestId: ['jsonrpc.request.id', text],
  tool: ['gen_ai.tool.name', text],
  resource: ['watchkeeper.resource.origin', text],
  prompt: ['gen_ai.prompt.name', text],
  claimedClass: ['watchkeeper.tool.claimed_class', oneOf(toolClasses, 'unknown')],
  outcome: ['watchkeeper.outcome', oneOf(outcomes, '')],
  errorType: ['error.type', text],
  rpcCode: ['rpc.response.status_code', text],
  scopesRequested: ['watchkeeper.scopes.requested', names],
  scopesChallenged: ['watchkeeper.scopes.challenged', names],
  scopesGranted: ['watchkeeper.scopes.granted', names],
  decision: ['watchkeeper.decision', text],
  expectedAudience: ['watchkeeper.token.expected_audience', text],
  causedBy: ['watchkeeper.caused_by', text],
  argBytes: ['watchkeeper.arguments.bytes', integer],
  argDigest: ['watchkeeper.arguments.digest', text],
  argFingerprints: ['watchkeeper.arguments.fingerprints', fingerprints],
  argCapture: ['watchkeeper.arguments.capture', oneOf(captureStates, '')],
  argSignals: ['watchkeeper.arguments.signals', scores],
  argSecretKinds: ['watchkeeper.arguments.secret_kinds', names],
  argText: ['watchkeeper.arguments.text', longText],
  destinations: ['watchkeeper.destinations', names],
  verbs: ['watchkeeper.verbs', names],
  nouns: ['watchkeeper.nouns', names],
  verbHashes: ['watchkeeper.verb_hashes', names],
  resultBytes: ['watchkeeper.result.bytes', integer],
  resultDigest: ['watchkeeper.result.digest', text],
  resultFingerprints: ['watchkeeper.result.fingerprints', fingerprints],
  resultCapture: ['watchkeeper.result.capture', oneOf(captureStates, '')],
  resultSignals: ['watchkeeper.result.signals', scores],
  resultSecretKinds: ['watchkeeper.result.secret_kinds', names],
  resultText: ['watchkeeper.result.text', longText],
  orders: ['watchkeeper.result.orders', orders],
  delegates: ['watchkeeper.message.delegates', flag],
  captureVersion: ['watchkeeper.capture.version', integer],
  capturePolicy: ['watchkeeper.capture.policy', text],
  keyId: ['watchkeeper.capture.key_id', text],
}

const fieldNames = Object.keys(fields) as Field[]
const detailPrefix = 'watchkeeper.detail.'

/** Every attribute name the wire uses, but for `watchkeeper.detail.*`. */
export const attributeNames: ReadonlySet<string> = new Set(fieldNames.map((field) => fields[field][0]))

/** Those that hold contents: by opt-in only. */
export const clearTextAttributes: ReadonlySet<string> = new Set([fields.argText[0], fields.resultText[0]])

/** The attributes of the event's log record. Absent members are left out. */
export function toAttributes(event: ProducerEvent): Attributes {
  const attributes: Attributes = {}
  for (const field of fieldNames) {
    const [name, codec] = fields[field] as [string, Codec<unknown>]
    const value = codec.encode(event[field])
    if (value !== undefined) attributes[name] = value
  }
  for (const [key, value] of Object.entries(event.detail).slice(0, wireLimits.details)) {
    attributes[detailPrefix + key] = value.slice(0, wireLimits.text)
  }
  return attributes
}

/** A member that could not be read: the attribute's name and what was expected. Never the value. */
export interface AttributeFault {
  readonly attribute: string
  readonly fault: string
}

export type Decoded =
  | { readonly event: ProducerEvent; readonly rest: Readonly<Record<string, unknown>> }
  | { readonly faults: readonly AttributeFault[] }

/**
 * The event that a log record states. `attributes` are plain values (an OTLP array becomes a JS array, an int64 a number
 * or bigint). `rest` holds the attributes that the wire does not know. All faults are reported at once.
 */
export function fromAttributes(
  eventName: string,
  attributes: Readonly<Record<string, unknown>>,
  record: { readonly traceId: string; readonly spanId: string; readonly timeUs: number },
): Decoded {
  const faults: AttributeFault[] = []
  const kind = eventKinds.find((item) => eventNameOf(item) === eventName)
  if (kind === undefined) faults.push({ attribute: 'event.name', fault: 'not an event of Watchkeeper' })
  const given: Partial<Record<Field, unknown>> = {}
  const detail: Record<string, string> = {}
  const rest: Record<string, unknown> = {}
  const byName = fieldByAttribute
  for (const [name, value] of Object.entries(attributes)) {
    const field = byName.get(name)
    if (field === undefined && !name.startsWith(detailPrefix)) {
      rest[name] = value
      continue
    }
    try {
      if (field !== undefined) given[field] = fields[field][1].decode(value)
      else if (Object.keys(detail).length < wireLimits.details)
        detail[name.slice(detailPrefix.length)] = text.decode(value)
    } catch (error) {
      faults.push({ attribute: name, fault: (error as Error).message })
    }
  }
  if (given.eventId === undefined || given.eventId === '')
    faults.push({ attribute: 'watchkeeper.event.id', fault: 'expected a string, got nothing' })
  if (kind === undefined || faults.length > 0) return { faults }
  const endedAt = (given.endedAt as number | undefined) ?? record.timeUs
  const startedAt = (given.startedAt as number | undefined) ?? endedAt
  const event = producerEvent({
    ...(given as Partial<ProducerEvent>),
    kind,
    eventId: given.eventId as string,
    startedAt,
    endedAt,
    traceId: record.traceId,
    spanId: record.spanId,
    // Sorted, since their order is hashed and a Collector may change it.
    detail: Object.fromEntries(Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1))),
  })
  return { event, rest }
}

const fieldByAttribute: ReadonlyMap<string, Field> = new Map(fieldNames.map((field) => [fields[field][0], field]))
