/**
 * Windows of query detectors: [k·every, (k+1)·every) since 1970, so that whoever judges, and whenever it started, judges the
 * same ones. All times in microseconds.
 */
export interface Window {
  readonly from: number
  readonly to: number
}

/** The windows that lie wholly in [from, to), oldest first, at most `most` of them. */
export function windowsIn(from: number, to: number, every: number, most = Number.POSITIVE_INFINITY): Window[] {
  const windows: Window[] = []
  for (let start = Math.ceil(from / every) * every; start + every <= to && windows.length < most; start += every)
    windows.push({ from: start, to: start + every })
  return windows
}

export interface Plan {
  /** To be judged now, oldest first. */
  readonly windows: readonly Window[]
  /** Windows given up because they are older than what is caught up with. */
  readonly skipped: number
}

/** How far a query detector goes back after a downtime, and how many windows it judges in one look. */
export const catchUp = { reach: 7 * 86_400_000_000, together: 24 } as const

/**
 * What is due at `now`, given the end of the last judged window (`undefined`: none ever, then only the latest one is, since
 * findings about last week would not be news to anybody).
 */
export function planWindows(last: number | undefined, now: number, every: number, settle: number): Plan {
  const end = Math.floor((now - settle) / every) * every
  const from = last ?? end - every
  const begin = Math.max(from, Math.ceil((end - catchUp.reach) / every) * every)
  return {
    windows: windowsIn(begin, end, every, catchUp.together),
    skipped: Math.max(0, Math.round((begin - from) / every)),
  }
}
