/**
 * OTLP requests in JSON, mapped by hand: the mapping of protobuf's own JSON would take `traceId` for base64. What the OTLP
 * specification asks of a receiver: ids in hex of either case, 64-bit integers as strings or numbers, enums as integers,
 * members that are not known passed over.
 */
import {
  Allowance,
  bounds,
  checkCounts,
  type Entry,
  emptyLogRecord,
  emptySpan,
  Faults,
  type LogRecord,
  RecordStop,
  type Resource,
  type Scope,
  type Span,
  UnreadableRequest,
  type Value,
} from './export.js'
import { isObject, type Json, Members } from './json-members.js'

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

/** The envelope's faults show as it is read: an answer must wait for the last record. */
function* readExport<R extends LogRecord | Span>(
  body: Uint8Array,
  names: Names,
  read: (members: Members, faults: Faults, allowance: Allowance) => R,
  empty: () => R,
): Generator<Entry<R>> {
  const allowance = new Allowance()
  for (const holder of items(parse(body), names.resources)) {
    const resourceFaults = new Faults()
    const resource = resourceOf(new Members(holder, resourceFaults).object('resource'), resourceFaults, allowance)
    for (const scoped of items(holder, names.scopes)) {
      const scopeFaults = new Faults()
      const scope = scopeOf(new Members(scoped, scopeFaults).object('scope'), scopeFaults, allowance)
      const list = scoped[names.records] ?? []
      if (!Array.isArray(list)) return envelopeFault(`${names.records} to be an array`)
      for (const json of list) {
        allowance.record()
        allowance.begin()
        const faults = new Faults()
        const record = isObject(json) ? read(new Members(json, faults), faults, allowance) : empty()
        if (!isObject(json)) faults.add('malformed_record', `${names.records}: expected objects`)
        checkCounts(record, faults)
        record.fault = resourceFaults.first ?? scopeFaults.first ?? faults.first
        yield { resource, scope, record }
      }
    }
  }
}

function resourceOf(json: Json, faults: Faults, allowance: Allowance): Resource {
  allowance.begin()
  const resource = { attributes: new Members(json, faults).attributes(allowance) }
  checkCounts(resource, faults)
  return resource
}

function scopeOf(json: Json, faults: Faults, allowance: Allowance): Scope {
  allowance.begin()
  const members = new Members(json, faults)
  const scope = {
    name: members.text('name'),
    version: members.text('version'),
    attributes: members.attributes(allowance),
  }
  checkCounts(scope, faults)
  return scope
}

/** The body of a log record is not kept, and its faults are the record's. */
function bodyOf(members: Members, faults: Faults, allowance: Allowance): Value {
  try {
    return members.any('body', allowance)
  } catch (error) {
    if (!(error instanceof RecordStop)) throw error
    faults.add(error.reason, error.message)
    return null
  }
}

/** Throws `UnreadableRequest`. */
export const logsOfJson = (body: Uint8Array): Generator<Entry<LogRecord>> =>
  readExport<LogRecord>(
    body,
    { resources: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords' },
    (members, faults, allowance) => ({
      fault: undefined,
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

/** Throws `UnreadableRequest`. */
export const spansOfJson = (body: Uint8Array): Generator<Entry<Span>> =>
  readExport<Span>(
    body,
    { resources: 'resourceSpans', scopes: 'scopeSpans', records: 'spans' },
    (members, faults, allowance) => {
      const status = new Members(members.object('status'), faults)
      return {
        fault: undefined,
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
