/**
 * Prometheus Alertmanager, API v2. Labels are an alert's identity there, annotations its words. The incident is a label, or two
 * incidents of one tenant would be one alert and the second would notify nobody; group by other labels to be told less often.
 * An alert ends when `endsAt` has passed, which is why it says one: we do not post it again and again.
 */
import { severities, severityRank } from '../../finding.js'
import { digestOf } from '../digest.js'
import { instant } from '../instant.js'
import { attempt } from './attempt.js'
import type { Common, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface AlertmanagerSettings extends Common {
  /** Up to the path prefix: `http://alertmanager:9093`. */
  readonly url: string
  /** The whole header of that name: `Bearer …`. */
  readonly authorization: Secret | undefined
}

/** As long as a finding may still join the incident. Microseconds. */
const lasts = 24 * 3_600_000_000

export function alertmanager({ name, url, authorization, now, timeoutMs, places }: AlertmanagerSettings): Notifier {
  return {
    name,
    deliver: (incident, notice, signal) =>
      attempt(async () => {
        const { headline, summary, facts, timeline, next, tags, tenant, links } = digestOf(incident, notice, places)
        const over = notice === 'resolved'
        const alert = (severity: string, endsAt: number) => ({
          labels: { alertname: 'WatchkeeperIncident', tenant, severity, incident: incident.id },
          annotations: {
            summary: headline,
            description: summary,
            timeline: timeline.join('\n'),
            next: next.join('\n'),
            tags: tags.join(' '),
            ...Object.fromEntries(facts.map(([what, value]) => [what.toLowerCase().replace(/ /g, '_'), value])),
          },
          startsAt: instant(incident.openedAt),
          endsAt: instant(endsAt),
          ...(links[0] === undefined ? {} : { generatorURL: links[0].url }),
        })
        // A severity that rose is another alert: those of lower severities end with it.
        const lower = notice === 'opened' ? [] : severities.slice(0, severityRank(incident.severity))
        const alerts = [
          alert(incident.severity, over ? incident.updatedAt : incident.updatedAt + lasts),
          ...lower.map((severity) => alert(severity, incident.updatedAt)),
        ]
        const given = await authorization?.()
        return post({
          url: `${url.replace(/\/+$/, '')}/api/v2/alerts`,
          headers: given === undefined ? {} : { authorization: given },
          body: JSON.stringify(alerts),
          signal,
          now,
          timeoutMs,
        })
      }),
  }
}
