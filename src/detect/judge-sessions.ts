/**
 * From session keys to verdicts: resolve, fetch, cut, judge. What both the live engine and a backtest do, so that a verdict
 * depends on what is in the store and on nothing else.
 */
import type { AuditEvent } from '../audit-event.js'
import type { SessionKey, Store } from '../store/index.js'
import type { Bounds, Jury, Verdicts } from './jury.js'
import { piecesOf, windowSize } from './sessions.js'

/** A session key, and the kept time (microseconds) from which on its anchors are to be judged. */
export interface Target extends SessionKey {
  readonly earliest: number
}

export interface JudgeOptions {
  readonly store: Pick<Store, 'resolveSessions' | 'sessionEvents'>
  readonly jury: Jury
  /** Microseconds of silence that end a session of records without a key. */
  readonly idle: number
  /** Anchors outside are not reported. */
  readonly bounds: Bounds
}

/** How far back, in microseconds, a session is looked at: what is older than a day before the first new record is left out. */
export const sessionReach = 86_400_000_000

/** Later than any record (kept time never leads the receiver's clock by more than an hour), and a time that a DateTime can hold: 2100. */
export const endOfTime = 4_102_444_800_000_000

/** Verdicts over the sessions of the given keys. Sessions are fetched together: hand over a hundred at a time. */
export async function judgeSessions(targets: readonly Target[], options: JudgeOptions): Promise<Verdicts> {
  const findings: Verdicts['findings'][number][] = []
  const notEvaluated: Verdicts['notEvaluated'][number][] = []
  let windows: Window[] = await sessionsOf(targets, options.store)
  while (windows.length > 0) {
    const fetched = await options.store.sessionEvents(windows.map(requestOf))
    windows = windows.flatMap((window, index) => {
      const events = fetched[index] ?? []
      const earlier = windowBefore(window, events)
      const truncated = events.length >= windowSize
      const judged = truncated ? (earlier === undefined ? window.earliest : earlier.to + 1) : 0
      const from = Math.max(options.bounds.from, judged)
      const cut = { tenant: window.tenant, id: window.id, idle: options.idle, truncated }
      for (const piece of piecesOf(events, cut)) {
        const verdicts = options.jury.judge(piece, { from, to: Math.min(options.bounds.to, window.to + 1) })
        findings.push(...verdicts.findings)
        notEvaluated.push(...verdicts.notEvaluated)
      }
      return earlier === undefined ? [] : [earlier]
    })
  }
  return { findings, notEvaluated }
}

/** Up to {@link windowSize} events of a session that end at `to`. */
interface Window {
  readonly tenant: string
  readonly id: string
  readonly keys: readonly string[]
  readonly earliest: number
  readonly to: number
}

async function sessionsOf(targets: readonly Target[], store: JudgeOptions['store']): Promise<Window[]> {
  const resolved = await store.resolveSessions(targets.map(({ tenant, key }) => ({ tenant, key })))
  const sessions = new Map<string, Window>()
  targets.forEach(({ tenant, key, earliest }, index) => {
    const keys = resolved[index] ?? [key]
    const id = keys[0] ?? key
    const name = JSON.stringify([tenant, id])
    const already = sessions.get(name)
    sessions.set(name, {
      tenant,
      id,
      keys,
      earliest: Math.min(earliest, already?.earliest ?? earliest),
      to: endOfTime,
    })
  })
  return [...sessions.values()]
}

const requestOf = ({ tenant, keys, earliest, to }: Window) => ({
  tenant,
  keys,
  from: Math.max(0, earliest - sessionReach),
  to,
  limit: windowSize,
})

/**
 * A full window means that there may be more before it. Anchors in its first half are then left to the window that ends in
 * its middle, in which more came before them: so every anchor is judged on at least half a window of its past. Not needed
 * where all that is to be judged stands in the second half.
 */
function windowBefore(window: Window, events: readonly AuditEvent[]): Window | undefined {
  if (events.length < windowSize) return undefined
  const kept = events.map(({ keptAt }) => keptAt).sort((a, b) => a - b)
  const middle = kept[Math.floor(kept.length / 2)] ?? 0
  // Half a window within one microsecond: going on would ask for the same again.
  if (middle >= window.to || middle < window.earliest) return undefined
  return { ...window, to: middle }
}
