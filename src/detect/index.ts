/**
 * The stage that looks for what is wrong. Live (`startDetect`) and over stored history (`judgeRange`) it is the same
 * detectors over the same reads, so that both find the same.
 */
import type { Shares } from '../bus/index.js'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { Bench } from './bench.js'
import { type Catalogue, loadCatalogue } from './catalogue.js'
import type { Policies } from './contract.js'
import { type Exclusions, noExclusions } from './exclusion.js'
import { Jury } from './jury.js'
import { defaultPolicy } from './policy.js'
import { QueryEngine } from './query-engine.js'
import { Recorder } from './recorder.js'
import { SessionEngine } from './session-engine.js'
import { Watermarks } from './watermarks.js'

export { type CaseOptions, type Proof, proofsOf } from './cases.js'
export { type Catalogue, isOurs, loadCatalogue, type Named } from './catalogue.js'
export { type Basis, leastHistory, type Policies, type Policy, unneeded } from './contract.js'
export type { Exclusions } from './exclusion.js'
export { fingerprintOf } from './finding.js'
export { judgeRange, type RangeOptions, type RangeVerdicts } from './judge-range.js'
export { defaultPolicy } from './policy.js'
export {
  detectSections,
  type Exclusion,
  exclusionOf,
  exclusionsIn,
  exclusionsOf,
  hasExpired,
  policiesOf,
} from './policy-file/index.js'

export interface DetectOptions {
  readonly store: Store
  /** Which part of the work is ours. */
  readonly shares: Shares
  readonly config: Pick<Config, 'detectEveryMs' | 'detectSettleMs' | 'detectBudgetMs' | 'sessionIdleMinutes'> &
    Partial<Pick<Config, 'detectorsDir'>>
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds since 1970. */
  readonly now: () => number
  /** Default: all detectors there are, with those of `detectorsDir`. */
  readonly catalogue?: Catalogue
  /** Default: what holds without a policy file. */
  readonly policies?: Policies
  /** Default: none. */
  readonly exclusions?: Exclusions
}

export interface Detect {
  /** Looks now, and as often as there is something to catch up with; rejects when the store does. */
  tick(): Promise<void>
  /** Ends after the work in hand. */
  close(): Promise<void>
}

/** Starts to look every `detectEveryMs`. Throws `WK_DETECTOR_INVALID`. */
export async function startDetect(options: DetectOptions): Promise<Detect> {
  const {
    store,
    shares,
    config,
    log,
    telemetry,
    now,
    policies = () => defaultPolicy,
    exclusions = noExclusions,
  } = options
  const catalogue = options.catalogue ?? (await loadCatalogue({ own: config.detectorsDir ?? '' }))
  const recorder = new Recorder(store, telemetry)
  const watermarks = new Watermarks(store)
  const common = { store, shares, recorder, watermarks, log, telemetry, now }
  const jury = new Jury({
    detectors: catalogue.session,
    policies,
    exclusions,
    budgetMs: config.detectBudgetMs,
    now,
    log,
    telemetry,
    bench: new Bench(),
  })
  const sessions = new SessionEngine({
    ...common,
    jury,
    wakesOn: [...new Set(catalogue.session.flatMap(({ detector }) => detector.wakesOn))],
    rest: config.detectSettleMs * 1000,
    idle: config.sessionIdleMinutes * 60_000_000,
  })
  const queries = new QueryEngine({
    ...common,
    detectors: catalogue.query,
    policies,
    exclusions,
    budgetMs: config.detectBudgetMs,
  })

  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()

  async function look(): Promise<void> {
    let moreSessions = catalogue.session.length > 0
    let moreWindows = catalogue.query.length > 0
    while ((moreSessions || moreWindows) && !stop.signal.aborted) {
      moreSessions &&= await sessions.tick(stop.signal)
      moreWindows &&= await queries.tick(stop.signal)
    }
  }
  /** One look at a time: a second caller's begins when the first one's ended. */
  function tick(): Promise<void> {
    const next = looking.then(look)
    looking = next.catch(() => undefined)
    return next
  }
  let failing = false
  async function loop(): Promise<void> {
    try {
      await tick()
      if (failing) log.info('looking for new sessions again')
      failing = false
    } catch (error) {
      // Nothing is lost by a failed look: the next one begins where the last good one ended.
      const code = error instanceof WatchkeeperError ? error.code : 'WK_INTERNAL'
      telemetry.count('detect', 'failed', 1, code)
      log[failing ? 'debug' : 'error']({ err: error, code }, 'could not look for new sessions; trying again')
      failing = true
    }
    if (!stop.signal.aborted) timer = setTimeout(() => void loop(), config.detectEveryMs)
  }
  timer = setTimeout(() => void loop(), config.detectEveryMs)
  log.info({ detectors: catalogue.all.map(({ id }) => id) }, 'looking for what is wrong')

  return {
    tick,
    async close() {
      stop.abort()
      clearTimeout(timer)
      await looking
      // Without its last watermark the next start looks at a little more than it must.
      await sessions.close().catch((error: unknown) => log.warn({ err: error }, 'how far we have come was not kept'))
    },
  }
}
