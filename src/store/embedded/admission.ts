/** How many operations of one user run at once and how many wait; beyond that the answer is "too many" at once, before memory is gone. */
import { Fault } from './fault.js'

export class Admission {
  readonly #slots: number
  readonly #places: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(slots: number, places: number) {
    this.#slots = slots
    this.#places = places
  }

  /** Runs `work` when there is a slot; one whose client left while it waited does not run. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#slots) this.#running += 1
    else {
      if (this.#waiting.length >= this.#places)
        throw new Fault(
          'TOO_MANY_SIMULTANEOUS_QUERIES',
          `Too many simultaneous queries: ${this.#slots} run and ${this.#places} wait`,
        )
      // A slot is handed over, so the count stays the same.
      await new Promise<void>((go) => this.#waiting.push(go))
    }
    try {
      if (signal.aborted) throw new Fault('QUERY_WAS_CANCELLED', 'The client left before the query began')
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
