/**
 * Reading protobuf's wire format field by field, by tables: with the bounds and the tolerance that generated decoders have
 * not. The wire itself is read by protobufjs.
 */
import type protobuf from 'protobufjs/minimal.js'
import { type Allowance, addAttribute, bounds, exact, type Faults, newMap, RecordStop, type Value } from './export.js'

/** Wire types. */
export const varint = 0
export const eightBytes = 1
export const delimited = 2

export interface State {
  readonly reader: protobuf.Reader
  readonly allowance: Allowance
  readonly faults: Faults
}

/** One field: its name in OTLP JSON, its wire type, and the reading of its value into the message. */
export type Field<M> = readonly [name: string, wire: number, read: (state: State, into: M) => void]
export type Descriptor<M> = Readonly<Record<number, Field<M>>>

/** The reading of a field into the member of that name. */
export const put =
  <M, K extends keyof M>(key: K, read: (state: State) => M[K]) =>
  (state: State, into: M): void => {
    into[key] = read(state)
  }

/** Reads fields to the end of what the reader may see. A field of another wire type is a fault and is passed over. */
export function readFields<M>(state: State, descriptor: Descriptor<M>, into: M): M {
  const { reader } = state
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const field = descriptor[tag >>> 3]
    const wire = tag & 7
    if (field === undefined) {
      reader.skipType(wire)
    } else if (field[1] !== wire) {
      state.faults.add('malformed_record', `${field[0]}: wire type ${wire}, not ${field[1]}`)
      reader.skipType(wire)
    } else {
      field[2](state, into)
    }
  }
  return into
}

/** Reads a length-delimited field with the reader bounded to it, and goes on after it whatever happened inside. */
export function inside<T>({ reader }: State, read: () => T): T {
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

export const text = ({ reader }: State): string => reader.string()

export function fixed64({ reader }: State): bigint {
  const low = reader.fixed32()
  return (BigInt(reader.fixed32()) << 32n) | BigInt(low)
}

function int64({ reader }: State): number | bigint {
  const value = reader.int64() as number | { readonly low: number; readonly high: number }
  if (typeof value === 'number') return value
  return exact((BigInt(value.high) << 32n) | BigInt(value.low >>> 0))
}

/** An id of so many bytes in lower-case hex; '' for none, and for the all-zero id, which OTLP calls invalid. */
export function id(state: State, bytes: number, name: string): string {
  const raw = state.reader.bytes()
  if (raw.length !== bytes && raw.length !== 0) {
    state.faults.add('malformed_record', `${name}: ${raw.length} bytes, not ${bytes}`)
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

export const message = <M>(state: State, descriptor: Descriptor<M>, into: M): M =>
  inside(state, () => readFields(state, descriptor, into))

function levelAt(depth: number): Level {
  const level = levels[depth]
  if (depth > bounds.depth || level === undefined)
    throw new RecordStop('too_deep', `attributes: more than ${bounds.depth} levels`)
  return level
}

export function anyValue(state: State, depth: number): Value {
  if (!state.allowance.value())
    throw new RecordStop('too_many_values', `attributes: more than ${bounds.recordValues} values`)
  return message(state, levelAt(depth).anyValue, { value: null as Value }).value
}

export function keyValue(state: State, into: Record<string, Value>, depth: number): void {
  const { name, value } = message(state, levelAt(depth).pair, { name: '', value: null as Value })
  addAttribute(into, name, value)
}
