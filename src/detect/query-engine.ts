/**
 * Live detection by query: every detector's next windows, once they ended and settled. Each detector has a watermark of its
 * own, so one whose query fails falls behind alone; what it can catch up with is bounded. Windows that rows came late to are judged again.
 */
import { createHash } from 'node:crypto'
import type { Shares } from '../bus/index.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { Bench } from './bench.js'
import type { Named } from './catalogue.js'
import type { Policies, QueryDetector } from './contract.js'
import type { Exclusions } from './exclusion.js'
import { judgeWindow } from './judge-window.js'
import { LateRows } from './late-rows.js'
import type { Recorder } from './recorder.js'
import { createWatchdog } from './watchdog.js'
import type { Watermarks } from './watermarks.js'
import { planWindows, type Window } from './windows.js'

export interface QueryEngineOptions {
  readonly detectors: readonly Named<QueryDetector>[]
  readonly store: Store
  readonly shares: Shares
  readonly policies: Policies
  readonly exclusions: Exclusions
  readonly recorder: Recorder
  readonly watermarks: Watermarks
  /** Milliseconds of one `judge(row)`. */
  readonly budgetMs: number
  /** Microseconds since 1970. */
  readonly now: () => number
  readonly log: Logger
  readonly telemetry: Telemetry
}

const namePrefix = 'detect/query/'
const latePrefix = 'detect/query-late/'
/** Of a service that never looked for them before. */
const lateReach = 86_400_000_000
const saveEvery = 60_000_000
const micros = 1_000_000

export class QueryEngine {
  readonly #options: QueryEngineOptions
  readonly #watchdog = createWatchdog()
  readonly #bench = new Bench()
  /** End of the last judged window, by detector; read from the store when the shares changed. */
  #last = new Map<string, number>()
  #owned = ''
  #late: LateRows | undefined
  #lateSaved = 0

  constructor(options: QueryEngineOptions) {
    this.#options = options
  }

  /** One look; true when there is more to catch up with. */
  async tick(signal?: AbortSignal): Promise<boolean> {
    const { shares, watermarks, detectors, store, now } = this.#options
    const owned = shares.owned()
    const names = [...owned].sort((a, b) => a - b).join()
    const ours = detectors.filter(({ id }) => owned.has(shareOf(id, shares.total)))
    if (names !== this.#owned || this.#late === undefined) {
      const marks = await watermarks.read(namePrefix)
      this.#last = new Map(marks.map(({ name, position }) => [name.slice(namePrefix.length), position]))
      const late = new Map((await watermarks.read(latePrefix)).map(({ name, position }) => [name, position]))
      const positions = ours.map(({ id }) => late.get(latePrefix + id) ?? now() - lateReach)
      this.#late = new LateRows(store, Math.min(now(), ...positions), now())
      this.#owned = names
    }
    const late = this.#late
    await this.#lookForLate(late, ours)
    const due = ours
      .filter(({ id }) => !this.#bench.rests(id, '', now()))
      .map((named) => ({ named, plan: this.#plan(named), late: late.due(named.id, now()) }))
      .filter(({ plan, late: again }) => plan.windows.length > 0 || again.length > 0)
    if (due.length === 0) return false
    await store.refreshRollups()
    let more = false
    for (const { named, plan, late: again } of due) {
      if (plan.skipped > 0)
        this.#options.log.warn(
          { detector: named.id, windows: plan.skipped },
          'windows were too long ago and are left out',
        )
      let judged = true
      for (const window of plan.windows) {
        judged = !signal?.aborted && (await this.#judge(named, window, signal))
        if (!judged) break
        await this.#advance(named.id, window.to)
      }
      for (const window of judged ? again : []) {
        judged = !signal?.aborted && (await this.#judge(named, window, signal))
        if (!judged) break
        late.judged(named.id, window)
      }
      // What failed is tried again at the next look, not at once.
      more ||= judged && this.#plan(named).windows.length > 0
    }
    return more
  }

  #plan({ id, detector }: Named<QueryDetector>) {
    const { everySeconds, settleSeconds } = detector
    return planWindows(this.#last.get(id), this.#options.now(), everySeconds * micros, settleSeconds * micros)
  }

  /** False when the window stays to be judged. */
  async #judge(named: Named<QueryDetector>, window: Window, signal: AbortSignal | undefined): Promise<boolean> {
    const { recorder, now, telemetry, budgetMs, store, policies, exclusions } = this.#options
    const { id } = named
    const began = now()
    try {
      const options = {
        store,
        policies,
        exclusions,
        watchdog: this.#watchdog,
        budgetMs,
        now,
        tenants: [],
        ...(signal ? { signal } : {}),
      }
      const { findings, notEvaluated, run } = await judgeWindow(named, window, options)
      telemetry.count('detect', 'received', run.sessions, id)
      await recorder.findings(findings)
      await recorder.notEvaluated(notEvaluated)
      await recorder.runs([run])
      if (run.outcome !== 'ok') this.#report(id, run.outcome, run.reason)
      else this.#bench.succeeded(id, '')
    } catch (error) {
      // The store's own troubles are not the detector's: the engine's caller waits and looks again.
      if (!(error instanceof WatchkeeperError) || error.retryable || signal?.aborted) throw error
      this.#bench.failed(id, '', String(now()), now())
      this.#report(id, 'error', error.code)
      await recorder.runs([
        {
          detector: id,
          tenant: '',
          started_at: began,
          duration_us: Math.max(0, Math.round(now() - began)),
          sessions: 0,
          findings: 0,
          outcome: 'error',
          reason: error.code,
        },
      ])
      return false
    }
    return true
  }

  async #advance(id: string, to: number): Promise<void> {
    const { watermarks, now } = this.#options
    this.#last.set(id, to)
    await watermarks.write([{ name: `${namePrefix}${id}`, position: to }], now())
  }

  async #lookForLate(late: LateRows, ours: readonly Named<QueryDetector>[]): Promise<void> {
    const { watermarks, now } = this.#options
    const judged = ours.map(({ id, detector: { everySeconds, settleSeconds } }) => {
      const [every, settle] = [everySeconds * micros, settleSeconds * micros]
      // One that never judged begins with its latest window: what arrives now for those before is news all the same.
      const last = this.#last.get(id) ?? Math.floor((now() - settle) / every - 1) * every
      return { id, every, settle, judged: last }
    })
    await late.look(judged, now())
    if (judged.length > 0 && now() - this.#lateSaved >= saveEvery) {
      const position = late.watermark
      await watermarks.write(
        judged.map(({ id }) => ({ name: latePrefix + id, position })),
        now(),
      )
      this.#lateSaved = now()
    }
  }

  #report(detector: string, outcome: string, reason: string): void {
    this.#options.telemetry.count('detect', 'failed', 1, `${outcome}:${detector}`)
    this.#options.log.warn({ detector, outcome, reason }, 'a query detector failed')
  }
}

/** Which share of the work a detector is. */
const shareOf = (id: string, total: number): number =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % Math.max(1, total)
