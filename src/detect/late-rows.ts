/**
 * Rows that came after their windows had been judged: what an SDK kept on disk while we could not be reached, a producer that was
 * offline, a replay. Their windows are judged again, once no more of them come; findings have a stable identity, so that only new ones
 * are told. Times in microseconds.
 */
import type { Store } from '../store/index.js'
import { catchUp, type Window } from './windows.js'

/** A stretch of kept time, and when the first and the last of the rows that are new in it were stored. */
interface Arrival {
  readonly start: number
  readonly firstStored: number
  readonly lastStored: number
}

const second = 1_000_000
const stretch = 60 * second
/** Rows become visible later than their stored time says; a writer's clock may differ. */
const overlap = 60 * second
const lookEvery = 10 * second
/** Once an hour rows are looked for whose writer took much longer than that. */
const sweepEvery = 3_600 * second
const sweepBack = 86_400 * second
/** Windows are judged again when nothing late came for this long, or have waited this long. */
const rest = 60 * second
const longestWait = 600 * second

/** Windows of one detector that wait to be judged again, by their start. */
type Waiting = Map<number, { readonly window: Window; first: number; last: number }>

export class LateRows {
  readonly #store: Pick<Store, 'query'>
  #position: number
  #lookedAt = 0
  #sweptAt: number
  #waiting = new Map<string, Waiting>()
  /** When each stretch got its last row, as far as it was seen: a sweep finds most of them again. */
  #seen = new Map<number, number>()

  /** `position`: what was stored before has been looked at. */
  constructor(store: Pick<Store, 'query'>, position: number, now: number) {
    this.#store = store
    this.#position = position
    this.#sweptAt = now
  }

  /** Notes windows that were judged before rows of theirs were stored. `judged` is the end of a detector's last judged window. */
  async look(
    detectors: readonly {
      readonly id: string
      readonly every: number
      readonly settle: number
      readonly judged: number
    }[],
    now: number,
  ): Promise<void> {
    if (now - this.#lookedAt < lookEvery) return
    const sweep = now - this.#sweptAt >= sweepEvery
    const arrivals = await this.#arrivals(this.#position - (sweep ? sweepBack : overlap), now - catchUp.reach)
    for (const { start, firstStored, lastStored } of arrivals) {
      if ((this.#seen.get(start) ?? 0) >= lastStored) continue
      this.#seen.set(start, lastStored)
      for (const { id, every, settle, judged } of detectors) {
        for (let from = Math.floor(start / every) * every; from < start + stretch; from += every) {
          const window = { from, to: from + every }
          // Not yet judged, or all was there when it was.
          if (window.to > judged || lastStored < window.to + settle) continue
          const waiting = this.#waiting.get(id) ?? new Map()
          this.#waiting.set(id, waiting)
          const known = waiting.get(from)
          waiting.set(from, { window, first: known?.first ?? firstStored, last: lastStored })
        }
      }
    }
    for (const start of this.#seen.keys()) if (start < now - catchUp.reach) this.#seen.delete(start)
    this.#lookedAt = now
    this.#position = now
    if (sweep) this.#sweptAt = now
  }

  /** Windows of a detector that are to be judged again now, oldest first. */
  due(detector: string, now: number): readonly Window[] {
    return [...(this.#waiting.get(detector)?.values() ?? [])]
      .filter(({ first, last }) => now - last >= rest || now - first >= longestWait)
      .map(({ window }) => window)
      .sort((a, b) => a.from - b.from)
  }

  judged(detector: string, window: Window): void {
    this.#waiting.get(detector)?.delete(window.from)
  }

  /** Before this, all that came late has been judged. */
  get watermark(): number {
    const waiting = [...this.#waiting.values()].flatMap((windows) => [...windows.values()])
    return Math.min(this.#position, ...waiting.map(({ first }) => first))
  }

  async #arrivals(since: number, oldest: number): Promise<readonly Arrival[]> {
    const rows = await this.#store.query<Record<'start' | 'first' | 'last', string>>(
      `SELECT toUnixTimestamp(toStartOfMinute(kept_at)) AS start, toUnixTimestamp64Micro(min(stored_at)) AS first,
         toUnixTimestamp64Micro(max(stored_at)) AS last
       FROM events
       WHERE stored_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC') AND kept_at >= fromUnixTimestamp64Micro({oldest:Int64}, 'UTC')
       GROUP BY start`,
      { since: Math.max(0, since), oldest: Math.max(0, oldest) },
    )
    return rows.map(({ start, first, last }) => ({
      start: Number(start) * second,
      firstStored: Number(first),
      lastStored: Number(last),
    }))
  }
}
