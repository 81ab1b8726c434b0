/** An incident in ArcSight's Common Event Format, one line. */
import type { Severity } from '../finding.js'
import { forMessage, type Incident, named, type Places } from '../incidents.js'
import { type Digest, digestOf } from './digest.js'
import { eventIdOf } from './event-id.js'
import type { Notice } from './notifiers/contract.js'

const severity: Readonly<Record<Severity, number>> = { info: 1, low: 3, medium: 5, high: 8, critical: 10 }

export function cef(incident: Incident, notice: Notice, places?: Places): string {
  const digest = digestOf(incident, notice, places)
  const [detector = 'incident'] = digest.detectors
  const header = ['Watchkeeper', 'Watchkeeper', '1', detector, digest.headline, String(severity[incident.severity])]
  const fields: readonly (readonly [string, string])[] = [
    ['externalId', eventIdOf(incident, notice)],
    ['rt', String(Math.trunc(incident.updatedAt / 1_000))],
    ['start', String(Math.trunc(incident.firstAt / 1_000))],
    ['end', String(Math.trunc(incident.lastAt / 1_000))],
    ['act', notice],
    ['suser', forMessage(named(incident, 'subject')[0] ?? '', 200)],
    ['msg', digest.summary],
    ['cs1Label', 'tenant'],
    ['cs1', digest.tenant],
    ['cs2Label', 'tools'],
    [
      'cs2',
      named(incident, 'tool')
        .map((name) => forMessage(name, 80))
        .join(', '),
    ],
    ...(digest.links[0] === undefined ? [] : [['request', digest.links[0].url] as const]),
    ['cs3Label', 'tags'],
    ['cs3', digest.tags.join(' ')],
    ['cs4Label', 'servers'],
    [
      'cs4',
      named(incident, 'server')
        .map((name) => forMessage(name, 80))
        .join(', '),
    ],
    ...facts(digest, 'Why', 'cs5'),
    ...facts(digest, 'Values', 'cs6'),
  ]
  const extension = fields.filter(([, value]) => value !== '').map(([key, value]) => `${key}=${inExtension(value)}`)
  return `CEF:0|${header.map(inHeader).join('|')}|${extension.join(' ')}`
}

/** A label stands only beside its value. */
const facts = ({ facts: all }: Digest, name: string, key: string): readonly (readonly [string, string])[] =>
  all
    .filter(([fact]) => fact === name)
    .flatMap(([, value]) => [[`${key}Label`, name.toLowerCase()] as const, [key, value] as const])

/** A bar would end the field, and an equals sign begin one: whoever names a tool must not name the user of an event. */
const inHeader = (text: string): string => text.replace(/[\\|]/g, '\\$&')
const inExtension = (text: string): string => text.replace(/[\\=]/g, '\\$&')
