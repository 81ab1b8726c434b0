/** Writes what was found: each finding once, whoever judged it how often. */
import { stableId } from '../audit-event.js'
import type { Finding } from '../finding.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { findingRow } from './finding.js'
import type { NotEvaluatedRow, RunRow } from './jury.js'

/** A set that forgets its oldest members. */
class Remembered {
  readonly #members = new Set<string>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  has(member: string): boolean {
    return this.#members.has(member)
  }

  add(member: string): void {
    this.#members.add(member)
    for (const oldest of this.#members) {
      if (this.#members.size <= this.#most) break
      this.#members.delete(oldest)
    }
  }
}

/** Bound values travel in a URL, which is short. */
const askedTogether = 100

/** Which of these, at most a hundred, are recorded already. */
async function recordedOf(store: Pick<Store, 'query'>, findings: readonly Finding[]): Promise<string[]> {
  const rows = await store.query<{ fingerprint: string }>(
    `SELECT DISTINCT fingerprint FROM findings
     WHERE tenant IN {tenants:Array(String)} AND fingerprint IN {fingerprints:Array(UUID)}`,
    {
      tenants: [...new Set(findings.map(({ tenant }) => tenant))],
      fingerprints: findings.map(({ fingerprint }) => fingerprint),
    },
  )
  return rows.map(({ fingerprint }) => fingerprint)
}

export class Recorder {
  readonly #store: Pick<Store, 'query' | 'insert'>
  readonly #telemetry: Telemetry
  readonly #recorded = new Remembered(100_000)
  readonly #told = new Remembered(100_000)

  constructor(store: Pick<Store, 'query' | 'insert'>, telemetry: Telemetry) {
    this.#store = store
    this.#telemetry = telemetry
  }

  /**
   * Inserts those that were not recorded before; returns them. Two engines may insert the same one at the same moment: the
   * store's view `finding` keeps the first.
   */
  async findings(judged: readonly Finding[]): Promise<Finding[]> {
    const byFingerprint = new Map(judged.map((finding) => [finding.fingerprint, finding]))
    const unsure = [...byFingerprint.values()].filter(({ fingerprint }) => !this.#recorded.has(fingerprint))
    if (unsure.length === 0) return []
    for (let at = 0; at < unsure.length; at += askedTogether) {
      for (const fingerprint of await recordedOf(this.#store, unsure.slice(at, at + askedTogether)))
        this.#recorded.add(fingerprint)
    }
    const fresh = unsure.filter(({ fingerprint }) => !this.#recorded.has(fingerprint))
    if (fresh.length > 0) {
      await this.#store.insert(
        'findings',
        fresh.map(findingRow),
        stableId(...fresh.map(({ fingerprint }) => fingerprint)),
      )
      for (const { fingerprint, detector, excludedBy } of fresh) {
        this.#recorded.add(fingerprint)
        if (excludedBy === '') this.#telemetry.count('detect', 'sent', 1, detector)
        else this.#telemetry.count('detect', 'dropped', 1, `excluded:${excludedBy}`)
      }
    }
    return fresh
  }

  async notEvaluated(rows: readonly NotEvaluatedRow[]): Promise<void> {
    const fresh = rows.filter((row) => !this.#told.has(nameOf(row)))
    if (fresh.length === 0) return
    await this.#store.insert('not_evaluated', fresh)
    for (const row of fresh) this.#told.add(nameOf(row))
  }

  async runs(rows: readonly RunRow[]): Promise<void> {
    if (rows.length > 0) await this.#store.insert('detector_runs', rows)
  }
}

const nameOf = ({ tenant, session, detector, input }: NotEvaluatedRow): string =>
  JSON.stringify([tenant, session, detector, input])
