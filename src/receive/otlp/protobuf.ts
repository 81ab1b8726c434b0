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
