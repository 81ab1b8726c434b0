/**
 * Why a request is not done, in one form: `{"error": {"code", "message", "faults"?}}`. Codes do not change; README.md of this folder
 * says what each means.
 */
export const refusalStatus = {
  bad_input: 400,
  no_log_in: 401,
  wrong_key: 401,
  not_allowed: 403,
  wrong_csrf: 403,
  other_tenant: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  wrong_type: 415,
  over_rate: 429,
  fault: 500,
  log_in_failed: 502,
  not_ready: 503,
  no_accounts: 503,
} as const

export type RefusalCode = keyof typeof refusalStatus
export const refusalCodes = Object.keys(refusalStatus) as RefusalCode[]

export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode
  /** Each fault of the input on its own, where there are several. */
  readonly faults: readonly string[]

  /** `message` is shown: no secret, no value from an event. */
  constructor(code: RefusalCode, message: string, faults: readonly string[] = [], options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.faults = faults
  }

  get statusCode(): number {
    return refusalStatus[this.code]
  }
}

export interface RefusalBody {
  readonly error: { readonly code: RefusalCode; readonly message: string; readonly faults?: readonly string[] }
}

export const refusalBody = ({ code, message, faults }: Refusal): RefusalBody => ({
  error: { code, message, ...(faults.length > 0 && { faults }) },
})

interface Fault {
  readonly statusCode?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly validation?: readonly { readonly instancePath: string; readonly message?: string }[]
  readonly validationContext?: string
}

/** What fastify and its plugins refuse keeps its kind; everything unexpected is a fault of ours, told without its text. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const { statusCode, validation, validationContext, code } = (error ?? {}) as Fault
  if (validation !== undefined) {
    const faults = validation.map(({ instancePath, message = 'is wrong' }) =>
      `${validationContext ?? 'request'}${instancePath.replaceAll('/', '.')} ${message}`.slice(0, 300),
    )
    return new Refusal('bad_input', faults[0] ?? 'the request is not of its form', faults.slice(0, 10))
  }
  // The driver's word for a store that is away.
  if (code === 'WK_STORE_UNAVAILABLE')
    return new Refusal('not_ready', 'the store does not answer; try again', [], { cause: error })
  if (statusCode === 429) return new Refusal('over_rate', 'too many requests; wait for as long as Retry-After says')
  if (statusCode === 413) return new Refusal('too_large', 'the body is too large')
  if (statusCode === 415) return new Refusal('wrong_type', 'the Content-Type is neither JSON nor a form')
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
    return new Refusal('bad_input', 'the request cannot be read')
  return new Refusal('fault', 'the service has a fault; its log says more', [], { cause: error })
}
