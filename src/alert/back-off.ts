/** How long to wait after a failed attempt. */
const firstMs = 2_000
const longestMs = 600_000

/**
 * Doubles from 2 s to 10 min. Jitter takes up to half away, so that deliveries which failed together do not come back
 * together; on top of a receiver's own `Retry-After` it adds up to a tenth, never less than was asked. Milliseconds.
 *
 * @param attempt 1 for the first that failed
 * @param random  0..1
 */
export function backOffMs(attempt: number, random: number, afterMs = 0): number {
  const doubled = Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(Math.max(doubled * (1 - random / 2), afterMs * (1 + random / 10)))
}
