/**
 * OTLP requests in JSON, mapped by hand: the mapping of protobuf's own JSON would take `traceId` for base64. What the OTLP
 * specification asks of a receiver: ids in hex of either case, 64-bit integers as strings or numbers, enums as integers,
 * members that are not known passed over.
 */
import { wellFormed } from '@watchkeeper/sdk/canonical'
import {
  Allowance,
  addAttribute,
  bounds,
  checkCounts,
  type Entry,
  emptyLogRecord,
  emptySpan,
  exact,
  type Fault,
  type LogRecord,
  newMap,
  RecordStop,
  type Resource,
  type Scope,
  type Span,
  UnreadableRequest,
  type Value,
} from './export.js'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => value !== null && typeof value === 'object' && !Array.isArray(value)

/** Reads members of one message and notes those of a wrong type. A member that is missing or null has its default. */
class Members {
  readonly #json: Json
  readonly #faults: Fault[]

  constructor(json: Json, faults: Fault[]) {
    this.#json = json
    this.#faults = faults
  }

  fault(name: string, expected: string): void {
    this.#faults.push({ reason: 'malformed_record', explanation: `${name}: expected ${expected}` })
  }

  #read<T>(name: string, missing: T, expected: string, read: (value: unknown) => T | undefined): T {
    const value = this.#json[name]
    if (value === undefined || value === null) return missing
    const found = read(value)
    if (found !== undefined) return found
    this.fault(name, expected)
    return missing
  }

  text(name: string): string {
    return this.#read(name, '', 'a string', (value) => (typeof value === 'string' ? wellFormed(value) : undefined))
  }

  /** An id of so many bytes; the all-zero id is invalid in OTLP and the same as none. */
  id(name: string, bytes: number): string {
    return this.#read(name, '', `${bytes * 2} hex digits`, (value) => {
      if (value === '') return ''
      if (typeof value !== 'string' || value.length !== bytes * 2 || !/^[0-9a-fA-F]+$/.test(value)) return undefined
      return /^0+$/.test(value) ? '' : value.toLowerCase()
    })
  }

  /** Unsigned 64-bit. */
  nanoseconds(name: string): bigint {
    return this.#read(name, 0n, 'an unsigned 64-bit integer', (value) => {
      const number = integer(value)
      return number !== undefined && number >= 0n && number < 1n << 64n ? number : undefined
    })
  }

  enumeration(name: string): number {
    return this.#read(name, 0, 'an integer', (value) =>
      typeof value === 'number' && Number.isInteger(value) ? value : undefined,
    )
  }

  object(name: string): Json {
    return this.#read<Json>(name, {}, 'an object', (value) => (isObject(value) ? value : undefined))
  }

  any(name: string, allowance: Allowance): Value {
    const value = this.#json[name]
    return value === undefined || value === null ? null : anyValue(value, 1, allowance)
  }

  attributes(allowance: Allowance): Record<string, Value> {
    const map = newMap()
    const list = this.#read<readonly unknown[]>('attributes', [], 'an array', (value) =>
      Array.isArray(value) ? value : undefined,
    )
    for (const item of list) {
      try {
        keyValue(item, map, 1, allowance)
      } catch (error) {
        if (!(error instanceof RecordStop)) throw error
        this.#faults.push(error.fault)
        // A value of a wrong type stops itself only; a bound stops the record.
        if (error.fault.reason !== 'malformed_record') break
      }
    }
    return map
  }
}

/** A decimal string or a whole number. */
function integer(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined
}

const wrong = (expected: string): never => {
  throw new RecordStop('malformed_record', `attributes: expected ${expected}`)
}

function keyValue(item: unknown, into: Record<string, Value>, depth: number, allowance: Allowance): void {
  if (!isObject(item)) throw wrong('objects with a key')
  const key = item['key']
  const name = typeof key === 'string' ? wellFormed(key) : wrong('keys to be strings')
  // The name is there with nothing in it if its value turns out not to be readable.
  const value = item['value']
  addAttribute(into, name, value === undefined || value === null ? null : anyValue(value, depth, allowance))
}

function anyValue(json: unknown, depth: number, allowance: Allowance): Value {
  if (depth > bounds.depth) throw new RecordStop('too_deep', `attributes: more than ${bounds.depth} levels`)
  if (!allowance.value()) throw new RecordStop('too_many_values', `attributes: more than ${bounds.recordValues} values`)
  if (!isObject(json)) return wrong('a value in an object like {"stringValue": …}')
  const { stringValue, boolValue, intValue, doubleValue, bytesValue, arrayValue, kvlistValue } = json
  if (stringValue !== undefined && stringValue !== null)
    return typeof stringValue === 'string' ? wellFormed(stringValue) : wrong('stringValue to be a string')
  if (boolValue !== undefined && boolValue !== null)
    return typeof boolValue === 'boolean' ? boolValue : wrong('boolValue to be true or false')
  if (intValue !== undefined && intValue !== null) {
    const number = integer(intValue)
    return number !== undefined && BigInt.asIntN(64, number) === number ? exact(number) : wrong('intValue to be 64-bit')
  }
  if (doubleValue !== undefined && doubleValue !== null) return double(doubleValue)
  if (bytesValue !== undefined && bytesValue !== null)
    return typeof bytesValue === 'string' ? Buffer.from(bytesValue, 'base64') : wrong('bytesValue to be base64')
  if (isObject(arrayValue)) {
    return listOf(arrayValue).map((item) => (item === null ? null : anyValue(item, depth + 1, allowance)))
  }
  if (isObject(kvlistValue)) {
    const map = newMap()
    for (const item of listOf(kvlistValue)) keyValue(item, map, depth + 1, allowance)
    return map
  }
  return arrayValue || kvlistValue ? wrong('arrayValue and kvlistValue to be objects') : null
}

