/**
 * Work that is done after the host's message went on its way: capture costs more than forwarding, and must not stand in
 * its path. Bounded in number and by what the contents weigh that wait; what does not fit is refused at once, and the caller says `omitted`.
 */
export interface Later {
  /** False: there is no room. `weight`: characters that the work holds on to. */
  do(work: () => void, weight: number): boolean
  /** Does all that waits, now. */
  drain(): void
}

/** Milliseconds that one turn of the event loop gives to waiting work. */
const sliceMs = 2

/** `room`: pieces of work, and characters in all of them together. */
export function createLater(room: { readonly pieces: number; readonly weight: number }): Later {
  const waiting: { readonly work: () => void; readonly weight: number }[] = []
  let held = 0
  let scheduled = false
  const finish = ({ work, weight }: (typeof waiting)[number]): void => {
    held -= weight
    work()
  }

  const turn = (): void => {
    scheduled = false
    const until = performance.now() + sliceMs
    let done = 0
    while (done < waiting.length && (done === 0 || performance.now() < until)) {
      const next = waiting[done++]
      if (next !== undefined) finish(next)
    }
    waiting.splice(0, done)
    schedule()
  }
  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return
    scheduled = true
    setImmediate(turn)
  }

  return {
    do(work, weight) {
      // One that is too heavy by itself has its turn when nothing else waits.
      if (waiting.length >= room.pieces || (waiting.length > 0 && held + weight > room.weight)) return false
      waiting.push({ work, weight })
      held += weight
      schedule()
      return true
    },
    drain() {
      for (const next of waiting.splice(0)) finish(next)
    },
  }
}
