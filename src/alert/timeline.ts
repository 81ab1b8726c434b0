/** An incident as text for a terminal, 100 columns wide: what happened, why we say so, and what to open next. */
import { type EvidenceStep, type Severity, severityRank } from '../finding.js'
import {
  type DeliveryState,
  forTerminal,
  type Incident,
  type JoinedFinding,
  named,
  nextSteps,
  readmeOf,
  type TriageAction,
  tagsOf,
  withoutMiddle,
} from '../incidents.js'
import { type Colour, fitted, type Paint, padded, painter, widthOf, wrapped } from './terminal.js'

const columns = 100
/** No-break space. */
const unbroken = '\u00a0'
/** Of more numbers than this the zeros say nothing. */
const fewScores = 8
const mostSteps = 24
const mostValues = 12

export interface TextOptions {
  /** ANSI colours: for a terminal that has them. */
  readonly colour: boolean
}

const badge: Readonly<Record<Severity, Colour>> = {
  critical: 'onRed',
  high: 'onRed',
  medium: 'onYellow',
  low: 'onCyan',
  info: 'onCyan',
}
const partColour: Readonly<Record<EvidenceStep['part'], Colour>> = {
  action: 'red',
  source: 'yellow',
  request: 'cyan',
  context: 'plain',
}

export function incidentText(incident: Incident, { colour }: TextOptions): string {
  const paint = painter(colour)
  return [
    paint('dim', '─'.repeat(columns)),
    ...head(incident, paint),
    '',
    ...facts(incident, paint),
    ...steps(incident, paint),
    ...values(incident, paint),
    '',
    paint('bold', ' Why it is reported'),
    ...bySeverity(incident.findings)
      .slice(0, 10)
      .flatMap((finding) => reason(finding, paint)),
    ...more(incident.findings.length - 10, 'findings', paint),
    '',
    paint('bold', ' What to do next'),
    ...next(incident, paint),
    paint('dim', '─'.repeat(columns)),
    '',
  ].join('\n')
}

/** One line of an incident, for a list: severity, time, beginning of its id, where its latest version stands, title. */
export function incidentLine(
  incident: Incident,
  deliveries: readonly DeliveryState[],
  { colour }: TextOptions,
): string {
  const paint = painter(colour)
  const mark = paint(badge[incident.severity], ` ${incident.severity.toUpperCase().padEnd(8)} `)
  const [state = 'not sent'] =
    incident.maturity === 'trial'
      ? ['trial']
      : deliveries
          .filter(({ version }) => version === incident.version)
          .map(({ outcome }) => standing[outcome] ?? outcome)
  const title = fitted(forTerminal(incident.title), columns - 58).trimEnd()
  return `${mark} ${clock(incident.updatedAt, true).slice(0, 19)}  ${incident.id.slice(0, 8)}  v${padded(String(incident.version), 3)} ${padded(state, 9)}  ${title}`
}

/** What became of an incident's versions at their receivers. '' where nothing was sent. */
export function deliveryText(deliveries: readonly DeliveryState[]): string {
  return deliveries
    .map(({ version, receiver, outcome, reason, attempts, at }) => {
      const why = reason === '' ? '' : `: ${forTerminal(reason, 120)}`
      const times = `${attempts} attempt${attempts === 1 ? '' : 's'}`
      return ` ${clock(at, true)}  version ${version} ${standing[outcome] ?? outcome} (${receiver}, ${times}${why})\n`
    })
    .join('')
}

/** What people did with an incident, oldest first. '' where nobody did anything. */
export function historyText(history: readonly TriageAction[]): string {
  return history
    .map(({ at, actor, action, value, text }) => {
      const what = [action, forTerminal(value, 60)].filter((word) => word !== '').join(' ')
      return ` ${clock(at, true)}  ${forTerminal(actor, 60)}: ${what}${text === '' ? '' : ` (${forTerminal(text, 200)})`}\n`
    })
    .join('')
}

const standing: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  retry: 'waiting',
  again: 'waiting',
  refused: 'dead',
}

function head(incident: Incident, paint: Paint): string[] {
  const mark = ` ${incident.severity.toUpperCase()} `
  const trial = incident.maturity === 'trial' ? ' (trial: recorded, never delivered)' : ''
  const [first = '', ...rest] = wrapped(forTerminal(incident.title) + trial, columns - mark.length - 3)
  return [
    ` ${paint(badge[incident.severity], mark)} ${paint('bold', first)}`,
    ...rest.map((line) => ' '.repeat(mark.length + 2) + paint('bold', line)),
    ...wrapped(forTerminal(incident.summary, 600), columns - 2).map((line) => ` ${line}`),
  ]
}

