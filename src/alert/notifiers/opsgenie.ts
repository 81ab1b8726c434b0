/**
 * Opsgenie, Alert API v2. The alias is the incident's id: what is sent twice counts up the open alert, and a later version
 * comes to it as a note.
 */
import type { Severity } from '../../finding.js'
import { type Digest, digestOf } from '../digest.js'
import { attempt } from './attempt.js'
import type { Common, Notifier, Secret } from './contract.js'
import { post } from './post.js'

export interface OpsgenieSettings extends Common {
  /** Of an API integration. */
  readonly key: Secret
  /** Without a path: `https://api.opsgenie.com`, or `https://api.eu.opsgenie.com`. */
  readonly url: string
}

export const opsgenieUrl = 'https://api.opsgenie.com'

const priority: Readonly<Record<Severity, 'P1' | 'P2' | 'P3' | 'P4' | 'P5'>> = {
  critical: 'P1',
  high: 'P2',
  medium: 'P3',
  low: 'P4',
  info: 'P5',
}

export function opsgenie({ name, key, url, now, timeoutMs, places }: OpsgenieSettings): Notifier {
  return {
    name,
    deliver: (incident, notice, signal) =>
      attempt(async () => {
        const headers = { authorization: `GenieKey ${await key()}` }
        const digest = digestOf(incident, notice, places)
        const call = (path: string, body: unknown) =>
          post({
            url: `${url.replace(/\/+$/, '')}/v2/alerts${path}`,
            headers,
            body: JSON.stringify(body),
            signal,
            now,
            timeoutMs,
          })
        const known = (what: string): string => `/${incident.id}/${what}?identifierType=alias`
        const said = { source: 'Watchkeeper', note: `${digest.headline}\n${digest.summary}` }
        if (notice === 'acknowledged') return call(known('acknowledge'), said)
        if (notice === 'resolved') return call(known('close'), said)
        // Of an alert that is open only the count changes; one that somebody closed is opened anew.
        const created = await call('', alert(digest, incident.id))
        return notice === 'opened' || created.type !== 'delivered' ? created : call(known('notes'), said)
      }),
  }
}

/** Characters: a message has 130, a description 15000, a tag 50; there are at most 20 tags. */
function alert(digest: Digest, alias: string) {
  const { headline, summary, facts, timeline, next, tags, severity, links } = digest
  return {
    message: Array.from(headline).slice(0, 130).join(''),
    alias,
    description: [...links.map(({ name, url }) => `${name}: ${url}`), summary, '', ...timeline, '', ...next]
      .join('\n')
      .slice(0, 15_000),
    tags: tags.slice(0, 20),
    details: Object.fromEntries(facts),
    source: 'Watchkeeper',
    priority: priority[severity],
  }
}
