/** OTLP requests in protobuf, written field by field, so that a test can write them wrongly. */
import protobuf from 'protobufjs/minimal.js'

/** One field: number, and what is in it. */
export type Part = readonly [field: number, value: string | Uint8Array | readonly Part[] | Varint | Fixed64 | Double]
export interface Varint {
  readonly varint: number | string
}
export interface Fixed64 {
  readonly fixed64: string
}
export interface Double {
  readonly double: number
}

export function encode(parts: readonly Part[]): Buffer {
  const writer = protobuf.Writer.create()
  for (const [field, value] of parts) {
    if (typeof value === 'string') writer.uint32((field << 3) | 2).string(value)
    else if (value instanceof Uint8Array) writer.uint32((field << 3) | 2).bytes(value)
    else if (Array.isArray(value)) writer.uint32((field << 3) | 2).bytes(encode(value as readonly Part[]))
    else if ('varint' in value) writer.uint32(field << 3).int64(String(value.varint))
    else if ('fixed64' in value) writer.uint32((field << 3) | 1).fixed64(value.fixed64)
    else if ('double' in value) writer.uint32((field << 3) | 1).double(value.double)
  }
  return Buffer.from(writer.finish())
}

export const textValue = (text: string): Part[] => [[1, text]]
export const attributeOf = (name: string, value: readonly Part[]): Part[] => [
  [1, name],
  [2, value],
]

/** The attributes of an event of ours with this id, as fields of its log record. */
export const eventParts = (eventId: string): Part[] => [
  [1, { fixed64: '1795521598000000000' }],
  [12, 'watchkeeper.call'],
  [6, attributeOf('watchkeeper.event.id', textValue(eventId))],
]

export const logsOf = (records: readonly (readonly Part[] | Uint8Array)[]): Buffer =>
  encode([[1, [[2, records.map((record): Part => [2, record])]]]])
