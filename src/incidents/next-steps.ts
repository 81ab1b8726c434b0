/**
 * What to open next: commands that work as they stand. They hold nothing but ids, hashes and times, checked here, so that no
 * text of an attacker reaches a shell by way of the analyst's clipboard.
 */
import { isHash, isUuid } from './ids.js'
import type { Incident } from './incident.js'

export interface NextStep {
  readonly what: string
  /** One command, in lines that can be pasted together. */
  readonly lines: readonly string[]
}

const day = 86_400_000_000

export function nextSteps(incident: Incident): readonly NextStep[] {
  const calls = incident.findings.flatMap((finding) => finding.calls)
  const record = [...incident.timeline.map((step) => step.recordId), ...calls].find(isUuid)
  const hashes = [...new Set(incident.matched.map((value) => value.hash))].filter(isHash).slice(0, 3)
  // Partitions follow the kept time; it is never before the earlier of these.
  const from = `kept_at > '${timeText(Math.min(incident.firstAt, incident.openedAt) - day)}'`
  return [
    ...(record === undefined
      ? []
      : [
          query(
            'the whole session, in order',
            'SELECT started_at, kind, server_name, tool, outcome, destinations',
            `FROM audit WHERE ${from} AND (tenant, session) IN (`,
            `SELECT tenant, session FROM audit WHERE record_id = '${record}')`,
            'ORDER BY started_at',
          ),
        ]),
    ...(hashes.length === 0
      ? []
      : [
          query(
            'everywhere else that these values went',
            'SELECT kept_at, session_key, place, kind, record_id FROM fingerprint',
            `WHERE hash IN (${hashes.map((text) => `0x${text}`).join(', ')})`,
            'ORDER BY kept_at LIMIT 100',
          ),
        ]),
    { what: 'this incident again', lines: [`npx watchkeeper incidents show ${incident.id}`] },
  ]
}

function query(what: string, ...sql: readonly string[]): NextStep {
  const last = sql.length - 1
  const lines = sql.map((line, at) => `${at === 0 ? 'npx watchkeeper sql "' : ''}${line}${at === last ? '"' : ''}`)
  return { what, lines }
}

/** `2026-11-24 03:12:05`, as ClickHouse reads a time in UTC. */
const timeText = (at: number): string =>
  new Date(Math.max(0, Math.trunc(at / 1_000))).toISOString().slice(0, 19).replace('T', ' ')

/** Where it says what a detector sees, what it misses and what to do when it fires; '' for what is no detector's name. */
export const readmeOf = (detector: string): string =>
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(detector) ? `detectors/${detector}/README.md` : ''
