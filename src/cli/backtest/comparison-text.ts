/** A comparison as a person reads it. Ids and summaries quote recordings and events: harmless for a terminal when they leave here. */

import { severities } from '../../finding.js'
import { forTerminal } from '../../incidents.js'
import { count, plural } from '../replay/progress.js'
import type { Comparison, FindingChange, SessionChange } from './compare.js'
import { chanceOfSplit } from './proportion.js'
import { alertRate, percent, table } from './report.js'

/** So many sessions are named; the rest is counted, and `--json` has all. */
const shown = 20

export function comparisonText(comparison: Comparison): string {
  const { sessions, only_before, only_after, newly_alerted, no_longer_alerted, unchanged } = comparison
  const left = [
    ...(only_before > 0 ? [`${plural(only_before, 'session')} only before`] : []),
    ...(only_after > 0 ? [`${plural(only_after, 'session')} only after`] : []),
  ]
  const uneven = newly_alerted.length + no_longer_alerted.length
  const chance = chanceOfSplit(newly_alerted.length, no_longer_alerted.length)
  return [
    `${plural(sessions, 'session')} judged twice${left.length === 0 ? '' : `; left out: ${left.join(', ')}`}`,
    `  before  ${alertRate(comparison.alerted_before, sessions)}`,
    `  after   ${alertRate(comparison.alerted_after, sessions)}`,
    `  ${count(newly_alerted.length)} newly alerted, ${count(no_longer_alerted.length)} no longer` +
      (uneven === 0 ? '' : `: by chance alone as uneven in ${percent(chance)} of comparisons`),
    '',
    ...tableBy('severity', [...severities].reverse(), ({ severity }) => severity, comparison),
    '',
    ...tableBy('detector', detectorsOf(comparison), ({ detector }) => detector, comparison),
    `${plural(unchanged, 'finding')} unchanged`,
    ...listed('newly alerted', newly_alerted),
    ...listed('no longer alerted', no_longer_alerted),
    '',
  ].join('\n')
}

const kinds = ['gained', 'lost', 'raised', 'lowered'] as const

function tableBy(
  title: string,
  names: readonly string[],
  nameOf: (change: FindingChange) => string,
  comparison: Comparison,
): string[] {
  const rows = names
    .map((name) => [
      forTerminal(name, 60),
      ...kinds.map((kind) => comparison[kind].filter((change) => nameOf(change) === name).length),
    ])
    .filter(([, ...numbers]) => numbers.some((number) => Number(number) > 0))
  return table([
    [title, ...kinds],
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell))),
  ])
}

const detectorsOf = (comparison: Comparison): string[] =>
  [...new Set(kinds.flatMap((kind) => comparison[kind].map(({ detector }) => detector)))].sort()

function listed(title: string, changes: readonly SessionChange[]): string[] {
  if (changes.length === 0) return []
  const rows = changes
    .slice(0, shown)
    .map(
      ({ session, severity, detector, summary }) =>
        `  ${severity.padEnd(8)}  ${forTerminal(session, 60)}  ${forTerminal(detector, 60)}: ${forTerminal(summary, 160)}`,
    )
  const more = changes.length > shown ? [`  and ${count(changes.length - shown)} more (compare --json has all)`] : []
  return ['', `${title}:`, ...rows, ...more]
}
