/**
 * The last moments of the host's process. `beforeExit` is used always: a program that has nothing left to do waits a
 * little for its records. So is `exit`, for what can be done at once. A listener for SIGTERM switches off the default (the
 * process ends), and libraries that ask whether they are the only one are answered wrongly: so it is for the host to ask for.
 */

export interface Ending {
  /** Sends what waits, for at most so many milliseconds. */
  flush(timeoutMs: number): Promise<void>
  /** What can be done without waiting: nothing else is, any more. */
  last(): void
  readonly onSigterm: boolean
}

const patienceMs = 2000
const endings = new Set<Ending>()

/** Returns how to forget it. However many there are, the process gets one listener of each sort. */
export function beforeProcessEnds(ending: Ending): () => void {
  if (endings.size === 0) {
    process.on('beforeExit', flushAll)
    process.on('exit', lastOfAll)
  }
  endings.add(ending)
  if (ending.onSigterm && !process.listeners('SIGTERM').includes(terminate)) process.on('SIGTERM', terminate)
  return () => {
    endings.delete(ending)
    if (![...endings].some(({ onSigterm }) => onSigterm)) process.off('SIGTERM', terminate)
    if (endings.size > 0) return
    process.off('beforeExit', flushAll)
    process.off('exit', lastOfAll)
  }
}

function flushAll(): void {
  // Once: what could not be sent now shall not keep the process for another round.
  process.off('beforeExit', flushAll)
  for (const ending of endings) void ending.flush(patienceMs)
}

function lastOfAll(): void {
  for (const ending of endings) ending.last()
}

/** Flushes; then the process ends as it would have, unless the host has a listener too: then that is the host's matter. */
function terminate(): void {
  const alone = process.listenerCount('SIGTERM') === 1
  const flushed = [...endings].filter(({ onSigterm }) => onSigterm).map((ending) => ending.flush(patienceMs))
  void Promise.all(flushed).then(() => {
    if (!alone) return
    process.off('SIGTERM', terminate)
    process.kill(process.pid, 'SIGTERM')
  })
}
