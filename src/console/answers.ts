/** Incidents as the API answers them. */
import { type Incident, type ListedIncident, named, nextSteps, tagsOf } from '../incidents.js'

export function listed({ incident, state }: ListedIncident) {
  return {
    ...head(incident),
    subjects: [...named(incident, 'subject')],
    servers: [...named(incident, 'server')],
    tools: [...named(incident, 'tool')],
    findings: incident.findings.length,
    ...state,
  }
}

export function whole({ incident, state, history }: ListedIncident) {
  const { findings, timeline, matched, omitted } = incident
  return {
    ...head(incident),
    findings: findings.map((one) => ({ ...one, calls: [...one.calls], tags: mutable(one.tags) })),
    timeline: [...timeline],
    matched: [...matched],
    omitted,
    tags: [...tagsOf(incident)],
    state,
    history: [...history],
    nextSteps: nextSteps(incident).map(({ what, lines }) => ({ what, lines: [...lines] })),
  }
}

function head(incident: Incident) {
  const { id, tenant, version, severity, maturity, title, summary, session, firstAt, lastAt, openedAt, updatedAt } =
    incident
  const detectors = [...new Set(incident.findings.map(({ detector }) => detector))]
  return {
    id,
    tenant,
    version,
    severity,
    maturity,
    title,
    summary,
    session,
    firstAt,
    lastAt,
    openedAt,
    updatedAt,
    detectors,
  }
}

const mutable = ({ atlas, mcp, asi }: Incident['findings'][number]['tags']) => ({
  atlas: [...atlas],
  mcp: [...mcp],
  asi: [...asi],
})
