/**
 * Event time: microseconds since 1970, finer than `Date.now()` and strictly increasing within a process. What depends on
 * what is judged by "ended before it started", so two stamps of one process must never be equal or out of order.
 */
const driftMs = 20

export function eventClock(
  wallMs: () => number = Date.now,
  monotonicMs: () => number = () => performance.now(),
): () => number {
  let offset = wallMs() - monotonicMs()
  let last = 0
  return () => {
    const wall = wallMs()
    let now = monotonicMs() + offset
    if (Math.abs(now - wall) > driftMs) {
      // The wall clock was set, or the machine slept. A step back of more than a second is followed, else time would stand still.
      offset += wall - now
      now = wall
      if (last - now * 1000 > 1_000_000) last = 0
    }
    last = Math.max(Math.round(now * 1000), last + 1)
    return last
  }
}
