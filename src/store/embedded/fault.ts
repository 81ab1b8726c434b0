/** Faults in ClickHouse's own terms, so that its clients understand the answer: code, name, HTTP status. */
const kinds = {
  UNKNOWN_SETTING: [115, 404],
  UNKNOWN_FORMAT: [73, 404],
  SYNTAX_ERROR: [62, 400],
  BAD_ARGUMENTS: [36, 400],
  NOT_IMPLEMENTED: [48, 501],
  READONLY: [164, 403],
  TIMEOUT_EXCEEDED: [159, 408],
  TOO_MANY_SIMULTANEOUS_QUERIES: [202, 503],
  NOT_ENOUGH_SPACE: [243, 503],
  REQUEST_BODY_TOO_LARGE: [307, 413],
  CANNOT_DECOMPRESS: [271, 400],
  QUERY_WAS_CANCELLED: [394, 503],
  ACCESS_DENIED: [497, 403],
  AUTHENTICATION_FAILED: [516, 403],
  ABORTED: [236, 503],
  UNKNOWN_EXCEPTION: [1002, 500],
} as const satisfies Record<string, readonly [number, number]>

/** Statuses that ClickHouse gives to the engine's own codes; anything else is 500. */
const statusOfCode = new Map<number, number>([
  ...[6, 26, 27, 33, 38, 41, 43, 53, 69, 70, 72, 117, 130, 131, 456, 457].map((code) => [code, 400] as const),
  ...[46, 47, 50, 51, 56, 60, 63, 81].map((code) => [code, 404] as const),
  ...Object.values(kinds),
])

export class Fault extends Error {
  readonly code: number
  readonly status: number

  constructor(kind: keyof typeof kinds, message: string) {
    const [code, status] = kinds[kind]
    super(`Code: ${code}. DB::Exception: ${message} (${kind})`)
    this.code = code
    this.status = status
  }
}

/** Whatever was thrown, as what goes to the client. The engine's errors carry their code in the text. */
export function faultOf(error: unknown): { code: number; status: number; message: string } {
  if (error instanceof Fault) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = Number(/Code: (\d+)\./.exec(message)?.[1])
  if (Number.isInteger(code)) return { code, status: statusOfCode.get(code) ?? 500, message }
  return new Fault('UNKNOWN_EXCEPTION', message)
}
