/** Members of OTLP's messages in JSON, each with its type held; and AnyValue, which is most of a request. */
import { wellFormed } from '@watchkeeper/sdk/canonical'
import { type Allowance, addAttribute, bounds, exact, type Faults, newMap, RecordStop, type Value } from './export.js'

export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Reads members of one message and notes those of a wrong type. A member that is missing or null has its default. */
export class Members {
  readonly #json: Json
  readonly #faults: Faults

  constructor(json: Json, faults: Faults) {
    this.#json = json
    this.#faults = faults
  }

  fault(name: string, expected: string): void {
    this.#faults.add('malformed_record', `${name}: expected ${expected}`)
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
        this.#faults.add(error.reason, error.message)
        // A value of a wrong type stops itself only; a bound stops the record.
        if (error.reason !== 'malformed_record') break
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
  const { key, value } = isObject(item) ? item : wrong('objects with a key')
  const name = typeof key === 'string' ? wellFormed(key) : wrong('keys to be strings')
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

/** Numbers, also in a string, and the words that protobuf's JSON has for what JSON has not. */
function double(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^-?\d{1,32}(?:\.\d{1,32})?(?:[eE][-+]?\d{1,3})?$/.test(value)) return Number(value)
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity') return Number.POSITIVE_INFINITY
  if (value === '-Infinity') return Number.NEGATIVE_INFINITY
  return wrong('doubleValue to be a number')
}
