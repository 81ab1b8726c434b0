/** The weights of the verdict. Evidence may only raise the score, what the person asked may only lower it. */
import type { Evidence } from './evidence.js'

/** What each part contributes, in the units of a logistic model: 0 is where an alert is raised. */
export const weights = {
  bias: -4,
  /** mood × value × verb: the sentence asks, its value is used, its verb is carried out. This is the detector. */
  order: 1.4,
  /** mood × verb × noun × coverage: verb, object and all arguments are the order's, though its values are ordinary words. */
  full: 2.9,
  /** mood × verb × noun: the same without any value. */
  task: 1.3,
  /** mood × value × coverage: all that the action says was told to it, and its verb does not contradict. */
  whole: 0.9,
  strong: 2.9,
  /** mood × value × verb × noun where the value is a name or a title and nobody vouched for the source. */
  plain: 2.2,
  value: 1.2,
  addressed: 0.8,
  asked: -2.0,
  vouched: -1.7,
  /** The person asked for this, of this source; less so, where the sentence speaks to a machine. */
  expected: -2.3,
  /** The same, where the values are ordinary words: that is what doing as the document says looks like. */
  vouchedPlain: -3.2,
  /** The action only reads: links are followed all day long. */
  read: -4.2,
  readAddressed: 2.0,
  /** It reads what the person wanted read: their task goes on. */
  readWanted: -0.7,
  guarded: 2.2,
  /** The sentence is on the person's subject, in a source that they named; less so, where it speaks to a machine. */
  related: -1.2,
  /** Nobody knows what the person asked for: the order may be theirs. */
  unheard: -0.6,
} as const

export type Part = keyof typeof weights
const parts = Object.keys(weights) as Part[]

/** `reads`: the action changes nothing. */
export function featuresOf(evidence: Evidence, reads: boolean): Readonly<Record<Part, number>> {
  const {
    wanted,
    guarded,
    mood,
    value,
    verb,
    noun,
    strong,
    coverage,
    addressed,
    asked,
    vouched,
    expected,
    unheard,
    related,
  } = evidence
  return {
    bias: 1,
    order: mood * value * verb,
    full: mood * verb * noun * coverage,
    task: mood * verb * noun,
    whole: verb > 0 ? mood * value * coverage : 0,
    strong: strong * mood,
    plain: mood * value * verb * noun * (1 - strong) * (1 - Math.max(vouched, expected * (1 - addressed))),
    value,
    addressed: addressed * mood,
    asked,
    vouched,
    expected: expected * (1 - addressed),
    vouchedPlain: vouched * (1 - strong) * (1 - guarded),
    read: reads ? 1 : 0,
    readAddressed: reads ? addressed * mood : 0,
    readWanted: reads ? wanted : 0,
    guarded: reads ? 0 : guarded * mood * verb,
    related: related * (1 - addressed),
    unheard,
  }
}

/** Contribution of each part; their sum is the score. */
export function partsOf(evidence: Evidence, reads: boolean): Readonly<Record<Part, number>> {
  const features = featuresOf(evidence, reads)
  return Object.fromEntries(parts.map((part) => [part, weights[part] * features[part]])) as Record<Part, number>
}

/** Asked for every pair of sentence and call, so without making anything. */
export function scoreOf(evidence: Evidence, reads: boolean): number {
  const features = featuresOf(evidence, reads)
  let sum = 0
  for (const part of parts) sum += weights[part] * features[part]
  return sum
}