function listOf(holder: Json): readonly unknown[] {
  const values = holder['values']
  if (values === undefined || values === null) return []
  return Array.isArray(values) ? values : wrong('values to be an array')
}

/** Numbers, and the words that protobuf's JSON has for what JSON has not. */
function double(value: unknown): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY
  return wrong('doubleValue to be a number')
}

/**
 * Counts the values of a JSON text before it is parsed: brackets and commas outside strings. Parsing makes some 50 bytes of
 * every two here, so 20 MiB of `{},` would be half a gigabyte.
 */
export function countJsonValues(body: Uint8Array): number {
  let count = 0
  let quoted = false
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at]
    if (quoted) {
      if (byte === 0x5c) at += 1
      else if (byte === 0x22) quoted = false
    } else if (byte === 0x22) quoted = true
    else if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count += 1
  }
  return count
}

/** Every value of ours is up to four of JSON's (`{"key":…,"value":{"stringValue":…}}`). */
const jsonValues = bounds.requestValues * 4

function parse(body: Uint8Array): Json {
  if (countJsonValues(body) > jsonValues)
    throw new UnreadableRequest(413, `the request has more than ${jsonValues} JSON values; send smaller batches`)
  let json: unknown
  try {
    json = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'))
  } catch {
    // V8's message quotes the text, so it is not passed on.
    throw new UnreadableRequest(400, 'the body is not JSON')
  }
  return isObject(json) ? json : envelopeFault('an object at the top')
}

const envelopeFault = (expected: string): never => {
  throw new UnreadableRequest(400, `the body is not an OTLP message: expected ${expected}`)
}

/** The items of a repeated message of the envelope. */
function items(json: Json, name: string): readonly Json[] {
  const value = json[name]
  if (value === undefined || value === null) return []
  if (!Array.isArray(value) || !value.every(isObject)) return envelopeFault(`${name} to be an array of objects`)
  return value
}

interface Names {
  readonly resources: string
  readonly scopes: string
  readonly records: string
}

function readExport<R extends LogRecord | Span>(
  body: Uint8Array,
  names: Names,
  read: (members: Members, faults: Fault[], allowance: Allowance) => R,
  empty: () => R,
): Entry<R>[] {
  const allowance = new Allowance()
  const entries: Entry<R>[] = []
  for (const holder of items(parse(body), names.resources)) {
    const resourceFaults: Fault[] = []
    allowance.nextHolder()
    const resourceJson = new Members(holder, resourceFaults).object('resource')
    const resource: Resource = { attributes: new Members(resourceJson, resourceFaults).attributes(allowance) }
    for (const scoped of items(holder, names.scopes)) {
      const scopeFaults: Fault[] = []
      allowance.nextHolder()
      const members = new Members(new Members(scoped, scopeFaults).object('scope'), scopeFaults)
      const scope: Scope = {
        name: members.text('name'),
        version: members.text('version'),
        attributes: members.attributes(allowance),
      }
      const list = scoped[names.records] ?? []
      if (!Array.isArray(list)) return envelopeFault(`${names.records} to be an array`)
      for (const json of list) {
        allowance.nextRecord()
        const faults: Fault[] = []
        let record: R
        if (isObject(json)) {
          record = read(new Members(json, faults), faults, allowance)
        } else {
          faults.push({ reason: 'malformed_record', explanation: `${names.records}: expected objects` })
          record = empty()
        }
        record.faults = [...resourceFaults, ...scopeFaults, ...faults]
        checkCounts(record)
        entries.push({ resource, scope, record })
      }
    }
  }
  return entries
}

/** The body of a log record is not kept, and its faults are the record's. */
function bodyOf(members: Members, faults: Fault[], allowance: Allowance): Value {
  try {
    return members.any('body', allowance)
  } catch (error) {
    if (!(error instanceof RecordStop)) throw error
    faults.push(error.fault)
    return null
  }
}

export const logsOfJson = (body: Uint8Array): Entry<LogRecord>[] =>
  readExport<LogRecord>(
    body,
    { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' },
    (members, faults, allowance) => ({
      faults,
      time: members.nanoseconds('timeUnixNano'),
      observedTime: members.nanoseconds('observedTimeUnixNano'),
      eventName: members.text('eventName'),
      traceId: members.id('traceId', 16),
      spanId: members.id('spanId', 8),
      attributes: members.attributes(allowance),
      body: bodyOf(members, faults, allowance),
    }),
    emptyLogRecord,
  )

export const spansOfJson = (body: Uint8Array): Entry<Span>[] =>
  readExport<Span>(
    body,
    { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' },
    (members, faults, allowance) => {
      const status = new Members(members.object('status'), faults)
      return {
        faults,
        traceId: members.id('traceId', 16),
        spanId: members.id('spanId', 8),
        parentSpanId: members.id('parentSpanId', 8),
        name: members.text('name'),
        kind: members.enumeration('kind'),
        startTime: members.nanoseconds('startTimeUnixNano'),
        endTime: members.nanoseconds('endTimeUnixNano'),
        statusCode: status.enumeration('code'),
        statusMessage: status.text('message'),
        attributes: members.attributes(allowance),
      }
    },
    emptySpan,
  )
