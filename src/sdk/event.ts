/**
 * What a producer (our SDK, the tap, or `receive` on behalf of someone else's telemetry) says about one thing that
 * happened. Text that is absent is '', a number that is absent is 0, a list that is absent is []: the same row shape
 * in the process, on the bus and in the store.
 *
 * Every hash in here is keyed (see `capture/`), so no member but those named "clear" in `docs` below holds content.
 */

export const eventKinds = [
  'call',
  'connection',
  'tool_definition',
  'authorization',
  'elevation',
  'consent',
  'approval',
  'oauth_fetch',
  'user_message',
  'outbound',
] as const
export type EventKind = (typeof eventKinds)[number]

/** The OTel event name of a kind: `watchkeeper.call` for a call. */
export const eventNameOf = (kind: EventKind): string => `watchkeeper.${kind}`

export const sides = ['client', 'server', 'unknown'] as const
export type Side = (typeof sides)[number]

export const outcomes = ['', 'ok', 'tool_error', 'protocol_error', 'denied', 'input_required', 'cancelled'] as const
export type Outcome = (typeof outcomes)[number]

export const toolClasses = ['unknown', 'read', 'write', 'high-impact'] as const
export type ToolClass = (typeof toolClasses)[number]

/** Kinds of value that are worth a fingerprint. `weak` ones can be enumerated by anyone who holds the keys. */
export const atomKinds = [
  'email',
  'url',
  'host',
  'id',
  'number',
  'date',
  'name',
  'phrase',
  'path',
  'text',
  'shingle',
] as const
export type AtomKind = (typeof atomKinds)[number]
export const weakAtomKinds: readonly AtomKind[] = ['number', 'date', 'name', 'phrase', 'shingle']

/** A keyed 64-bit hash of one normalised value. */
export interface Fingerprint {
  readonly kind: AtomKind
  /** 16 lower-case hex digits. */
  readonly hash: string
  /** Which leaf (argument) of the value it stood in, counted from 0 in reading order. */
  readonly leaf: number
}

/** What was kept of an argument or a result, and why not more. */
export const captureStates = ['', 'captured', 'omitted', 'redacted', 'truncated'] as const
export type CaptureState = (typeof captureStates)[number]

/**
 * One sentence of a result that asks for something, or names a strong value in prose: what it asks, never its words.
 * The reference is `../shared/reference/injection-detection.md` §7.
 */
export interface Order {
  /** Place of the sentence in the result, counted from 0. */
  readonly position: number
  /** How much it reads as a request, 0..1 in steps of 0.05. */
  readonly mood: number
  /** Small closed vocabulary: `second-person`, `task`, `assistant`, `user`, `near-task`, `near-assistant`, `parenthesis`, `conditional`, `field`, `list`, `paragraph`, … */
  readonly flags: readonly string[]
  /** Verb groups (`pay`, `message`, …) and noun groups, from a closed list. */
  readonly verbs: readonly string[]
  readonly nouns: readonly string[]
  /** Keyed hashes of the verb stems, for an exact match with a tool's verb. */
  readonly verbHashes: readonly string[]
  /** Values in the sentence. */
  readonly atoms: readonly Fingerprint[]
  /** Values in what follows it without asking anything itself: "… to this account:" and then the account. */
  readonly following: readonly Fingerprint[]
  /** Keyed hashes of 4-word shingles from each order verb on: an argument that quotes them relays the order, it does not obey it. */
  readonly shingles: readonly string[]
}

/** What capture found in the arguments of a call. */
export interface CapturedArguments {
  readonly argBytes: number
  readonly argDigest: string
  readonly argFingerprints: readonly Fingerprint[]
  readonly argCapture: CaptureState
  readonly argSignals: Readonly<Record<string, number>>
  readonly argSecretKinds: readonly string[]
  /** Hosts and address domains the arguments name, clear, at most 32. */
  readonly destinations: readonly string[]
  /** Clear text, by opt-in only and after redaction; '' otherwise. */
  readonly argText: string
  /** Verb and noun groups of the tool's and its parameters' names. */
  readonly verbs: readonly string[]
  readonly nouns: readonly string[]
  /** Keyed hashes of the tool name's verb stems. */
  readonly verbHashes: readonly string[]
}

/** What capture found in the result of a call. */
export interface CapturedResult {
  readonly resultBytes: number
  readonly resultDigest: string
  readonly resultFingerprints: readonly Fingerprint[]
  readonly resultCapture: CaptureState
  readonly resultSignals: Readonly<Record<string, number>>
  readonly resultSecretKinds: readonly string[]
  /** Clear text, by opt-in only and after redaction; '' otherwise. */
  readonly resultText: string
  readonly orders: readonly Order[]
}

