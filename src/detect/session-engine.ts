/**
 * Live detection over sessions. Each look: which sessions have something new (a count in SQL), which of them rested, judge
 * these, write down what was found, then how far we have come. In that order, so that a death between any two steps repeats
 * work and loses none: findings have a stable identity.
 *
 * Records become visible late (several writers, several clocks, commits that take their time), so each look starts a minute
 * before the last one's end, and once an hour the last 24 hours are looked at again.
 */
import type { Shares } from '../bus/index.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { endOfTime, judgeSessions } from './judge-sessions.js'
import type { Jury } from './jury.js'
import { Pending, type Waiting } from './pending.js'
import type { Recorder } from './recorder.js'
import type { Watermarks } from './watermarks.js'

export interface SessionEngineOptions {
  readonly store: Store
  readonly shares: Shares
  readonly jury: Jury
  readonly recorder: Recorder
  readonly watermarks: Watermarks
  /** Kinds of event that wake any detector. */
  readonly wakesOn: readonly string[]
  /** Microseconds: how long a session rests before it is judged, and what ends one without a key. */
  readonly rest: number
  readonly idle: number
  /** Microseconds since 1970. */
  readonly now: () => number
  readonly log: Logger
  readonly telemetry: Telemetry
}

const second = 1_000_000
const minute = 60 * second
const hour = 60 * minute

/** How late a record may become visible and still be seen at the next look; the hourly sweep sees the rest. */
const overlap = minute
const sweepReach = 24 * hour
/** Stored time covered by one look when there is much to catch up with, and rows of one answer. */
const stretch = 15 * minute
const pageRows = 20_000
/** Sessions that are fetched together. */
const together = 100
/** The overlap is looked at again after a restart in any case: to say more often how far we came would save nothing. */
const saveEvery = 30 * second

const namePrefix = 'detect/sessions/'

export class SessionEngine {
  readonly #options: SessionEngineOptions
  readonly #pending: Pending
  /** Stored time up to which records were looked at; `undefined` before the first look, and after the shares changed. */
  #position: number | undefined
  #owned = ''
  #savedAt = 0
  #sweptAt = 0

  constructor(options: SessionEngineOptions) {
    this.#options = options
    this.#pending = new Pending({ rest: options.rest })
  }

