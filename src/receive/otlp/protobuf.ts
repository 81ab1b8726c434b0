/**
 * OTLP requests in protobuf. The descriptors are our own: tables of field number, wire type and what to do, after the field
 * numbers of opentelemetry-proto 1.x. They are read with protobufjs' wire reader and not with its generated decoders, which
 * fail a whole request for one broken record and know no bound but the bytes.
 */
import protobuf from 'protobufjs/minimal.js'
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

const varint = 0
const eightBytes = 1
const delimited = 2

interface State {
  readonly reader: protobuf.Reader
  readonly allowance: Allowance
  readonly faults: Fault[]
}

/** One field: its name in OTLP JSON, its wire type, and the reading of its value into the message. */
type Field<M> = readonly [name: string, wire: number, read: (state: State, into: M) => void]
type Descriptor<M> = Readonly<Record<number, Field<M>>>

/** The reading of a field into the member of that name. */
const put =
  <M, K extends keyof M>(key: K, read: (state: State) => M[K]) =>
  (state: State, into: M): void => {
    into[key] = read(state)
  }

/** Reads fields to the end of what the reader may see. A field of another wire type is a fault and is passed over. */
function readFields<M>(state: State, descriptor: Descriptor<M>, into: M): M {
  const { reader } = state
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const field = descriptor[tag >>> 3]
    const wire = tag & 7
    if (field === undefined) {
      reader.skipType(wire)
    } else if (field[1] !== wire) {
      state.faults.push({ reason: 'malformed_record', explanation: `${field[0]}: wire type ${wire}, not ${field[1]}` })
      reader.skipType(wire)
    } else {
      field[2](state, into)
    }
  }
  return into
}

/** Reads a length-delimited field with the reader bounded to it, and goes on after it whatever happened inside. */
function inside<T>({ reader }: State, read: () => T): T {
  const length = reader.uint32()
  const end = reader.pos + length
  if (end > reader.len) throw new RangeError('a length reaches beyond the end')
  const outer = reader.len
  reader.len = end
  try {
    return read()
  } finally {
    reader.pos = end
    reader.len = outer
  }
}

const text = ({ reader }: State): string => reader.string()

function fixed64({ reader }: State): bigint {
  const low = reader.fixed32()
  return (BigInt(reader.fixed32()) << 32n) | BigInt(low)
}

function int64({ reader }: State): number | bigint {
  const value = reader.int64() as number | { readonly low: number; readonly high: number }
  if (typeof value === 'number') return value
  return exact((BigInt(value.high) << 32n) | BigInt(value.low >>> 0))
}

/** An id of so many bytes in lower-case hex; '' for none, and for the all-zero id, which OTLP calls invalid. */
function id(state: State, bytes: number, name: string): string {
  const raw = state.reader.bytes()
  if (raw.length !== bytes && raw.length !== 0) {
    state.faults.push({ reason: 'malformed_record', explanation: `${name}: ${raw.length} bytes, not ${bytes}` })
    return ''
  }
  return raw.every((byte) => byte === 0) ? '' : Buffer.from(raw).toString('hex')
}

/** The tables of AnyValue and what is in it, at one depth: so that a message need not carry its depth. */
interface Level {
  readonly anyValue: Descriptor<{ value: Value }>
  readonly arrayValue: Descriptor<Value[]>
  readonly kvlistValue: Descriptor<Record<string, Value>>
  readonly pair: Descriptor<{ name: string; value: Value }>
}

const levels = Array.from({ length: bounds.depth + 2 }, (_, depth): Level => {
  const level: Level = {
    anyValue: {
      1: ['stringValue', delimited, put('value', text)],
      2: ['boolValue', varint, put('value', (state) => state.reader.bool())],
      3: ['intValue', varint, put('value', int64)],
      4: ['doubleValue', eightBytes, put('value', (state) => state.reader.double())],
      5: ['arrayValue', delimited, put('value', (state) => message<Value[]>(state, level.arrayValue, []))],
      6: ['kvlistValue', delimited, put('value', (state) => message(state, level.kvlistValue, newMap()))],
      7: ['bytesValue', delimited, put('value', (state) => state.reader.bytes())],
    },
    arrayValue: {
      1: ['values', delimited, (state, into) => void into.push(anyValue(state, depth + 1))],
    },
    kvlistValue: {
      1: ['values', delimited, (state, into) => keyValue(state, into, depth + 1)],
    },
    pair: {
      1: ['key', delimited, put('name', text)],
      2: ['value', delimited, put('value', (state) => anyValue(state, depth))],
    },
  }
  return level
})

const message = <M>(state: State, descriptor: Descriptor<M>, into: M): M =>
  inside(state, () => readFields(state, descriptor, into))

function levelAt(depth: number): Level {
  const level = levels[depth]
  if (depth > bounds.depth || level === undefined)
    throw new RecordStop('too_deep', `attributes: more than ${bounds.depth} levels`)
  return level
}

function anyValue(state: State, depth: number): Value {
  if (!state.allowance.value())
    throw new RecordStop('too_many_values', `attributes: more than ${bounds.recordValues} values`)
  return message(state, levelAt(depth).anyValue, { value: null as Value }).value
}

function keyValue(state: State, into: Record<string, Value>, depth: number): void {
  const { name, value } = message(state, levelAt(depth).pair, { name: '', value: null as Value })
  addAttribute(into, name, value)
}

