/** Values of an incident by where they came from and where they went: what a picture draws and a message says. */
import type { EvidenceStep, MatchedValue } from '../finding.js'

/** Values of some kinds that went from one step to another. */
export interface Arc {
  /** Indexes of the steps; -1 is a record that is not among them. */
  readonly from: number
  readonly to: number
  readonly kinds: ReadonlyMap<string, number>
  readonly values: readonly MatchedValue[]
}

/** In order of the steps. */
export function arcsOf(
  steps: readonly Pick<EvidenceStep, 'recordId' | 'eventId'>[],
  matched: readonly MatchedValue[],
): Arc[] {
  interface Growing extends Arc {
    readonly kinds: Map<string, number>
    readonly values: MatchedValue[]
  }
  const place = (id: string): number => steps.findIndex((step) => step.recordId === id || step.eventId === id)
  const arcs = new Map<string, Growing>()
  for (const value of matched) {
    const [from, to] = [place(value.firstIn), place(value.usedIn)]
    const arc: Growing = arcs.get(`${from} ${to}`) ?? { from, to, kinds: new Map(), values: [] }
    arcs.set(`${from} ${to}`, arc)
    arc.kinds.set(value.kind, (arc.kinds.get(value.kind) ?? 0) + 1)
    arc.values.push(value)
  }
  return [...arcs.values()].sort((a, b) => a.from - b.from || a.to - b.to)
}
