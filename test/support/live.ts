/** Live detection on a real store with a clock that the test holds. */
import type { TestContext } from 'node:test'
import type { AuditEvent } from '../../src/audit-event.js'
import type { Shares } from '../../src/bus/index.js'
import { catalogueOf, type Named } from '../../src/detect/catalogue.js'
import { type Detect, judgeRange, startDetect } from '../../src/detect/index.js'
import type { Finding } from '../../src/finding.js'
import type { Store } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'
import { sharesOf, silent } from './detect.js'
import { baseTime, second } from './events.js'
import { openTestStore } from './store.js'

export const minute = 60 * second
export const hour = 60 * minute

/** Microseconds; starts ten minutes after the events' base time. */
export interface Clock {
  now: number
}

export interface Live {
  readonly store: Store
  readonly clock: Clock
  /** A new engine, as after a start of the process. It looks only when `tick` is called. */
  start(detectors: readonly Named[], given?: Partial<Starting>): Promise<Detect>
  /** The same detectors over everything in the store. */
  range(detectors: readonly Named[]): Promise<readonly Finding[]>
  found(): Promise<readonly FoundRow[]>
}

interface Starting {
  readonly shares: Shares
  readonly settleMs: number
  readonly store: Store
  readonly telemetry: Telemetry
}

export interface FoundRow {
  readonly fingerprint: string
  readonly detector: string
  readonly tenant: string
  readonly anchor: string
  readonly session: string
  readonly subject: string
}

export async function live(t: TestContext): Promise<Live> {
  const clock: Clock = { now: baseTime + 10 * minute }
  const now = (): number => clock.now
  const store = await openTestStore(t, { now })
  return {
    store,
    clock,
    async start(
      detectors,
      { shares = sharesOf(1, 0), settleMs = 0, store: other = store, telemetry = new Telemetry() } = {},
    ) {
      const detect = await startDetect({
        store: other,
        shares,
        config: { detectEveryMs: 3_600_000, detectSettleMs: settleMs, detectBudgetMs: 250, sessionIdleMinutes: 30 },
        log: silent,
        telemetry,
        now,
        catalogue: catalogueOf(detectors),
      })
      t.after(() => detect.close().catch(() => undefined))
      return detect
    },
    async range(detectors) {
      const { findings } = await judgeRange({
        store,
        from: baseTime - hour,
        to: clock.now + hour,
        catalogue: catalogueOf(detectors),
        idle: 30 * minute,
        budgetMs: 5_000,
        now,
        log: silent,
        telemetry: new Telemetry(),
      })
      return findings
    },
    found: () =>
      store.query<FoundRow>(
        'SELECT fingerprint, detector, tenant, anchor, session, subject FROM findings ORDER BY tenant, detector, anchor',
      ),
  }
}

/** A store that fails where told; everything else is the real one's. */
export const failing = (store: Store, fails: Partial<Store>): Store => ({
  query: (...args: Parameters<Store['query']>) => store.query(...args),
  command: (...args) => store.command(...args),
  insert: (...args) => store.insert(...args),
  insertEvents: (events) => store.insertEvents(events),
  insertDeadLetters: (letters) => store.insertDeadLetters(letters),
  sessionEvents: (requests) => store.sessionEvents(requests),
  resolveSessions: (keys) => store.resolveSessions(keys),
  sweepShadowed: (from, to) => store.sweepShadowed(from, to),
  refreshRollups: () => store.refreshRollups(),
  ping: () => store.ping(),
  close: async () => undefined,
  ...fails,
})

/** Event ids of findings' anchors. */
export const anchorsOf = (rows: readonly { readonly anchor: string }[]): string[] => rows.map(({ anchor }) => anchor)

/** Puts events into the store one call apart, so that each has its own batch. */
export async function arrive(store: Store, ...events: readonly AuditEvent[]): Promise<void> {
  for (const event of events) await store.insertEvents([event])
}
