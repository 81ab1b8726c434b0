/** The evidence of several findings, merged. */
import type { EvidenceStep, MatchedValue } from '../finding.js'

const longestNote = 400

/** Two detectors may name one record: it stands once, in its most telling part, with what both say of it. In time order. */
export function mergeSteps(steps: readonly EvidenceStep[]): EvidenceStep[] {
  const telling: readonly EvidenceStep['part'][] = ['action', 'source', 'request', 'context']
  const merged = new Map<string, EvidenceStep>()
  for (const step of steps) {
    const other = merged.get(step.recordId)
    if (other === undefined) merged.set(step.recordId, { ...step, note: step.note.slice(0, longestNote) })
    else
      merged.set(step.recordId, {
        ...other,
        part: telling.find((part) => part === step.part || part === other.part) ?? other.part,
        note: other.note.includes(step.note) ? other.note : `${other.note}; ${step.note}`.slice(0, longestNote),
      })
  }
  return [...merged.values()].sort((a, b) => a.at - b.at || (a.recordId < b.recordId ? -1 : 1))
}

export function mergeMatched(values: readonly MatchedValue[]): MatchedValue[] {
  const keyed = values.map((value) => [`${value.kind} ${value.hash} ${value.firstIn} ${value.usedIn}`, value] as const)
  return [...new Map(keyed).values()]
}

/** How a story began and how it ended say more than what lies between. */
export function withoutMiddle<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items
  const head = Math.ceil(most / 2)
  return [...items.slice(0, head), ...items.slice(items.length - (most - head))]
}
