/**
 * Records a second for each ingest key: a bucket that holds one second's worth. A batch is taken whole when anything is
 * left, and may leave a debt that the key waits out: so a batch that is larger than the rate can still be sent.
 */
import { Refusal } from './refusal.js'

export class RateLimit {
  readonly #perSecond: number
  readonly #now: () => number
  readonly #buckets = new Map<string, { left: number; at: number }>()

  /** `perSecond` 0 is no limit. `now` in microseconds. */
  constructor(perSecond: number, now: () => number) {
    this.#perSecond = perSecond
    this.#now = now
  }

  /** Throws `over_rate` with the seconds to wait. */
  check(key: string): void {
    if (this.#perSecond === 0) return
    const { left } = this.#bucket(key)
    if (left <= 0) {
      const seconds = Math.max(1, Math.ceil(-left / this.#perSecond))
      throw new Refusal('over_rate', `this key sends more than ${this.#perSecond} records a second`, seconds)
    }
  }

  charge(key: string, records: number): void {
    if (this.#perSecond > 0) this.#bucket(key).left -= records
  }

  #bucket(key: string): { left: number; at: number } {
    const at = this.#now()
    const bucket = this.#buckets.get(key) ?? { left: this.#perSecond, at }
    bucket.left = Math.min(this.#perSecond, bucket.left + ((at - bucket.at) / 1e6) * this.#perSecond)
    bucket.at = at
    this.#buckets.set(key, bucket)
    return bucket
  }
}
