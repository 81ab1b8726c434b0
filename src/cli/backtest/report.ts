/** What a backtest says: a line of JSON for each session, and a summary that a person reads. */
import { type Finding, type Maturity, type Severity, severities, severityRank } from '../../finding.js'
import { count, plural } from '../replay/progress.js'

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

const share = (part: number, whole: number): string => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`

/** A text, the same for the same lines. */
export function summarise(lines: readonly SessionLine[], detectors: readonly string[]): string {
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
    const own = lines.map(({ findings }) => findings.filter(({ detector }) => detector === id))
    return [
      id,
      count(own.filter((found) => found.some(isAlert)).length),
      count(own.reduce((sum, found) => sum + found.length, 0)),
      count(lines.filter((line) => line.not_evaluated.some((lack) => lack.startsWith(`${id}: `))).length),
    ]
  })
  return [
    `${plural(alerted, 'session')} of ${count(lines.length)} alerted (medium or worse): ${share(alerted, lines.length)}, ` +
      `${count(Math.round((10_000 * alerted) / Math.max(1, lines.length)))} alerts for 10,000 sessions`,
    ...bySeverity.map(({ severity, sessions }) => `  ${severity.padEnd(9)} ${count(sessions).padStart(9)}  at worst`),
    '',
    ...table([['detector', 'alerted sessions', 'findings', 'not evaluated'], ...rows]),
    '',
  ].join('\n')
}

/** Columns as wide as their widest cell, the first one to the left. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  '),
  )
}