  /** One look; true when there is more to catch up with. Rejects when the store does, and then nothing is lost. */
  async tick(signal?: AbortSignal): Promise<boolean> {
    const { now, shares, telemetry } = this.#options
    const owned = [...shares.owned()].sort((a, b) => a - b)
    if (owned.length === 0) return false
    if (owned.join() !== this.#owned) await this.#takeOver(owned)
    await this.#release()

    const position = this.#position ?? now()
    const behind = now() - position > stretch
    const until = behind ? position + stretch : undefined
    const rows = await this.#look(position - overlap, until, owned)
    this.#position = until === undefined ? now() : rows > 0 ? until : Math.max(until, await this.#nextStored(until))
    await this.#sweep(owned)

    const complete = await this.#judge(signal)
    await this.#save(owned)
    telemetry.gauge('detect_lag_seconds', Math.max(0, (now() - this.#judgedUpTo()) / second))
    telemetry.gauge('detect_waiting_sessions', this.#pending.size)
    return behind || !complete
  }

  /** Says how far we have come, for who comes next. */
  async close(): Promise<void> {
    if (this.#position !== undefined) await this.#save([...this.#options.shares.owned()], true)
  }

  /** Continues where the last owner of each share was; a share nobody had before begins where the slowest of all others is. */
  async #takeOver(owned: readonly number[]): Promise<void> {
    const { watermarks, now, log } = this.#options
    const marks = await watermarks.read(namePrefix)
    const known = new Map(marks.map(({ name, position }) => [name, position]))
    const fallback = marks.length > 0 ? Math.min(...marks.map(({ position }) => position)) : now() - sweepReach
    const positions = owned.map((share) => known.get(this.#nameOf(share)) ?? fallback)
    this.#position = Math.min(now(), ...positions)
    this.#pending.forgetAll()
    this.#owned = owned.join()
    this.#sweptAt = now()
    log.info(
      { shares: owned.length, from: new Date(this.#position / 1000).toISOString() },
      'sessions are judged from here on',
    )
  }

  /** A detector that sat out comes back: what it missed is looked at again. */
  async #release(): Promise<void> {
    const missed = this.#options.jury.bench.release(this.#options.now())
    if (missed === undefined) return
    this.#pending.forgetAll()
    this.#position = Math.min(this.#position ?? missed, missed)
  }

  /** When something was stored next, so that a long time in which nothing was is crossed in one step. */
  async #nextStored(from: number): Promise<number> {
    const [row] = await this.#options.store.query<{ n: string; next: string }>(
      `SELECT count() AS n, toUnixTimestamp64Micro(min(stored_at)) AS next FROM events
       WHERE stored_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC')`,
      { from },
    )
    const now = this.#options.now()
    return row === undefined || Number(row.n) === 0 ? now : Math.min(now, Number(row.next))
  }

  /** Counts what was stored in [from, to) and notes the sessions whose count grew. Returns the number of counts. */
  async #look(from: number, to: number | undefined, owned: readonly number[]): Promise<number> {
    const { store, shares, wakesOn, now } = this.#options
    const start = Math.floor(from / minute) * minute
    let after = { minute: 0, tenant: '', key: '' }
    for (let counts = 0; ; ) {
      // The raw table, since copies of a record count once and one that another stands for does no harm here.
      const rows = await store.query<ArrivalRow>(
        `SELECT tenant, session_key AS key, toUnixTimestamp64Micro(toDateTime64(toStartOfMinute(stored_at), 6, 'UTC')) AS minute,
           uniqExact(record_id) AS records, toUnixTimestamp64Micro(min(kept_at)) AS earliest
         FROM events
         WHERE stored_at >= fromUnixTimestamp64Micro({from:Int64}, 'UTC') AND stored_at < fromUnixTimestamp64Micro({to:Int64}, 'UTC')
           AND kind IN {kinds:Array(String)}
           AND cityHash64(tenant, session_key) % {total:UInt32} IN {owned:Array(UInt32)}
         GROUP BY minute, tenant, key
         HAVING (minute, tenant, key) > ({minute:Int64}, {tenant:String}, {key:String})
         ORDER BY minute, tenant, key
         LIMIT {rows:UInt32}`,
        {
          from: start,
          to: to ?? endOfTime,
          kinds: wakesOn,
          total: shares.total,
          owned,
          rows: pageRows,
          ...after,
        },
      )
      for (const row of rows) this.#pending.arrived(arrivalOf(row), now())
      const last = rows.at(-1)
      counts += rows.length
      if (last === undefined || rows.length < pageRows) return counts
      after = arrivalOf(last)
    }
  }

  async #sweep(owned: readonly number[]): Promise<void> {
    const { now, store, log } = this.#options
    if (now() - this.#sweptAt < hour) return
    const from = now() - sweepReach
    const marked = await store.sweepShadowed(from, now())
    const before = this.#pending.size
    await this.#look(from, now() - overlap, owned)
    this.#pending.forget(from - minute)
    this.#sweptAt = now()
    log.info({ late: this.#pending.size - before, marked }, 'hourly look at the last 24 hours')
  }

  /** Judges what rested; false when it stopped with some left. */
  async #judge(signal: AbortSignal | undefined): Promise<boolean> {
    const { store, jury, recorder, idle, now } = this.#options
    for (;;) {
      if (signal?.aborted) return false
      const due = this.#pending.due(now(), together)
      if (due.length === 0) return true
      const judgedAt = now()
      const verdicts = await judgeSessions(due, { store, jury, idle, bounds: { from: 0, to: endOfTime } })
      await recorder.findings(verdicts.findings)
      await recorder.notEvaluated(verdicts.notEvaluated)
      await recorder.runs(jury.takeRuns())
      for (const waiting of due) this.#settled(waiting, judgedAt)
    }
  }

  /** Verdicts that rest on absence are final only after a while: such a session is judged once more then. */
  #settled(waiting: Waiting, judgedAt: number): void {
    this.#pending.done(waiting)
    const final = waiting.last + this.#options.jury.settle
    if (judgedAt < final) this.#pending.wait({ ...waiting, notBefore: final })
  }

  /** What was there before this is judged, as far as it was looked at: for people, who want no minute's overlap counted in. */
  #judgedUpTo(): number {
    const { now, jury } = this.#options
    return Math.min(
      this.#position ?? now(),
      this.#pending.waitingSince() ?? endOfTime,
      jury.bench.unjudgedSince() ?? endOfTime,
    )
  }

  /** Before this everything is judged. */
  #watermark(): number {
    const { now, jury } = this.#options
    return Math.min(
      this.#position ?? now(),
      this.#pending.storedFrom() ?? endOfTime,
      jury.bench.unjudgedSince() ?? endOfTime,
    )
  }

  async #save(owned: readonly number[], atOnce = false): Promise<void> {
    const { now, watermarks } = this.#options
    if (!atOnce && now() - this.#savedAt < saveEvery) return
    const position = this.#watermark()
    await watermarks.write(
      owned.map((share) => ({ name: this.#nameOf(share), position })),
      now(),
    )
    this.#savedAt = now()
  }

  #nameOf(share: number): string {
    return `${namePrefix}${share}/${this.#options.shares.total}`
  }
}

interface ArrivalRow {
  readonly tenant: string
  readonly key: string
  readonly minute: string
  readonly records: string
  readonly earliest: string
}

const arrivalOf = (row: ArrivalRow) => ({
  tenant: row.tenant,
  key: row.key,
  minute: Number(row.minute),
  records: Number(row.records),
  earliest: Number(row.earliest),
})
