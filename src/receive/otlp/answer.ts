/**
 * What an OTLP/HTTP server answers, in the encoding of the request: `Export…ServiceResponse` on success and
 * `google.rpc.Status` on every 4xx and 5xx (opentelemetry-proto `docs/specification.md`, "OTLP/HTTP Response").
 */
import protobuf from 'protobufjs/minimal.js'

export type Encoding = 'protobuf' | 'json'
export type Signal = 'logs' | 'traces'

export const mediaTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const satisfies Record<
  Encoding,
  string
>

/** The encoding that a `Content-Type` names, parameters aside. */
export function encodingOf(contentType: string | undefined): Encoding | undefined {
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase()
  if (type === mediaTypes.protobuf) return 'protobuf'
  return type === mediaTypes.json ? 'json' : undefined
}

/** Records of the request that are not in the audit trail, and why. */
export interface Rejection {
  readonly rejected: number
  readonly message: string
}

const rejectedNames = { logs: 'rejectedLogRecords', traces: 'rejectedSpans' } as const

/** `partial_success` is set only if there is a rejection. */
export function successBody(signal: Signal, encoding: Encoding, rejection?: Rejection): Buffer {
  if (encoding === 'json') {
    // int64 is a string in protobuf's JSON.
    const partial =
      rejection === undefined
        ? {}
        : {
            partialSuccess: { [rejectedNames[signal]]: String(rejection.rejected), errorMessage: rejection.message },
          }
    return Buffer.from(JSON.stringify(partial))
  }
  const writer = protobuf.Writer.create()
  if (rejection !== undefined) {
    writer.uint32(tag(1, 2)).fork()
    writer.uint32(tag(1, 0)).int64(rejection.rejected)
    writer.uint32(tag(2, 2)).string(rejection.message)
    writer.ldelim()
  }
  return Buffer.from(writer.finish())
}

/** Codes of `google.rpc.Code` for the HTTP status that we answer with. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 8,
  415: 3,
  429: 8,
  503: 14,
}

export function statusBody(encoding: Encoding, httpStatus: number, message: string): Buffer {
  const code = rpcCodes[httpStatus] ?? (httpStatus < 500 ? 3 : 14)
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }))
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 0)).int32(code)
  writer.uint32(tag(2, 2)).string(message)
  return Buffer.from(writer.finish())
}

const tag = (field: number, wire: number): number => (field << 3) | wire