interface Attributed {
  attributes: Readonly<Record<string, Value>>
}

const attributesField = <M extends Attributed>(): Field<M> => [
  'attributes',
  delimited,
  (state, into) => keyValue(state, into.attributes as Record<string, Value>, 1),
]

const resourceFields: Descriptor<Resource> = { 1: attributesField() }
const scopeFields: Descriptor<Scope> = {
  1: ['name', delimited, put('name', text)],
  2: ['version', delimited, put('version', text)],
  3: attributesField(),
}

const logRecordFields: Descriptor<LogRecord> = {
  1: ['timeUnixNano', eightBytes, put('time', fixed64)],
  5: ['body', delimited, put('body', (state) => anyValue(state, 1))],
  6: attributesField(),
  9: ['traceId', delimited, put('traceId', (state) => id(state, 16, 'traceId'))],
  10: ['spanId', delimited, put('spanId', (state) => id(state, 8, 'spanId'))],
  11: ['observedTimeUnixNano', eightBytes, put('observedTime', fixed64)],
  12: ['eventName', delimited, put('eventName', text)],
}

const statusFields: Descriptor<Span> = {
  2: ['message', delimited, put('statusMessage', text)],
  3: ['code', varint, put('statusCode', (state) => state.reader.int32())],
}
const spanFields: Descriptor<Span> = {
  1: ['traceId', delimited, put('traceId', (state) => id(state, 16, 'traceId'))],
  2: ['spanId', delimited, put('spanId', (state) => id(state, 8, 'spanId'))],
  4: ['parentSpanId', delimited, put('parentSpanId', (state) => id(state, 8, 'parentSpanId'))],
  5: ['name', delimited, put('name', text)],
  6: ['kind', varint, put('kind', (state) => state.reader.int32())],
  7: ['startTimeUnixNano', eightBytes, put('startTime', fixed64)],
  8: ['endTimeUnixNano', eightBytes, put('endTime', fixed64)],
  9: attributesField(),
  15: ['status', delimited, (state, into) => void message(state, statusFields, into)],
}

/** Everything that can go wrong inside one record becomes its fault; what stops the whole request goes on. */
function contained(faults: Fault[], read: () => void): void {
  try {
    read()
  } catch (error) {
    if (error instanceof UnreadableRequest) throw error
    faults.push(
      error instanceof RecordStop
        ? error.fault
        : { reason: 'malformed_record', explanation: 'the record is not a whole protobuf message' },
    )
  }
}

/** `resourceLogs[].scopeLogs[].logRecords[]` and the same for spans have the same field numbers. */
function readExport<R extends LogRecord | Span>(body: Uint8Array, fields: Descriptor<R>, empty: () => R): Entry<R>[] {
  const entries: Entry<R>[] = []
  const allowance = new Allowance()
  const envelope: State = { reader: protobuf.Reader.create(body), allowance, faults: [] }
  /** A resource or scope that cannot be read makes all its records faulty. */
  const holder = <M extends Attributed>(descriptor: Descriptor<M>, into: M, faults: Fault[]): void => {
    allowance.nextHolder()
    inside(envelope, () => contained(faults, () => readFields({ ...envelope, faults }, descriptor, into)))
  }
  const scoped = (resource: Resource): void => {
    const scope: Scope = { name: '', version: '', attributes: newMap() }
    const faults: Fault[] = []
    const records: R[] = []
    readFields<null>(
      envelope,
      {
        1: ['scope', delimited, () => holder(scopeFields, scope, faults)],
        2: [
          'records',
          delimited,
          () => {
            allowance.nextRecord()
            const record = empty()
            record.attributes = newMap()
            inside(envelope, () =>
              contained(record.faults, () => readFields({ ...envelope, faults: record.faults }, fields, record)),
            )
            records.push(record)
          },
        ],
      },
      null,
    )
    for (const record of records) {
      record.faults.push(...faults)
      checkCounts(record)
      entries.push({ resource, scope, record })
    }
  }
  try {
    readFields<null>(
      envelope,
      {
        1: [
          'resource',
          delimited,
          () =>
            inside(envelope, () => {
              const resource: Resource = { attributes: newMap() }
              const faults: Fault[] = []
              const from = entries.length
              readFields<null>(
                envelope,
                {
                  1: ['resource', delimited, () => holder(resourceFields, resource, faults)],
                  2: ['scope', delimited, () => inside(envelope, () => scoped(resource))],
                },
                null,
              )
              // The resource may come after its records on the wire.
              for (const { record } of entries.slice(from)) record.faults.push(...faults)
            }),
        ],
      },
      null,
    )
  } catch (error) {
    if (error instanceof UnreadableRequest) throw error
    throw new UnreadableRequest(400, 'the body is not a whole OTLP message in protobuf')
  }
  if (envelope.faults.length > 0)
    throw new UnreadableRequest(400, `the body is not an OTLP message: ${envelope.faults[0]?.explanation}`)
  return entries
}

export const logsOfProtobuf = (body: Uint8Array): Entry<LogRecord>[] =>
  readExport(body, logRecordFields, emptyLogRecord)

export const spansOfProtobuf = (body: Uint8Array): Entry<Span>[] => readExport(body, spanFields, emptySpan)
