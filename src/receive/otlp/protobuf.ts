/**
 * OTLP requests in protobuf. The descriptors are our own: tables of field number, wire type and what to do, after the field
 * numbers of opentelemetry-proto 1.x. They are read with protobufjs' wire reader and not with its generated decoders, which
 * fail a whole request for one broken record and know no bound but the bytes.
 */
import protobuf from 'protobufjs/minimal.js'
import {
  Allowance,
  checkCounts,
  type Entry,
  emptyLogRecord,
  emptySpan,
  Faults,
  type LogRecord,
  newMap,
  RecordStop,
  type Resource,
  type Scope,
  type Span,
  UnreadableRequest,
  type Value,
} from './export.js'
import {
  anyValue,
  type Descriptor,
  delimited,
  eightBytes,
  type Field,
  fixed64,
  id,
  inside,
  keyValue,
  message,
  put,
  readFields,
  type State,
  text,
  varint,
} from './wire.js'

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
function contained(faults: Faults, read: () => void): void {
  try {
    read()
  } catch (error) {
    if (error instanceof UnreadableRequest) throw error
    if (error instanceof RecordStop) faults.add(error.reason, error.message)
    else faults.add('malformed_record', 'the record is not a whole protobuf message')
  }
}

/** A record as the envelope has it: where it stands, and its bytes. */
interface Framed {
  readonly resource: Resource
  readonly resourceFaults: Faults
  readonly scope: Scope
  readonly scopeFaults: Faults
  readonly bytes: Uint8Array
}

/** A resource or scope that cannot be read makes all its records faulty. */
function readHolder<M extends Attributed>(envelope: State, descriptor: Descriptor<M>, into: M, faults: Faults): void {
  envelope.allowance.begin()
  inside(envelope, () => contained(faults, () => readFields({ ...envelope, faults }, descriptor, into)))
  checkCounts(into, faults)
}

const scopeFrame: Descriptor<{ readonly around: Omit<Framed, 'bytes'>; readonly framed: Framed[] }> = {
  1: ['scope', delimited, (state, { around }) => readHolder(state, scopeFields, around.scope, around.scopeFaults)],
  2: [
    'records',
    delimited,
    (state, { around, framed }) => {
      state.allowance.record()
      framed.push({ ...around, bytes: state.reader.bytes() })
    },
  ],
}

const resourceFrame: Descriptor<{
  readonly resource: Resource
  readonly resourceFaults: Faults
  readonly framed: Framed[]
}> = {
  1: ['resource', delimited, (state, into) => readHolder(state, resourceFields, into.resource, into.resourceFaults)],
  2: [
    'scope',
    delimited,
    (state, { framed, ...resource }) => {
      const scope: Scope = { name: '', version: '', attributes: newMap() }
      message(state, scopeFrame, { around: { ...resource, scope, scopeFaults: new Faults() }, framed })
    },
  ],
}

/** `resourceLogs[].scopeLogs[].logRecords[]`; the same for spans has the same field numbers. */
const requestFrame: Descriptor<Framed[]> = {
  1: [
    'resource',
    delimited,
    (state, framed) => {
      const resource: Resource = { attributes: newMap() }
      message(state, resourceFrame, { resource, resourceFaults: new Faults(), framed })
    },
  ],
}

function framesOf(body: Uint8Array, allowance: Allowance): Framed[] {
  const envelope: State = { reader: protobuf.Reader.create(body), allowance, faults: new Faults() }
  let framed: Framed[]
  try {
    framed = readFields<Framed[]>(envelope, requestFrame, [])
  } catch (error) {
    if (error instanceof UnreadableRequest) throw error
    throw new UnreadableRequest(400, 'the body is not a whole OTLP message in protobuf')
  }
  const fault = envelope.faults.first
  if (fault !== undefined) throw new UnreadableRequest(400, `the body is not an OTLP message: ${fault.explanation}`)
  return framed
}

/** The envelope is read whole before the first record, the records one by one as they are asked for. */
function* readExport<R extends LogRecord | Span>(
  body: Uint8Array,
  fields: Descriptor<R>,
  empty: () => R,
): Generator<Entry<R>> {
  const allowance = new Allowance()
  for (const { resource, resourceFaults, scope, scopeFaults, bytes } of framesOf(body, allowance)) {
    const record = empty()
    record.attributes = newMap()
    const faults = new Faults()
    const state: State = { reader: protobuf.Reader.create(bytes), allowance, faults }
    allowance.begin()
    contained(faults, () => readFields(state, fields, record))
    checkCounts(record, faults)
    record.fault = resourceFaults.first ?? scopeFaults.first ?? faults.first
    yield { resource, scope, record }
  }
}

/** Throws `UnreadableRequest`. */
export const logsOfProtobuf = (body: Uint8Array): Generator<Entry<LogRecord>> =>
  readExport(body, logRecordFields, emptyLogRecord)

/** Throws `UnreadableRequest`. */
export const spansOfProtobuf = (body: Uint8Array): Generator<Entry<Span>> => readExport(body, spanFields, emptySpan)
