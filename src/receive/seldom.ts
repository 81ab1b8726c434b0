/** Lets one line a minute of each kind through to the log, with how many were held back: a sender must not fill the disk. */
export class Seldom {
  readonly #now: () => number
  readonly #last = new Map<string, { at: number; held: number }>()

  /** `now` in microseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Calls `write` with the number of lines held back since the last, unless it is too soon. */
  line(kind: string, write: (heldBack: number) => void): void {
    const at = this.#now()
    const last = this.#last.get(kind)
    if (last !== undefined && at - last.at < 60_000_000) {
      last.held += 1
      return
    }
    this.#last.set(kind, { at, held: 0 })
    write(last?.held ?? 0)
  }
}
