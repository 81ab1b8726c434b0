/** A file that `backtest --findings` wrote, read again. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { WatchkeeperError } from '../../errors.js'
import { maturities, severities } from '../../finding.js'
import type { FindingLine, SessionLine } from './report.js'

/** Throws `WK_FILE_UNREADABLE`, naming the line where one is not such a line: half a comparison would be a wrong one. */
export async function readLines(file: string): Promise<SessionLine[]> {
  const lines: SessionLine[] = []
  const ids = new Set<string>()
  let number = 0
  try {
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      if (text.trim() === '') continue
      const line = lineOf(JSON.parse(text))
      if (ids.has(line.id)) throw new Error(`repeats the session ${JSON.stringify(line.id.slice(0, 100))}`)
      ids.add(line.id)
      lines.push(line)
    }
  } catch (error) {
    const place = error instanceof Error && 'code' in error ? file : `${file}:${number}`
    throw new WatchkeeperError('WK_FILE_UNREADABLE', `cannot read ${place}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return lines
}

type Loose = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Loose => typeof value === 'object' && value !== null

function lineOf(value: unknown): SessionLine {
  if (!isRecord(value) || typeof value['id'] !== 'string' || !Array.isArray(value['findings']))
    throw new Error('expected a line of backtest --findings: {"id", "findings", "not_evaluated"}')
  const lacks: unknown = value['not_evaluated'] ?? []
  if (!Array.isArray(lacks)) throw new Error('"not_evaluated" must be a list')
  return { id: value['id'], findings: value['findings'].map(findingOf), not_evaluated: lacks.map(String) }
}

function findingOf(value: unknown): FindingLine {
  const finding: Loose = isRecord(value) ? value : {}
  const { detector, calls = [], fingerprint = '', summary = '', score = {} } = finding
  const severity = severities.find((one) => one === finding['severity'])
  const maturity = maturities.find((one) => one === (finding['maturity'] ?? 'stable'))
  if (typeof detector !== 'string' || severity === undefined || maturity === undefined || !Array.isArray(calls))
    throw new Error('a finding must have a detector, a severity and a list of calls')
  return {
    ...(finding as unknown as FindingLine),
    detector,
    severity,
    maturity,
    calls,
    fingerprint: String(fingerprint),
    summary: String(summary),
    score: score as FindingLine['score'],
  }
}
