/**
 * All session detectors over one piece of a session. One that throws, hangs or dawdles is reported and does not stop the
 * others; what it could not judge is *not evaluated*, never *clean*.
 */
import type { Finding } from '../finding.js'
import type { Logger } from '../log.js'
import type { InsertRows } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { Bench } from './bench.js'
import type { Named } from './catalogue.js'
import { type Draft, isNotEvaluated, type Policies, type Session, type SessionDetector } from './contract.js'
import type { Exclusions } from './exclusion.js'
import { sessionFinding } from './finding.js'
import type { Piece } from './sessions.js'
import { createWatchdog, type Watched } from './watchdog.js'

export interface JuryOptions {
  readonly detectors: readonly Named<SessionDetector>[]
  readonly policies: Policies
  /** Default: none. */
  readonly exclusions?: Exclusions
  /** Milliseconds of one detector on one piece: slower is reported, and ten times as long is ended. */
  readonly budgetMs: number
  /** Microseconds since 1970. */
  readonly now: () => number
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Repeated offenders sit out (a backtest lets everybody play, since it must come out the same each time). */
  readonly bench?: Bench
}

export interface Bounds {
  /** Kept time in microseconds: anchors outside [from, to) are somebody else's. */
  readonly from: number
  readonly to: number
}

export type NotEvaluatedRow = InsertRows['not_evaluated']
export type RunRow = InsertRows['detector_runs']

export interface Verdicts {
  readonly findings: readonly Finding[]
  readonly notEvaluated: readonly NotEvaluatedRow[]
}

/** How many times the budget a detector may take before it is ended. */
const patience = 10
/** How many times that all detectors together may take on one piece: those that hang sit out soon, and until then hold up no others. */
const patienceTogether = 2

export class Jury {
  readonly bench: Bench
  /** Longest settle time of all, in microseconds. */
  readonly settle: number
  readonly #options: JuryOptions
  readonly #watched = createWatchdog()
  #runs = new Map<string, RunRow>()

  constructor(options: JuryOptions) {
    this.#options = options
    this.bench = options.bench ?? new Bench()
    this.settle = Math.max(0, ...options.detectors.map(({ detector }) => detector.settleMs)) * 1000
  }

  judge(piece: Piece, bounds: Bounds): Verdicts {
    const session: Session = { ...piece, policy: this.#options.policies(piece.tenant) }
    const { detectors, budgetMs, now } = this.#options
    const end = now() + budgetMs * patience * patienceTogether * 1000
    const each = detectors.map((named) => {
      const leftMs = (end - now()) / 1000
      return leftMs < 1
        ? this.#crowdedOut(named, session)
        : this.#judgeOne(named, session, bounds, Math.min(budgetMs * patience, leftMs))
    })
    return { findings: each.flatMap(({ findings }) => findings), notEvaluated: each.flatMap((one) => one.notEvaluated) }
  }

  /** What the detectors did since the last call, a row for each detector, tenant and outcome. */
  takeRuns(): RunRow[] {
    const runs = [...this.#runs.values()]
    this.#runs = new Map()
    return runs
  }

  /** No fault of its own: it does not sit out, and has its turn when the session is judged again. */
  #crowdedOut({ id }: Named<SessionDetector>, session: Session): Verdicts {
    const { now, telemetry } = this.#options
    telemetry.count('detect', 'failed', 1, `crowded_out:${id}`)
    this.#ran(id, session.tenant, now(), 0, 'crowded_out', '', 0)
    return notEvaluated(id, session, now(), 'detector', 'others used up the time that all detectors have for a session')
  }

  #judgeOne(named: Named<SessionDetector>, session: Session, bounds: Bounds, limitMs: number): Verdicts {
    const { budgetMs, now, telemetry, bench } = this.#options
    const began = now()
    const nothing = (input: string, because: string): Verdicts => notEvaluated(named.id, session, began, input, because)
    if (bench?.rests(named.id, session.tenant, began))
      return nothing('detector', 'the detector sits out after failures')

    telemetry.count('detect', 'received', 1, named.id)
    // Also what is made of the verdict runs under the watchdog: a detector may return anything.
    const watched = this.#watched((): Verdicts => {
      const verdict = named.detector.judge(session)
      if (isNotEvaluated(verdict)) return nothing(verdict.notEvaluated, verdict.because)
      const settled = began - named.detector.settleMs * 1000
      const findings = verdict
        .filter(({ anchor }) => isWithin(anchor, bounds, settled, named.detector))
        .map((draft) => sessionFinding(named, session, draft, began, this.#options.exclusions))
      return { findings, notEvaluated: [] }
    }, Math.ceil(limitMs))
    const took = now() - began
    if (watched.ended !== 'ok') {
      this.#failed(named.id, session, began, took, watched)
      return nothing('detector', watched.ended === 'timeout' ? 'the detector took too long' : 'the detector failed')
    }
    if (took > budgetMs * 1000) {
      this.#failed(named.id, session, began, took, watched)
    } else {
      bench?.succeeded(named.id, session.tenant)
      this.#ran(named.id, session.tenant, began, took, 'ok', '', watched.value.findings.length)
    }
    return watched.value
  }

  #failed(detector: string, session: Session, began: number, took: number, watched: Watched<unknown>): void {
    const { log, telemetry, bench } = this.#options
    const outcome = watched.ended === 'ok' ? 'over_budget' : watched.ended
    // The message of an error may quote an event; its kind and the place are ours.
    const reason = watched.ended === 'error' ? kindOf(watched.error) : ''
    const where = watched.ended === 'error' ? placeOf(watched.error) : ''
    const until = bench?.failed(detector, session.tenant, session.id, began) ?? 0
    telemetry.count('detect', 'failed', 1, `${outcome}:${detector}`)
    log.warn(
      {
        detector,
        tenant: session.tenant,
        outcome,
        reason,
        where,
        tookMs: Math.round(took / 1000),
        events: session.events.length,
      },
      until === 0
        ? 'a detector failed on a session'
        : `a detector failed and sits out until ${new Date(until / 1000).toISOString()}`,
    )
    this.#ran(detector, session.tenant, began, took, outcome, reason, 0)
  }

  #ran(
    detector: string,
    tenant: string,
    began: number,
    took: number,
    outcome: string,
    reason: string,
    findings: number,
  ): void {
    const name = JSON.stringify([detector, tenant, outcome, reason])
    const run = this.#runs.get(name)
    this.#runs.set(name, {
      detector,
      tenant,
      outcome,
      reason,
      started_at: run?.started_at ?? began,
      duration_us: (run?.duration_us ?? 0) + Math.max(0, Math.round(took)),
      sessions: (run?.sessions ?? 0) + 1,
      findings: (run?.findings ?? 0) + findings,
    })
  }
}

const notEvaluated = (
  detector: string,
  { tenant, id }: Session,
  at: number,
  input: string,
  because: string,
): Verdicts => ({
  findings: [],
  notEvaluated: [{ tenant, session: id, detector, input, because: because.slice(0, 500), at }],
})

/** In the bounds, and where the verdict rests on absence, long enough ago for what is absent to have come. */
function isWithin(
  anchor: Draft['anchor'],
  { from, to }: Bounds,
  settled: number,
  { settleMs }: SessionDetector,
): boolean {
  if (anchor.keptAt < from || anchor.keptAt >= to) return false
  return settleMs === 0 || anchor.keptAt <= settled
}

const kindOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error).slice(0, 60)

const placeOf = (error: unknown): string =>
  error instanceof Error ? (/^\s+at (.{1,200})/m.exec(error.stack ?? '')?.[1] ?? '') : ''