/** What capture found in a person's message; its atoms stand in `argFingerprints`. */
export interface CapturedMessage {
  readonly argBytes: number
  readonly argDigest: string
  readonly argFingerprints: readonly Fingerprint[]
  readonly argCapture: CaptureState
  /** Clear text, by opt-in only and after redaction; '' otherwise. */
  readonly argText: string
  readonly verbs: readonly string[]
  readonly nouns: readonly string[]
  readonly verbHashes: readonly string[]
  /** The person hands the decision to a text: "do what the ticket says". */
  readonly delegates: boolean
}

export interface ProducerEvent extends CapturedArguments, CapturedResult {
  readonly kind: EventKind
  /** Unique for its producer; at most 200 characters. */
  readonly eventId: string
  /** Microseconds since 1970-01-01 UTC, as claimed by the producer. A call has a start and an end; other kinds have both equal. */
  readonly startedAt: number
  readonly endedAt: number

  readonly producerId: string
  /** 1, 2, 3 … per producer; 0 where the producer does not number. */
  readonly sequence: number
  /** SHA-256 hex chain over RFC 8785 canonical attributes; '' where the producer does not chain. */
  readonly previousHash: string
  readonly hash: string
  /** Instrumentation scope that made it, and its version. */
  readonly source: string
  readonly sourceVersion: string

  readonly conversationId: string
  /** Legacy protocol session (`mcp.session.id`). */
  readonly mcpSessionId: string
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly side: Side

  /** Self-reported: never identity. */
  readonly clientName: string
  readonly clientVersion: string
  readonly serverName: string
  readonly serverVersion: string
  readonly serverAddress: string
  readonly clientAddress: string
  /** `stdio`, `http`, `memory`, or ''. */
  readonly transport: string
  readonly protocolVersion: string

  /** Who the token says the caller is. */
  readonly subject: string
  readonly oauthClientId: string
  readonly delegation: readonly string[]
  readonly scopes: readonly string[]
  readonly audience: string
  readonly issuer: string
  /** Keyed hash of the token, never the token. */
  readonly tokenFingerprint: string

  /** `tools/call`, `resources/read`, … */
  readonly method: string
  readonly requestId: string
  readonly tool: string
  /** Scheme and host of a resource, clear; its path is in `argFingerprints`. */
  readonly resource: string
  readonly prompt: string
  /** The class the producer claims (annotations); the policy decides. */
  readonly claimedClass: ToolClass
  readonly outcome: Outcome
  readonly errorType: string
  readonly rpcCode: string

  readonly scopesRequested: readonly string[]
  readonly scopesChallenged: readonly string[]
  readonly scopesGranted: readonly string[]
  /** `allowed`, `denied`, `challenged`, or ''. */
  readonly decision: string
  readonly expectedAudience: string
  /** Event id that caused this one (an elevation's challenge, an outbound request's call). */
  readonly causedBy: string

  readonly delegates: boolean
  readonly captureVersion: number
  readonly capturePolicy: string
  /** Which fingerprint key was used; values made with different keys cannot be compared. */
  readonly keyId: string
  /** Kind-specific clear facts from an allow-list (posture, command line, redirect chain, description digest …). */
  readonly detail: Readonly<Record<string, string>>
}

/** Every member, also those that are always given: V8 copies an object of known members in 0.6 µs and one that grows in 22. */
const nothing: ProducerEvent = {
  kind: 'call',
  eventId: '',
  startedAt: 0,
  endedAt: 0,
  producerId: '',
  sequence: 0,
  previousHash: '',
  hash: '',
  source: '',
  sourceVersion: '',
  conversationId: '',
  mcpSessionId: '',
  traceId: '',
  spanId: '',
  parentSpanId: '',
  side: 'unknown',
  clientName: '',
  clientVersion: '',
  serverName: '',
  serverVersion: '',
  serverAddress: '',
  clientAddress: '',
  transport: '',
  protocolVersion: '',
  subject: '',
  oauthClientId: '',
  delegation: [],
  scopes: [],
  audience: '',
  issuer: '',
  tokenFingerprint: '',
  method: '',
  requestId: '',
  tool: '',
  resource: '',
  prompt: '',
  claimedClass: 'unknown',
  outcome: '',
  errorType: '',
  rpcCode: '',
  scopesRequested: [],
  scopesChallenged: [],
  scopesGranted: [],
  decision: '',
  expectedAudience: '',
  causedBy: '',
  argBytes: 0,
  argDigest: '',
  argFingerprints: [],
  argCapture: '',
  argSignals: {},
  argSecretKinds: [],
  argText: '',
  destinations: [],
  verbs: [],
  nouns: [],
  verbHashes: [],
  resultBytes: 0,
  resultDigest: '',
  resultFingerprints: [],
  resultCapture: '',
  resultSignals: {},
  resultSecretKinds: [],
  resultText: '',
  orders: [],
  delegates: false,
  captureVersion: 0,
  capturePolicy: '',
  keyId: '',
  detail: {},
}

/** An event with everything absent but what is given. */
export function producerEvent(
  given: Pick<ProducerEvent, 'kind' | 'eventId' | 'startedAt' | 'endedAt'> & Partial<ProducerEvent>,
): ProducerEvent {
  return { ...nothing, ...given }
}
