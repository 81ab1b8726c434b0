/**
 * Work that is done after the host's message went on its way: capture costs more than forwarding, and must not stand in
 * its path. Bounded in number; what does not fit is refused at once, and the caller says `omitted`.
 */
export interface Later {
  /** False: there is no room. */
  do(work: () => void): boolean
  /** Does all that waits, now. */
  drain(): void
}

/** Milliseconds that one turn of the event loop gives to waiting work. */
const sliceMs = 4

export function createLater(room: number): Later {
  const waiting: (() => void)[] = []
  let scheduled = false

  const turn = (): void => {
    scheduled = false
    const until = performance.now() + sliceMs
    let done = 0
    while (done < waiting.length && (done === 0 || performance.now() < until)) waiting[done++]?.()
    waiting.splice(0, done)
    schedule()
  }
  const schedule = (): void => {
    if (scheduled || waiting.length === 0) return
    scheduled = true
    setImmediate(turn)
  }

  return {
    do(work) {
      if (waiting.length >= room) return false
      waiting.push(work)
      schedule()
      return true
    },
    drain() {
      for (const work of waiting.splice(0)) work()
    },
  }
}
