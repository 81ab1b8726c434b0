/**
 * Which detectors sit out, for which tenant, and until when. A detector that keeps failing on a tenant's sessions costs
 * everybody time and will most likely fail again, so after three different sessions in a row it rests: one minute, then twice
 * as long each time, an hour at most. It rests for that tenant alone, since what makes it fail may be made on purpose, and nobody
 * may blind another tenant. What came in the meantime is judged when it returns.
 */
const minute = 60_000_000

interface Standing {
  sessions: Set<string>
  rests: number
  /** Microseconds; 0 while it plays. */
  until: number
  since: number
}

export class Bench {
  readonly #records = new Map<string, Standing>()

  /** Tells of a failure; returns until when the detector rests now, or 0. */
  failed(detector: string, tenant: string, session: string, now: number): number {
    const name = JSON.stringify([detector, tenant])
    const record = this.#records.get(name) ?? { sessions: new Set(), rests: 0, until: 0, since: 0 }
    this.#records.set(name, record)
    record.sessions.add(session)
    if (record.sessions.size < 3 || record.until > now) return record.until
    record.until = now + minute * Math.min(60, 2 ** record.rests)
    record.since = now
    record.rests++
    record.sessions.clear()
    return record.until
  }

  succeeded(detector: string, tenant: string): void {
    this.#records.delete(JSON.stringify([detector, tenant]))
  }

  rests(detector: string, tenant: string, now: number): boolean {
    return (this.#records.get(JSON.stringify([detector, tenant]))?.until ?? 0) > now
  }

  /** Since when something is left unjudged: by those that rest, and by those whose rest has just ended. */
  unjudgedSince(): number | undefined {
    const since = [...this.#records.values()].flatMap((record) => (record.since === 0 ? [] : [record.since]))
    return since.length === 0 ? undefined : Math.min(...since)
  }

  /** Those whose rest ended go back; returns the time from which on they missed something, or `undefined`. */
  release(now: number): number | undefined {
    let missed: number | undefined
    for (const record of this.#records.values()) {
      if (record.since === 0 || record.until > now) continue
      missed = Math.min(missed ?? record.since, record.since)
      record.since = 0
    }
    return missed
  }
}
