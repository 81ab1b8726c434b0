/** Long work on many records, such that the rest of the process goes on meanwhile. */
import { setImmediate } from 'node:timers/promises'

/** Records between two pauses: some tens of milliseconds. */
const slice = 256

/** Does `each` to every item, with a pause now and then for timers, probes and other requests. */
export async function inSlices<T>(items: Iterable<T>, each: (item: T) => void): Promise<void> {
  let count = 0
  for (const item of items) {
    each(item)
    count += 1
    if (count % slice === 0) await setImmediate()
  }
}

/**
 * Does one piece of work after the other. Decoded, a large request takes several times its bytes: of those only one at a
 * time is worked on.
 */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}
