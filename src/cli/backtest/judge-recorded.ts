/** Recorded sessions through a scratch store and the detectors: what `backtest` and the proof of an exclusion are made of. */
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import { type Catalogue, judgeRange, type RangeVerdicts } from '../../detect/index.js'
import type { Logger } from '../../log.js'
import type { Stance } from '../../policies.js'
import { openScratchStore } from '../../store/index.js'
import { Telemetry } from '../../telemetry.js'
import { count, plural } from '../replay/progress.js'
import { type Ingested, ingest } from './recorded.js'

export interface JudgeRecordedOptions {
  readonly files: readonly string[]
  readonly catalogue: Catalogue
  readonly stance: Stance
  /** Microseconds: when the sessions begin. */
  readonly baseTime: number
  /** Whose policy holds, and whose fingerprints are told. */
  readonly tenant: string
  readonly together: boolean
  readonly sessionIdleMinutes: number
  readonly log: Logger
  readonly signal: AbortSignal
  readonly onFault: (message: string) => void
  /** Told what is being done, often. */
  readonly progress: (text: string) => void
}

/** Milliseconds of one detector on one session: so long that a busy machine does not change the outcome. */
export const patientBudgetMs = 6_000

/** Throws `WK_FILE_UNREADABLE`. */
export async function judgeRecorded(
  options: JudgeRecordedOptions,
): Promise<RangeVerdicts & { readonly ingested: Ingested }> {
  const { catalogue, stance, baseTime, tenant, log, signal, progress } = options
  const now = (): number => Date.now() * 1000
  const store = await openScratchStore({ log, now })
  try {
    const ingested = await ingest({
      ...options,
      store,
      capturer: createCapturer({ key: developmentDsn.fingerprintKey }),
      onSession: (sessions) => progress(`${plural(sessions, 'session')} read`),
    })
    await store.refreshRollups()
    const verdicts = await judgeRange({
      store,
      from: baseTime,
      to: ingested.lastAt + 1,
      windows: 'touching',
      catalogue,
      // A session that stands alone has a tenant of its own in the store; it is judged as the told one's.
      policies: () => stance.policies(tenant),
      exclusions: (_, circumstances, at) => stance.exclusions(tenant, circumstances, at),
      idle: options.sessionIdleMinutes * 60_000_000,
      budgetMs: patientBudgetMs,
      now,
      log,
      telemetry: new Telemetry(),
      signal,
      progress: (done, total, what) => progress(`${count(done)} of ${count(total)} ${what} judged`),
    })
    return { ...verdicts, ingested }
  } finally {
    await store.close()
  }
}
