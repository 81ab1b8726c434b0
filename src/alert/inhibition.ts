/** Inhibition as Alertmanager has it: while one incident stands, others that it explains are not told. */
import { type Incident, isLabel, type Label, labelNames, leading, type Matcher, matcherOf } from '../incidents.js'
import { faulty, listOf, optional, type Reader, record, required, text } from '../yaml-reader.js'

export interface InhibitRule {
  readonly source: readonly Matcher[]
  readonly target: readonly Matcher[]
  /** Labels that have to be the same. The tenant always has to be. */
  readonly equal: readonly Label[]
}

export const matcherReader: Reader<Matcher> = (node, place) => {
  const source = text()(node, place)
  if (source === faulty) return faulty
  const read = matcherOf(source)
  return typeof read === 'string' ? place.fault(node, read) : read
}

export const labelReader: Reader<Label> = (node, place) => {
  const name = text()(node, place)
  if (name === faulty) return faulty
  return isLabel(name) ? name : place.fault(node, `there is no label ${name}: ${labelNames.join(', ')}`)
}

const rule: Reader<InhibitRule> = (node, place) => {
  const read = record(
    {
      source_matchers: required(listOf(matcherReader)),
      target_matchers: required(listOf(matcherReader)),
      equal: optional(listOf(labelReader), []),
    },
    ({ source_matchers, target_matchers }) =>
      source_matchers.length === 0 || target_matchers.length === 0
        ? 'a rule needs source_matchers and target_matchers: without them it would inhibit everything'
        : undefined,
  )(node, place)
  if (read === faulty) return faulty
  return { source: read.source_matchers, target: read.target_matchers, equal: read.equal }
}

export const inhibitRulesReader: Reader<readonly InhibitRule[]> = listOf(rule)

/** The incident that keeps another from being told, or `undefined`. One never inhibits itself, nor do two each other. */
export function inhibitor(
  rules: readonly InhibitRule[],
  target: Incident,
  standing: readonly Incident[],
): Incident | undefined {
  for (const { source, target: aims, equal } of rules) {
    if (!aims.every((fits) => fits(target))) continue
    const found = standing.find(
      (other) =>
        other.id !== target.id &&
        other.tenant === target.tenant &&
        source.every((fits) => fits(other)) &&
        // What is source and target alike is told: of two that explain each other neither would be.
        !(aims.every((fits) => fits(other)) && source.every((fits) => fits(target))) &&
        equal.every((label) => leading(other, label) === leading(target, label)),
    )
    if (found !== undefined) return found
  }
  return undefined
}
