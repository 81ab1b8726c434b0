/**
 * What to open next: commands that work as they stand. They hold nothing but ids of ours, checked here, so that no text of an
 * attacker reaches a shell by way of the analyst's clipboard.
 */
import type { Incident } from './incident.js'

export interface NextStep {
  readonly what: string
  /** One command, in lines that can be pasted together. */
  readonly lines: readonly string[]
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function nextSteps(incident: Incident): readonly NextStep[] {
  const records = incident.timeline.map((step) => step.recordId).filter((id) => uuid.test(id))
  const [anchor] = records
  return [
    ...(anchor === undefined
      ? []
      : [
          step(
            'every call of that session, in order',
            'SELECT started_at, server_name, tool, outcome, destinations FROM audit',
            'WHERE (tenant, session_key) IN (SELECT tenant, session_key FROM audit',
            `WHERE record_id = '${anchor}') ORDER BY started_at, record_id`,
          ),
        ]),
    step(
      'the findings, whole',
      'SELECT * FROM finding WHERE fingerprint IN',
      '(SELECT arrayJoin(findings) FROM incident',
      `WHERE incident_id = '${incident.id}')`,
    ),
    { what: 'this incident again', lines: [`npx watchkeeper incidents show ${incident.id}`] },
  ]
}

function step(what: string, ...sql: readonly string[]): NextStep {
  const last = sql.length - 1
  return {
    what,
    lines: sql.map((line, at) => `${at === 0 ? 'npx watchkeeper sql "' : ''}${line}${at === last ? '"' : ''}`),
  }
}

/** Where it says what a detector sees, what it misses and what to do when it fires; '' for what is no detector's name. */
export const readmeOf = (detector: string): string =>
  /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(detector) ? `detectors/${detector}/README.md` : ''
