/** That a connection is still there, told now and then: so that a silent peer can be told from one that is gone. */

interface Beating {
  heartbeat(): void
}

/**
 * Beats every so many milliseconds until it is stopped. Keeps neither the process alive nor the connection in memory: a
 * transport that its host forgot without closing it stops beating once it is collected.
 */
export function keepBeating(connection: Beating, everyMs: number): () => void {
  const held = new WeakRef(connection)
  const timer = setInterval(() => {
    const alive = held.deref()
    if (alive === undefined) clearInterval(timer)
    else alive.heartbeat()
  }, everyMs).unref()
  return () => clearInterval(timer)
}
