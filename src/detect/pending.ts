/**
 * Which sessions have something new, and since when they wait to be judged. Pure bookkeeping, bounded in memory.
 *
 * New is told by counting: the store counts the records of a session by the minute they were stored in, and a count that
 * grew means that some were not seen yet. So records that become visible late are noticed whenever their minute is looked at
 * again, with one number a session and minute in memory instead of every record's id.
 */

/** Records of one session key that were stored in one minute. Times in microseconds. */
export interface Arrival {
  readonly tenant: string
  readonly key: string
  /** Start of the minute, in stored time. */
  readonly minute: number
  readonly records: number
  /** Earliest kept time among them. */
  readonly earliest: number
}

/** A session key that waits. */
export interface Waiting {
  readonly tenant: string
  readonly key: string
  /** Kept time from which on anchors must be judged. */
  earliest: number
  /** Stored time of the first minute that is not judged: no watermark may pass it. */
  storedFrom: number
  /** Engine's time: when it began to wait, and when something last arrived. */
  since: number
  last: number
  /** Judged already, but for verdicts that rest on absence: these are due then. 0 for what is not judged yet. */
  notBefore: number
}

export interface PendingOptions {
  /** Microseconds a session must rest before it is judged; one that never rests is judged after ten times as long. */
  readonly rest: number
  /** Counts kept, default 1,000,000; beyond it the oldest are forgotten and their sessions at worst judged once more. */
  readonly remembered?: number
}

export class Pending {
  readonly #rest: number
  readonly #remembered: number
  readonly #counts = new Map<string, { minute: number; records: number }>()
  readonly #waiting = new Map<string, Waiting>()

  constructor({ rest, remembered = 1_000_000 }: PendingOptions) {
    this.#rest = rest
    this.#remembered = remembered
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Takes note of what the store counts now; returns whether there was something new. */
  arrived(arrival: Arrival, now: number): boolean {
    const { tenant, key, minute, records, earliest } = arrival
    const name = JSON.stringify([tenant, key, minute])
    if ((this.#counts.get(name)?.records ?? 0) >= records) return false
    this.#counts.delete(name)
    this.#counts.set(name, { minute, records })
    for (const oldest of this.#counts.keys()) {
      if (this.#counts.size <= this.#remembered) break
      this.#counts.delete(oldest)
    }
    this.wait({ tenant, key, earliest, storedFrom: minute, since: now, last: now, notBefore: 0 })
    return true
  }

  /** Puts a session among those that wait (again). */
  wait(waiting: Waiting): void {
    const name = JSON.stringify([waiting.tenant, waiting.key])
    const already = this.#waiting.get(name)
    if (already === undefined) {
      this.#waiting.set(name, { ...waiting })
      return
    }
    already.earliest = Math.min(already.earliest, waiting.earliest)
    already.storedFrom = Math.min(already.storedFrom, waiting.storedFrom)
    already.since = Math.min(already.since, waiting.since)
    already.last = Math.max(already.last, waiting.last)
    already.notBefore = Math.min(already.notBefore, waiting.notBefore)
  }

  /** Those that rested long enough, at most `limit`, longest waiting first. They stay until {@link done}. */
  due(now: number, limit: number): Waiting[] {
    const due: Waiting[] = []
    for (const waiting of this.#waiting.values()) {
      if (due.length >= limit) break
      if (this.#isDue(waiting, now)) due.push(waiting)
    }
    return due
  }

  #isDue({ last, since, notBefore }: Waiting, now: number): boolean {
    if (notBefore > 0) return now >= notBefore
    return now - last >= this.#rest || now - since >= 10 * this.#rest
  }

  done(waiting: Waiting): void {
    this.#waiting.delete(JSON.stringify([waiting.tenant, waiting.key]))
  }

  /** Stored time before which everything is judged; `undefined` when nothing waits. */
  storedFrom(): number | undefined {
    let earliest: number | undefined
    for (const { storedFrom } of this.#waiting.values()) earliest = Math.min(earliest ?? storedFrom, storedFrom)
    return earliest
  }

  /** Since when the one waits that waits longest to be judged for the first time, engine's time; `undefined` when none does. */
  waitingSince(): number | undefined {
    let longest: number | undefined
    for (const { since, notBefore } of this.#waiting.values())
      if (notBefore === 0) longest = Math.min(longest ?? since, since)
    return longest
  }

  /** Forgets the counts of minutes before `minute`. */
  forget(minute: number): void {
    for (const [name, count] of this.#counts) if (count.minute < minute) this.#counts.delete(name)
  }

  /** As if nothing had ever been seen: every session that is looked at again will be judged again. */
  forgetAll(): void {
    this.#counts.clear()
  }
}
