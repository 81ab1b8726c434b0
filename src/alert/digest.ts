/**
 * An incident as a person reads it in a chat, a page or a mail: the same words for every such receiver. Every text in it
 * passed `forMessage`; what its destination takes for markup is the notifier's to escape.
 */
import type { Severity } from '../finding.js'
import {
  forMessage,
  type Incident,
  type Link,
  linksOf,
  named,
  nextSteps,
  type Places,
  readmeOf,
  tagsOf,
  withoutMiddle,
} from '../incidents.js'
import { eventIdOf } from './event-id.js'
import { instant } from './instant.js'
import type { Notice } from './notifiers/contract.js'
import { reasonsOf, valuesOf } from './why.js'

export interface Digest {
  readonly incident: string
  /** Incident and version. */
  readonly event: string
  readonly severity: Severity
  readonly tenant: string
  /** `[HIGH] A call does what a tool result ordered`, at most 140 characters. */
  readonly headline: string
  readonly summary: string
  /** Name and value; none is empty. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  /** What happened, in order, with the calls before and after it: at most thirteen lines. */
  readonly timeline: readonly string[]
  readonly detectors: readonly string[]
  readonly tags: readonly string[]
  /** What to do: a page to read, or a command of ours; no text from events. */
  readonly next: readonly string[]
  /** Pages of ours: they may be links. */
  readonly links: readonly Link[]
}

export const noticePrefix: Readonly<Record<Notice, string>> = {
  opened: '',
  updated: 'Update: ',
  reminded: 'Still open: ',
  acknowledged: 'Acknowledged: ',
  resolved: 'Resolved: ',
}
const mostSteps = 10

export function digestOf(incident: Incident, notice: Notice, places: Places = { console: '', grafana: '' }): Digest {
  const detectors = [...new Set(incident.findings.map(({ detector }) => forMessage(detector, 60)))].slice(0, 10)
  const listed = (member: 'subject' | 'server' | 'tool'): string =>
    named(incident, member)
      .map((text) => forMessage(text, 80))
      .join(', ')
  const shown = withoutMiddle(incident.timeline, mostSteps)
  const left = incident.timeline.length - shown.length + incident.omitted
  const facts: [string, string][] = [
    ['Who', listed('subject')],
    ['Server', listed('server')],
    ['Tool', listed('tool')],
    ['Tenant', forMessage(incident.tenant, 80)],
    ['Session', forMessage(incident.session, 80)],
    ['First evidence', instant(incident.firstAt)],
    ['Detectors', detectors.join(', ')],
    ['Why', reasonsOf(incident)],
    ['Values', valuesOf(incident)],
    ['Incident', eventIdOf(incident)],
  ]
  return {
    incident: incident.id,
    event: eventIdOf(incident, notice),
    severity: incident.severity,
    tenant: forMessage(incident.tenant, 80),
    headline: `${noticePrefix[notice]}[${incident.severity.toUpperCase()}] ${forMessage(incident.title, 110)}`,
    summary: forMessage(incident.summary, 600),
    facts: facts.filter(([, value]) => value !== ''),
    timeline: [
      ...around('before that', incident.around?.before),
      ...shown.map((step) => {
        const { at, part, note } = step
        return `${incident.timeline.indexOf(step) + 1}. ${instant(at).slice(11, 19)} ${part}: ${forMessage(note, 160)}`
      }),
      ...(left > 0 ? [`and ${left} more`] : []),
      ...around('after that', incident.around?.after),
    ],
    detectors,
    tags: tagsOf(incident),
    next: [
      ...new Set(incident.findings.map(({ detector }) => readmeOf(detector)).filter((path) => path !== '')),
      ...nextSteps(incident).map(({ lines }) => lines.join(' ')),
    ].slice(0, 8),
    links: linksOf(incident, places),
  }
}

const around = (when: string, calls: readonly string[] = []): string[] =>
  calls.length === 0 ? [] : [`${when}: ${calls.map((call) => forMessage(call, 60)).join(', ')}`]
