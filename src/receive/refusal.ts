/** A request that is answered with a `Status` and nothing kept: what the exporter is told, and whether it shall try again. */
export const refusals = {
  unreadable: 400,
  no_key: 401,
  bad_host: 403,
  unknown_path: 404,
  wrong_method: 405,
  too_slow: 408,
  too_large: 413,
  wrong_type: 415,
  over_rate: 429,
  busy: 503,
  stopping: 503,
  bus_full: 503,
  bus_unavailable: 503,
  fault: 503,
} as const satisfies Record<string, number>

/** Closed list: also the reason in our counters. */
export type RefusalReason = keyof typeof refusals

export class Refusal extends Error {
  readonly reason: RefusalReason
  /** Seconds, for `Retry-After`; only with 429 and 503. */
  readonly retryAfter: number | undefined

  /** The message goes to the exporter: it never quotes the request. */
  constructor(reason: RefusalReason, message: string, retryAfter?: number) {
    super(message)
    this.reason = reason
    this.retryAfter = retryAfter ?? (refusals[reason] === 503 || refusals[reason] === 429 ? 1 : undefined)
  }

  get status(): number {
    return refusals[this.reason]
  }
}
