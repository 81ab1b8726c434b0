/**
 * Findings in, incident versions out. Reads from a minute before its watermark, since findings become visible later than
 * they are judged, and once an hour from a day before it; what an incident holds already is dropped. So nothing is missed
 * for a late commit or another host's clock, nothing is counted twice after a death, and no state is needed but the store's.
 */
import type { Shares } from '../bus/index.js'
import { keepVersions, openIncidents } from '../incidents.js'
import type { Store } from '../store/index.js'
import { type FindingPlace, findingsOf, unheld } from './finding-rows.js'
import { causesOf, type IncidentChange, joinFindings } from './joining.js'
import { shareOf } from './shares.js'
import { earliestPosition, keepPositions } from './watermarks.js'

const second = 1_000_000
const rescan = 60 * second
const sweepEvery = 3_600 * second
const sweepBack = 86_400 * second
/** The watermark is written when it has moved by this much: starting a little early costs nothing. */
const writeEvery = rescan
const pageSize = 500
const nil = '00000000-0000-0000-0000-000000000000'

export interface Gatherer {
  /** One look at `now` (microseconds); `onVersions` is told after its versions are kept. Throws what the store throws. */
  gather(now: number, onVersions: (changes: readonly IncidentChange[]) => void): Promise<void>
}

export function gatherer(store: Store, shares: Shares): Gatherer {
  let names: readonly string[] = []
  let position = 0
  let written = 0
  let sweptAt = 0

  /** A share that was another process's is read from where that one wrote last. */
  async function takeOver(owned: ReadonlySet<number>): Promise<void> {
    const wanted = [...owned].sort((a, b) => a - b).map((share) => `alert/${shares.total}/${share}`)
    if (wanted.join() === names.join()) return
    position = await earliestPosition(store, wanted)
    written = position
    names = wanted
    sweptAt = 0
  }

  async function page(after: FindingPlace, owned: ReadonlySet<number>, now: number) {
    const places = await unheld(store, after, pageSize)
    const findings = await findingsOf(store, [...new Set(places.map((place) => place.fingerprint))])
    const mine = findings.filter((finding) => owned.has(shareOf(finding.tenant, shares.total)))
    const known = await openIncidents(store, [...new Set(mine.flatMap(causesOf))])
    const changes = joinFindings(mine, known, now)
    await keepVersions(
      store,
      changes.map(({ incident }) => incident),
    )
    return { changes, last: places.length < pageSize ? undefined : places.at(-1) }
  }

  return {
    async gather(now, onVersions) {
      const owned = shares.owned()
      if (owned.size === 0) return
      await takeOver(owned)
      const sweep = now - sweptAt >= sweepEvery
      const since = Math.max(0, position - (sweep ? sweepBack : rescan))
      let next: FindingPlace | undefined = { foundAt: since, fingerprint: nil }
      while (next !== undefined) {
        const { changes, last }: Awaited<ReturnType<typeof page>> = await page(next, owned, now)
        if (changes.length > 0) onVersions(changes)
        next = last
      }
      if (sweep) sweptAt = now
      position = Math.max(position, now)
      if (position - written < writeEvery) return
      await keepPositions(store, names, position, now)
      written = position
    },
  }
}
