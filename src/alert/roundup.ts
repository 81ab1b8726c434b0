/** Several incidents of one group as one message: a line each, the most severe first. */
import { stableId } from '../audit-event.js'
import { severities, severityRank } from '../finding.js'
import { forMessage, linksOf, type Places, tagsOf } from '../incidents.js'
import { type Digest, noticePrefix } from './digest.js'
import { eventIdOf } from './event-id.js'
import type { Told } from './notifiers/contract.js'

export function roundupOf(told: readonly Told[], places: Places = { console: '', grafana: '' }): Digest {
  const ranked = told.toSorted((a, b) => severityRank(b.incident.severity) - severityRank(a.incident.severity))
  const incidents = ranked.map(({ incident }) => incident)
  const severity = incidents[0]?.severity ?? 'info'
  const counts = severities
    .toReversed()
    .map((one) => [one, incidents.filter((incident) => incident.severity === one).length] as const)
    .filter(([, number]) => number > 0)
    .map(([one, number]) => `${number} ${one}`)
  const tenants = [...new Set(incidents.map(({ tenant }) => forMessage(tenant, 80)))]
  return {
    // No single one: a message about several belongs to no thread.
    incident: '',
    event: stableId('roundup', ...told.map(({ incident, notice }) => eventIdOf(incident, notice)).sort()),
    severity,
    tenant: tenants.join(', '),
    headline: `[${severity.toUpperCase()}] ${told.length} incidents: ${counts.join(', ')}`,
    summary: 'Told together, since their route groups them.',
    facts: [
      ['Tenant', tenants.join(', ')],
      ['Incidents', incidents.map((incident) => eventIdOf(incident)).join(', ')],
    ],
    timeline: ranked.map(
      ({ incident, notice }) =>
        `${noticePrefix[notice]}${incident.severity} · ${forMessage(incident.title, 110)} · ${incident.id.slice(0, 8)}`,
    ),
    detectors: [
      ...new Set(incidents.flatMap(({ findings }) => findings.map(({ detector }) => forMessage(detector, 60)))),
    ].slice(0, 10),
    tags: [...new Set(incidents.flatMap(tagsOf))].sort(),
    next: incidents.slice(0, 8).map(({ id }) => `npx watchkeeper incidents show ${id}`),
    links: incidents.slice(0, 5).flatMap((incident) => linksOf(incident, places).slice(0, 1)),
  }
}
