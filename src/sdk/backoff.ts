/**
 * How long to wait before the next attempt: exponential with full jitter, so that many senders that failed together do not
 * come back together. (Exponential Backoff And Jitter, M. Brooker, AWS Architecture Blog, 2015.)
 */
export interface Backoff {
  readonly firstMs: number
  readonly mostMs: number
}

/** Milliseconds. `attempt` counts from 0. What the other side asked for (`Retry-After`) is kept to, plus up to a quarter more. */
export function waitBefore(
  attempt: number,
  { firstMs, mostMs }: Backoff,
  askedMs: number | undefined,
  random: () => number = Math.random,
): number {
  if (askedMs !== undefined) return Math.min(askedMs, 10 * mostMs) * (1 + random() / 4)
  const ceiling = Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 30))
  // Never 0: a sender that spins is worse than one that waits a little too long.
  return Math.max(firstMs / 2, ceiling * random())
}

/** Waits, or ends early when the signal is aborted. With `unref`, the wait does not keep a process alive. */
export function pause(ms: number, signal?: AbortSignal, { unref = false } = {}): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (unref) timer.unref()
    signal?.addEventListener('abort', done, { once: true })
  })
}
