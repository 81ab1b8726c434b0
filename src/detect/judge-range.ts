/** The same detectors over a stretch of stored history: what a backtest asks for. Writes nothing. */
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import type { Catalogue } from './catalogue.js'
import type { Policies } from './contract.js'
import { type Exclusions, noExclusions } from './exclusion.js'
import { judgeSessions } from './judge-sessions.js'
import { judgeWindow } from './judge-window.js'
import { Jury, type Verdicts } from './jury.js'
import { defaultPolicy } from './policy.js'
import { createWatchdog } from './watchdog.js'
import { windowsIn } from './windows.js'

export interface RangeOptions {
  readonly store: Pick<Store, 'query' | 'resolveSessions' | 'sessionEvents'>
  /** Kept time in microseconds, [from, to): findings about what happened in it. */
  readonly from: number
  readonly to: number
  readonly catalogue: Catalogue
  /**
   * Which windows of query detectors: those that lie wholly in the range (history, of which the range is a part), or all that
   * touch it (recorded sessions, of which the range is all there is). Default: within.
   */
  readonly windows?: 'within' | 'touching'
  /** [] is all. */
  readonly tenants?: readonly string[]
  readonly policies?: Policies
  readonly exclusions?: Exclusions
  /** Microseconds of silence that end a session of records without a key. */
  readonly idle: number
  readonly budgetMs: number
  readonly now: () => number
  readonly log: Logger
  readonly telemetry: Telemetry
  readonly signal?: AbortSignal
  /** Told after each step: session keys judged, then windows of query detectors, of how many. */
  readonly progress?: (done: number, total: number, what: 'sessions' | 'windows') => void
}

export interface RangeVerdicts extends Verdicts {
  /** Session keys that were judged. */
  readonly sessions: number
  readonly windows: number
}

/** Session keys fetched together, and listed together. */
const together = 100
const listed = 50_000

/** In order of tenant and session; windows of query detectors that lie wholly in the range, oldest first. */
export async function judgeRange(options: RangeOptions): Promise<RangeVerdicts> {
  const {
    policies = () => defaultPolicy,
    exclusions = noExclusions,
    catalogue,
    now,
    log,
    telemetry,
    budgetMs,
    from,
    to,
    signal,
  } = options
  const jury = new Jury({ detectors: catalogue.session, policies, exclusions, budgetMs, now, log, telemetry })
  const findings: Verdicts['findings'][number][] = []
  const notEvaluated: Verdicts['notEvaluated'][number][] = []
  const add = (verdicts: Verdicts): void => {
    findings.push(...verdicts.findings)
    notEvaluated.push(...verdicts.notEvaluated)
  }

  const targets = catalogue.session.length === 0 ? [] : await sessionsIn(options)
  for (let at = 0; at < targets.length && !signal?.aborted; at += together) {
    const some = targets.slice(at, at + together)
    add(await judgeSessions(some, { ...options, jury, bounds: { from, to } }))
    options.progress?.(Math.min(at + together, targets.length), targets.length, 'sessions')
  }

  let windows = 0
  const watchdog = createWatchdog()
  const all = catalogue.query.length === 0 ? [] : await windowsOf(options)
  for (const { named, window } of all) {
    if (signal?.aborted) break
    add(await judgeWindow(named, window, { ...options, policies, watchdog, tenants: options.tenants ?? [] }))
    windows++
    options.progress?.(windows, all.length, 'windows')
  }
  const once = new Map(findings.map((finding) => [finding.fingerprint, finding]))
  return { findings: [...once.values()], notEvaluated, sessions: targets.length, windows }
}

/**
 * Windows with any record in them. Every query looks for something in its window, if only for the others beside a silence: one
 * without any record has nothing to judge, and most of a quiet night, and all before the first record ever, is such windows.
 */
async function windowsOf(options: RangeOptions) {
  const { catalogue, from, to, windows: which } = options
  const longest = Math.max(...catalogue.query.map(({ detector }) => detector.everySeconds * 1_000_000))
  const busy = await busyIn(options, longest)
  return catalogue.query.flatMap((named) => {
    const every = named.detector.everySeconds * 1_000_000
    const [first, last] =
      which === 'touching' ? [Math.floor(from / every) * every, Math.ceil(to / every) * every] : [from, to]
    return windowsIn(first, last, every)
      .filter((window) => busy.some((one) => one < window.to && one + bucket > window.from))
      .map((window) => ({ named, window }))
  })
}

/** Microseconds. */
const bucket = 300_000_000

/** Starts of the stretches in which anything was kept, as far as a window that touches the range may reach beyond it. */
async function busyIn({ store, from, to, tenants = [] }: RangeOptions, reach: number): Promise<number[]> {
  const rows = await store.query<{ start: string }>(
    `SELECT DISTINCT toUnixTimestamp(toStartOfFiveMinutes(kept_at)) AS start
     FROM events
     WHERE kept_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND kept_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
       AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})`,
    { from: from - reach, to: to + reach, tenants },
    { timeoutMs: 300_000 },
  )
  return rows.map(({ start }) => Number(start) * 1_000_000)
}

async function sessionsIn({ store, from, to, tenants = [] }: RangeOptions) {
  const found: { tenant: string; key: string; earliest: number }[] = []
  let after = { tenant: '', key: '' }
  for (;;) {
    const rows = await store.query<{ tenant: string; key: string; earliest: string }>(
      `SELECT tenant, session_key AS key, toUnixTimestamp64Micro(min(kept_at)) AS earliest
       FROM events
       WHERE kept_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND kept_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
         AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
         AND (tenant, session_key) > ({tenant:String}, {key:String})
       GROUP BY tenant, key
       ORDER BY tenant, key
       LIMIT {rows:UInt32}`,
      { from, to, tenants, rows: listed, ...after },
      { timeoutMs: 300_000 },
    )
    for (const row of rows) found.push({ ...row, earliest: Number(row.earliest) })
    const last = rows.at(-1)
    if (last === undefined || rows.length < listed) return found
    after = { tenant: last.tenant, key: last.key }
  }
}
