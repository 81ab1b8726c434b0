/** Matchers in Alertmanager's notation, over the labels of an incident: for routes, silences and inhibition. */
import { severityRank } from '../finding.js'
import type { Incident } from './incident.js'

export const labelNames = [
  'tenant',
  'severity',
  'detector',
  'subject',
  'server',
  'tool',
  'session',
  'incident',
] as const
export type Label = (typeof labelNames)[number]

/** An incident has several detectors, subjects, servers and tools. */
const labels: Readonly<Record<Label, (incident: Incident) => readonly string[]>> = {
  tenant: ({ tenant }) => [tenant],
  severity: ({ severity }) => [severity],
  detector: ({ findings }) => distinct(findings.map(({ detector }) => detector)),
  subject: ({ findings }) => distinct(findings.map(({ subject }) => subject)),
  server: ({ findings }) => distinct(findings.map(({ server }) => server)),
  tool: ({ findings }) => distinct(findings.map(({ tool }) => tool)),
  session: ({ session, findings }) => distinct([session, ...findings.map((finding) => finding.session)]),
  incident: ({ id }) => [id],
}

const distinct = (values: readonly string[]): readonly string[] => [...new Set(values.filter((value) => value !== ''))]

export const isLabel = (name: string): name is Label => Object.hasOwn(labels, name)

export const labelsOf = (incident: Incident, label: Label): readonly string[] => labels[label](incident)

/**
 * One value for each label, by which incidents are told together or compared: of several detectors, subjects … that of the most
 * severe finding.
 */
export function leading(incident: Incident, label: Label): string {
  const lead = incident.findings.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))[0]
  if (label === 'detector' || label === 'subject' || label === 'server' || label === 'tool') return lead?.[label] ?? ''
  return labelsOf(incident, label)[0] ?? ''
}

export type Matcher = (incident: Incident) => boolean

const form = /^\s*(\w+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s]+))\s*$/
const longest = 500

/**
 * `severity=~"high|critical"`. Where an incident has several values, `=` fits where one of them is it, `!=` where none is. A string is
 * what is wrong.
 */
export function matcherOf(source: string): Matcher | string {
  if (source.length > longest) return `a matcher has at most ${longest} characters`
  const [, label = '', operator = '', quoted, bare = ''] = form.exec(source) ?? []
  if (label === '') return 'expected a matcher: severity=~"high|critical", tenant="acme", detector!="outbound-volume"'
  if (!isLabel(label)) return `there is no label ${label}: ${labelNames.join(', ')}`
  const value = quoted?.replace(/\\(["\\])/g, '$1') ?? bare
  let fits: (text: string) => boolean = (found) => found === value
  if (operator.endsWith('~')) {
    try {
      const pattern = new RegExp(`^(?:${value})$`, 'u')
      fits = (found) => pattern.test(found)
    } catch {
      return `${value} is not a regular expression`
    }
  }
  const wanted = !operator.startsWith('!')
  return (incident) => labelsOf(incident, label).some(fits) === wanted
}
