/** One query detector over one window. */
import type { Finding } from '../finding.js'
import type { Store } from '../store/index.js'
import type { Named } from './catalogue.js'
import { isNotEvaluated, type Policies, type QueryDetector } from './contract.js'
import type { Exclusions } from './exclusion.js'
import { queryFinding } from './finding.js'
import type { NotEvaluatedRow, RunRow, Verdicts } from './jury.js'
import type { Watchdog } from './watchdog.js'
import type { Window } from './windows.js'

export interface JudgeWindowOptions {
  readonly store: Pick<Store, 'query'>
  readonly policies: Policies
  /** Default: none. */
  readonly exclusions?: Exclusions
  readonly watchdog: Watchdog
  /** Milliseconds of one `judge(row)`. */
  readonly budgetMs: number
  /** Microseconds since 1970. */
  readonly now: () => number
  /** [] is all. */
  readonly tenants: readonly string[]
  readonly signal?: AbortSignal
}

export interface WindowVerdicts extends Verdicts {
  readonly run: RunRow
}

/** Milliseconds of a detector's query. */
const queryLimitMs = 60_000

/**
 * Rejects when the store does, also for SQL that it refuses. A row whose judgement fails is reported in `run` and in
 * `notEvaluated`, and the others are judged.
 */
export async function judgeWindow(
  { id, detector }: Named<QueryDetector>,
  window: Window,
  options: JudgeWindowOptions,
): Promise<WindowVerdicts> {
  const { store, policies, watchdog, budgetMs, now, tenants, signal } = options
  const began = now()
  const rows = await store.query<Record<string, unknown>>(
    detector.sql,
    { from: dateTime(window.from), to: dateTime(window.to), tenants },
    { timeoutMs: queryLimitMs, ...(signal === undefined ? {} : { signal }) },
  )
  const findings: Finding[] = []
  const notEvaluated: NotEvaluatedRow[] = []
  let fault = ''
  for (const row of rows) {
    const tenant = String(row['tenant'] ?? '')
    const nothing = (session: string, input: string, because: string): void => {
      notEvaluated.push({ tenant, session, detector: id, input, because: because.slice(0, 500), at: began })
    }
    const watched = watchdog(() => detector.judge(row, policies(tenant)), budgetMs)
    if (watched.ended !== 'ok') {
      fault = watched.ended === 'timeout' ? 'timeout' : watched.error instanceof Error ? watched.error.name : 'error'
      nothing('', 'detector', 'the detector failed on a row')
    } else if (watched.value !== undefined) {
      const verdict = watched.value
      if (isNotEvaluated(verdict)) nothing('', verdict.notEvaluated, verdict.because)
      else findings.push(queryFinding({ id, detector }, { ...window, tenant }, verdict, row, began, options.exclusions))
    }
  }
  const run: RunRow = {
    detector: id,
    tenant: '',
    started_at: began,
    duration_us: Math.max(0, Math.round(now() - began)),
    sessions: rows.length,
    findings: findings.length,
    outcome: fault === '' ? 'ok' : fault === 'timeout' ? 'timeout' : 'error',
    reason: fault,
  }
  return { findings, notEvaluated, run }
}

/** `YYYY-MM-DD hh:mm:ss.ffffff` in UTC, as a DateTime64(6) parameter is read. */
export function dateTime(micros: number): string {
  const millis = Math.floor(micros / 1000)
  const rest = String(micros - millis * 1000).padStart(3, '0')
  return `${new Date(millis).toISOString().slice(0, 23).replace('T', ' ')}${rest}`
}