function facts(incident: Incident, paint: Paint): string[] {
  const names = incident.findings.map(({ server, tool }) => [server, tool].filter((name) => name).join('.'))
  const calls = new Set(names.filter((name) => !names.some((other) => other.startsWith(`${name}.`))))
  const listed = (texts: Iterable<string>): string =>
    [...texts]
      .filter((text) => text)
      .map((text) => forTerminal(text, 80))
      .slice(0, 8)
      .join(', ')
  const span = (incident.lastAt - incident.firstAt) / 1_000_000
  const rows = [
    ['who', listed(named(incident, 'subject'))],
    ['what', listed(calls)],
    ['when', `${clock(incident.firstAt, true)} UTC${span > 0 ? `, over ${duration(span)}` : ''}`],
    ['session', forTerminal(incident.session, 80)],
    ['tenant', forTerminal(incident.tenant, 80)],
    ['incident', `${incident.id}, version ${incident.version}`],
    ['tags', tagsOf(incident).join(' ')],
  ] as const
  return rows
    .filter(([, value]) => value !== '')
    .flatMap(([name, value]) => {
      const [first = '', ...rest] = wrapped(value, columns - 12)
      return [` ${paint('dim', padded(name, 10))} ${first}`, ...rest.map((line) => ' '.repeat(12) + line)]
    })
}

function steps(incident: Incident, paint: Paint): string[] {
  // A finding about a quantity has no single records to show.
  if (incident.timeline.length === 0) return []
  const shown = new Set(withoutMiddle(incident.timeline, mostSteps))
  const hidden = incident.timeline.length - shown.size + incident.omitted
  const indent = 3 + 2 + 12 + 2 + 7 + 2
  const lines = incident.timeline.flatMap((step, index) => {
    if (!shown.has(step)) return []
    const [first = '', ...rest] = wrapped(forTerminal(step.note), columns - indent)
    const number = String(index + 1).padStart(3)
    const part = paint(partColour[step.part], padded(step.part, 7))
    return [
      `${number}  ${paint('dim', clock(step.at, false))}  ${part}  ${first}`,
      ...rest.map((line) => ' '.repeat(indent) + line),
    ]
  })
  return ['', paint('bold', ' What happened'), ...lines, ...more(hidden, 'steps or values', paint)]
}

function values(incident: Incident, paint: Paint): string[] {
  if (incident.matched.length === 0) return []
  const place = (id: string): string => {
    const index = incident.timeline.findIndex((step) => step.recordId === id || step.eventId === id)
    return index === -1 ? 'another record' : `step ${index + 1}`
  }
  const rows = incident.matched.slice(0, mostValues).map((value) => {
    const name = `${fitted(forTerminal(value.kind), 8)} ${paint('dim', fitted(forTerminal(value.hash.slice(0, 8)), 8))}`
    return `     ${name}  first seen in ${place(value.firstIn)}, used in ${place(value.usedIn)}`
  })
  return [
    '',
    `${paint('bold', ' The same values in both places')} ${paint('dim', '(keyed hashes)')}`,
    ...rows,
    ...more(incident.matched.length - mostValues, 'values', paint),
  ]
}

function reason(finding: JoinedFinding, paint: Paint): string[] {
  // A name and its number stay on one line.
  const scores = Object.entries(finding.score)
  const telling = scores.length > fewScores ? scores.filter(([, value]) => value !== 0) : scores
  const parts = telling.map(([name, value]) =>
    `${forTerminal(inWords(name), 40)} ${figure(value)}`.replaceAll(' ', unbroken),
  )
  const name = `${forTerminal(finding.detector, 40)} v${finding.detectorVersion}`
  const indent = 5 + Math.max(24, widthOf(name)) + 2
  const [first = '', ...rest] = wrapped([finding.severity, ...parts].join(' · '), columns - indent).map((line) =>
    line.replaceAll(unbroken, ' '),
  )
  return [`     ${paint('cyan', padded(name, 24))}  ${first}`, ...rest.map((line) => ' '.repeat(indent) + line)]
}

const bySeverity = (findings: readonly JoinedFinding[]): readonly JoinedFinding[] =>
  findings.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))

function next(incident: Incident, paint: Paint): string[] {
  const guides = [...new Set(incident.findings.map((finding) => finding.detector))].map(readmeOf)
  return [
    ...guides.filter((path) => path !== '').map((path) => `     ${paint('dim', 'read')} ${path}`),
    ...nextSteps(incident).flatMap(({ what, lines }) => [
      `     ${paint('dim', what)}`,
      ...lines.map((line, index) => `       ${index === 0 ? '' : '  '}${line}`),
    ]),
  ]
}

const more = (count: number, of: string, paint: Paint): string[] =>
  count > 0 ? [paint('dim', `     … and ${count} more ${of}`)] : []

/** `rankBefore` and `rank_before` as people write it. */
const inWords = (name: string): string =>
  name.replace(/(?<=[a-z])[A-Z]|_/g, (mark) => ` ${mark === '_' ? '' : mark.toLowerCase()}`)
const figure = (value: number): string => (value || 0).toLocaleString('en', { maximumFractionDigits: 3 })

/** `2026-11-24 03:12:05.120` in UTC, or the time of day alone. */
function clock(at: number, withDate: boolean): string {
  const text = new Date(Math.max(0, Math.trunc(at / 1_000))).toISOString()
  return withDate ? `${text.slice(0, 10)} ${text.slice(11, 23)}` : text.slice(11, 23)
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toPrecision(2))} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3_600)} h`
}
