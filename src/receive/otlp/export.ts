/**
 * What an OTLP request holds once it is decoded: the same shape from protobuf and from JSON. A record that could not be
 * read whole is still here, with what could be read and its fault: it is judged alone, its neighbours are not touched.
 */

/** An OTLP AnyValue. Integers beyond 2^53 are bigint. Null is a value that is not set, or was not readable. */
export type Value = null | boolean | number | bigint | string | Uint8Array | readonly Value[] | ValueMap
export interface ValueMap {
  readonly [name: string]: Value
}

/** Closed list: shown in counters and kept with dead letters. */
export type FaultReason = 'malformed_record' | 'too_deep' | 'too_many_values'

export interface Fault {
  readonly reason: FaultReason
  /** Where, by the names of OTLP JSON and never by a name out of the record, and what was expected. */
  readonly explanation: string
}

/** Only the first is kept: a record may have as many as it has members. */
export class Faults {
  first: Fault | undefined

  add(reason: FaultReason, explanation: string): void {
    this.first ??= { reason, explanation }
  }
}

export interface Resource {
  attributes: ValueMap
}

export interface Scope {
  name: string
  version: string
  attributes: ValueMap
}

interface Recorded {
  attributes: ValueMap
  /** 32 and 16 lower-case hex digits; '' where there is none. */
  traceId: string
  spanId: string
  /** The first thing that was wrong with it, its scope or its resource. */
  fault: Fault | undefined
}

export interface LogRecord extends Recorded {
  /** Nanoseconds since 1970; 0 is unknown. */
  time: bigint
  observedTime: bigint
  eventName: string
  body: Value
}

export interface Span extends Recorded {
  parentSpanId: string
  name: string
  /** SpanKind of OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number
  startTime: bigint
  endTime: bigint
  /** StatusCode of OTLP: 0 unset, 1 ok, 2 error. */
  statusCode: number
  statusMessage: string
}

/** One record with what its request says around it. */
export interface Entry<Of extends LogRecord | Span> {
  readonly resource: Resource
  readonly scope: Scope
  readonly record: Of
}

export const emptyLogRecord = (): LogRecord => ({
  attributes: {},
  traceId: '',
  spanId: '',
  fault: undefined,
  time: 0n,
  observedTime: 0n,
  eventName: '',
  body: null,
})

export const emptySpan = (): Span => ({
  attributes: {},
  traceId: '',
  spanId: '',
  fault: undefined,
  parentSpanId: '',
  name: '',
  kind: 0,
  startTime: 0n,
  endTime: 0n,
  statusCode: 0,
  statusMessage: '',
})

export const bounds = {
  /** Records of one request. */
  records: 32_768,
  /** Values of one request, each member and item of a value counted. */
  requestValues: 2_000_000,
  /** Attributes of one record, resource or scope. */
  attributes: 1024,
  /** Values of one record, each member and item of an attribute counted. */
  recordValues: 65_536,
  /** Levels of one attribute's value. */
  depth: 32,
  /** Characters of an attribute's name. */
  name: 256,
} as const

/** A request that as a whole cannot be understood (400) or is too much (413). The message names places of ours only. */
export class UnreadableRequest extends Error {
  readonly status: 400 | 413

  constructor(status: 400 | 413, message: string) {
    super(message)
    this.status = status
  }
}

/** Counts the records and values of one request, so that a small body cannot become a large heap. */
export class Allowance {
  #records = 0
  #values = 0
  #recordValues = 0

  /** Counts a record of the request. */
  record(): void {
    this.#records += 1
    if (this.#records > bounds.records)
      throw new UnreadableRequest(413, `the request has more than ${bounds.records} records; send smaller batches`)
  }

  /** Begins to count the values of one record, resource or scope. */
  begin(): void {
    this.#recordValues = 0
  }

  /** False once the record has more values than one may have. */
  value(): boolean {
    this.#values += 1
    this.#recordValues += 1
    if (this.#values > bounds.requestValues)
      throw new UnreadableRequest(413, `the request has more than ${bounds.requestValues} values; send smaller batches`)
    return this.#recordValues <= bounds.recordValues
  }
}

/** What stops the reading of one record, and becomes its fault. */
export class RecordStop extends Error {
  readonly reason: FaultReason

  constructor(reason: FaultReason, explanation: string) {
    super(explanation)
    this.reason = reason
  }
}

const small = BigInt(Number.MAX_SAFE_INTEGER)

/** A number where it is exact, else a bigint. */
export function exact(value: bigint): number | bigint {
  return value <= small && value >= -small ? Number(value) : value
}

/**
 * Adds an attribute to a map without a prototype. The first of two with one name is kept: a later one must not replace
 * what another part of the pipeline has already looked at.
 */
export function addAttribute(into: Record<string, Value>, name: string, value: Value): void {
  if (!(name in into)) into[name] = value
}

export const newMap = (): Record<string, Value> => Object.create(null) as Record<string, Value>

/**
 * The last look at a record, a resource or a scope. What has too many attributes loses them: a resource is looked at for
 * each of its records.
 */
export function checkCounts(holder: { attributes: ValueMap }, faults: Faults): void {
  if (Object.keys(holder.attributes).length <= bounds.attributes) return
  faults.add('too_many_values', `more than ${bounds.attributes} attributes`)
  holder.attributes = newMap()
}
