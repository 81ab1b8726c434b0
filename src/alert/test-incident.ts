/** An incident that nobody had, to try a receiver with. It says so, and is kept nowhere. */
import type { Severity } from '../finding.js'
import type { Incident } from '../incidents.js'

/** `at`: microseconds. */
export function testIncident(id: string, receiver: string, severity: Severity, at: number): Incident {
  const title = 'Test of a receiver, nothing has happened'
  const summary = `Sent by "watchkeeper alert test ${receiver}".`
  return {
    id,
    tenant: 'test',
    version: 1,
    status: 'open',
    maturity: 'stable',
    severity,
    title,
    summary,
    session: '',
    groupKey: `test/${receiver}`,
    causes: [],
    findings: [],
    timeline: [{ recordId: id, eventId: id, at, part: 'context', note: 'somebody ran the command' }],
    matched: [],
    omitted: 0,
    firstAt: at,
    lastAt: at,
    openedAt: at,
    updatedAt: at,
  }
}
