/** Holds a sender to so many records a second, counted from the start: a pause of the receiver is caught up with. */
import { pause } from '@watchkeeper/sdk/backoff'

export interface Pace {
  /** Resolves when it is time for this many more records. */
  turn(records: number): Promise<void>
}

/** `perSecond` 0 is no limit. */
export function createPace(perSecond: number, signal: AbortSignal, now: () => number): Pace {
  const start = now()
  let before = 0
  return {
    async turn(records) {
      const due = perSecond === 0 ? start : start + (before / perSecond) * 1000
      before += records
      if (due > now()) await pause(due - now(), signal)
    },
  }
}
