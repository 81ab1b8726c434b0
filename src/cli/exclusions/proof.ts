/** Whether an exclusion does what its story says: the detector fires there, and the exclusion covers it. */
import { type Exclusion, exclusionOf, loadCatalogue } from '../../detect/index.js'
import { WatchkeeperError } from '../../errors.js'
import type { Logger } from '../../log.js'
import type { Stance } from '../../policies.js'
import { judgeRecorded } from '../backtest/judge-recorded.js'

export interface Proof {
  /** Findings of its detector in the story: those that it covers, and those that go on to alert. */
  readonly covered: number
  readonly left: number
  /** '' where it is proven. */
  readonly fault: string
}

export interface ProofOptions {
  readonly stance: Stance
  /** Whose policy holds; '' is any tenant without sections of its own. */
  readonly tenant: string
  readonly detectorsDir: string
  readonly sessionIdleMinutes: number
  readonly log: Logger
  readonly signal: AbortSignal
}

/** 2026-01-01, in microseconds. */
const storyTime = Date.UTC(2026, 0, 1) * 1000

/** Its last day does not matter here, nor its subject: recordings name nobody. */
export async function prove(exclusion: Exclusion, options: ProofOptions): Promise<Proof> {
  const { detector, case: story } = exclusion
  const nothing = (fault: string): Proof => ({ covered: 0, left: 0, fault })
  const faults: string[] = []
  try {
    const catalogue = await loadCatalogue({ own: options.detectorsDir, only: [detector] })
    const { findings } = await judgeRecorded({
      ...options,
      files: [story],
      catalogue,
      stance: { policies: options.stance.policies, exclusions: exclusionOf({ ...exclusion, subject: undefined }) },
      baseTime: storyTime,
      together: false,
      onFault: (message) => faults.push(message),
      progress: () => undefined,
    })
    if (faults[0] !== undefined) return nothing(`its story cannot be read: ${faults[0]}`)
    const covered = findings.filter(({ excludedBy }) => excludedBy !== '').length
    if (findings.length === 0) return nothing(`${detector} finds nothing in ${story}: there is nothing to exclude`)
    const left = findings.length - covered
    return {
      covered,
      left,
      fault: covered > 0 ? '' : `${detector} fires in ${story}, and the exclusion covers none of it`,
    }
  } catch (error) {
    if (error instanceof WatchkeeperError && !error.retryable) return nothing(error.message)
    throw error
  }
}
