/**
 * PagerDuty, Events API v2. Every version of an incident has the same `dedup_key`, so that a version sent twice, and one that
 * follows, join the alert that is there and page nobody again. At most 512 KB a request; ours are a few.
 */
import type { Severity } from '../../finding.js'
import { digestOf } from '../digest.js'
import { instant } from '../instant.js'
import { attempt } from './attempt.js'
import type { Common, Notice, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface PagerDutySettings extends Common {
  /** The integration's key. */
  readonly routingKey: Secret
  readonly url: string
}

export const pagerDutyUrl = 'https://events.pagerduty.com/v2/enqueue'

const action: Readonly<Record<Notice, 'trigger' | 'acknowledge' | 'resolve'>> = {
  opened: 'trigger',
  updated: 'trigger',
  reminded: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
}
const severity: Readonly<Record<Severity, 'critical' | 'error' | 'warning' | 'info'>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
}

export function pagerDuty({ name, routingKey, url, now, timeoutMs, places }: PagerDutySettings): Notifier {
  return {
    name,
    deliver: (incident, notice, signal) =>
      attempt(async () => {
        const { headline, summary, facts, timeline, detectors, next, tags, tenant, links } = digestOf(
          incident,
          notice,
          places,
        )
        const about = {
          // PagerDuty takes 1024 characters.
          summary: `${headline}: ${summary}`.slice(0, 1_024),
          source: `watchkeeper/${tenant}`,
          severity: severity[incident.severity],
          timestamp: instant(incident.firstAt),
          class: detectors.join(', '),
          custom_details: {
            ...Object.fromEntries(facts),
            Summary: summary,
            Timeline: timeline,
            Tags: tags,
            Next: next,
          },
        }
        const event = {
          routing_key: await routingKey(),
          event_action: action[notice],
          dedup_key: incident.id,
          ...(action[notice] === 'trigger'
            ? {
                payload: about,
                client: 'Watchkeeper',
                ...(links[0] === undefined ? {} : { client_url: links[0].url }),
                links: links.map(({ name: text, url: href }) => ({ href, text })),
              }
            : {}),
        }
        return post({ url, body: JSON.stringify(event), signal, now, timeoutMs })
      }),
  }
}
