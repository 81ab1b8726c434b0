/** What a backtest says: a line of JSON for each session, and a summary that a person reads. */
import { type Finding, type Maturity, type Severity, severities, severityRank } from '../../finding.js'
import { count, plural } from '../replay/progress.js'
import { interval } from './proportion.js'

export interface SessionLine {
  /** Of the recording; of stored history the session as the view `audit` has it. */
  readonly id: string
  readonly findings: readonly FindingLine[]
  /** `detector: input` for what could not be judged. */
  readonly not_evaluated: readonly string[]
}

export interface FindingLine {
  readonly detector: string
  readonly severity: Severity
  readonly maturity: Maturity
  /** Indexes of the recorded calls; record ids in stored history. */
  readonly calls: readonly (number | string)[]
  readonly fingerprint: string
  readonly summary: string
  readonly score: Readonly<Record<string, number>>
  /** Id of the policy file's exclusion, where one covers it: then it is no alert. */
  readonly excluded_by?: string
}

export const excluded = ({ excludedBy }: Pick<Finding, 'excludedBy'>): Pick<FindingLine, 'excluded_by'> =>
  excludedBy === '' ? {} : { excluded_by: excludedBy }

/** What would have paged: medium or worse, of no detector on trial, and not excluded. */
export const isAlert = ({ severity, maturity, excluded_by }: FindingLine): boolean =>
  severityRank(severity) >= severityRank('medium') && maturity !== 'trial' && excluded_by === undefined

/** How many alert, and for 10,000 sessions: what that few sessions say about it (exact binomial 95 % interval). */
export function alertRate(alerted: number, sessions: number): string {
  const [low, high] = interval(alerted, sessions)
  const of10000 = (rate: number): string => count(Math.round(10_000 * rate))
  return (
    `${plural(alerted, 'session')} of ${count(sessions)} alerted (medium or worse): ` +
    `${percent(alerted / Math.max(1, sessions))}, ` +
    `${of10000(alerted / Math.max(1, sessions))} alerts for 10,000 sessions (95 %: ${of10000(low)} to ${of10000(high)})`
  )
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

export interface Summary {
  readonly lines: readonly SessionLine[]
  /** How many sessions were judged: those without anything to tell may have no line. */
  readonly sessions: number
  /** Ids of the detectors that judged. */
  readonly detectors: readonly string[]
}

/** A text, the same for the same lines. */
export function summarise({ lines: all, sessions, detectors }: Summary): string {
  // Stored history: what queries found about no session in particular stands in one line without an id.
  const lines = all.filter(({ id }) => id !== '')
  const apart = all.filter(({ id }) => id === '').flatMap(({ findings }) => findings)
  const hidden = all.flatMap(({ findings }) => findings).filter(({ excluded_by }) => excluded_by !== undefined)
  const alerted = lines.filter(({ findings }) => findings.some(isAlert)).length
  const worstOf = ({ findings }: SessionLine): number =>
    Math.max(-1, ...findings.map(({ severity }) => severityRank(severity)))
  const bySeverity = severities
    .map((severity) => ({
      severity,
      sessions: lines.filter((line) => worstOf(line) === severityRank(severity)).length,
    }))
    .filter(({ sessions }) => sessions > 0)
    .reverse()
  const rows = detectors.map((id) => {
    const own = all.map(({ findings }) => findings.filter(({ detector }) => detector === id))
    return [
      id,
      count(own.filter((found) => found.some(isAlert)).length),
      count(own.reduce((sum, found) => sum + found.length, 0)),
      count(all.filter((line) => line.not_evaluated.some((lack) => lack.startsWith(`${id}: `))).length),
    ]
  })
  return [
    alertRate(alerted, sessions),
    ...bySeverity.map(({ severity, sessions }) => `  ${severity.padEnd(9)} ${count(sessions).padStart(9)}  at worst`),
    ...(apart.length === 0 ? [] : [`${plural(apart.length, 'finding')} about no session in particular`]),
    ...(hidden.length === 0
      ? []
      : [`${plural(hidden.length, 'finding')} excluded by the policy file: ${exclusionsOf(hidden)}`]),
    '',
    ...table([['detector', 'alerted sessions', 'findings', 'not evaluated'], ...rows]),
    '',
  ].join('\n')
}

/** `id 3, other 1`, the most first. */
function exclusionsOf(findings: readonly FindingLine[]): string {
  const times = new Map<string, number>()
  for (const { excluded_by = '' } of findings) times.set(excluded_by, (times.get(excluded_by) ?? 0) + 1)
  return [...times]
    .sort(([a, some], [b, more]) => more - some || (a < b ? -1 : 1))
    .map(([id, number]) => `${id} ${count(number)}`)
    .join(', ')
}

/** Columns as wide as their widest cell, the first one to the left. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}
