/** One session: every event in order, and where values went. */
import type { AuditEvent } from '../../audit-event.js'
import type { EvidenceStep } from '../../finding.js'
import type { ListedIncident } from '../../incidents.js'
import type { SessionView } from '../reading/session.js'
import { type Frame, page } from './frame.js'
import {
  count,
  Empty,
  incidentPath,
  Name,
  Names,
  Said,
  Section,
  SeverityBadge,
  Status,
  Table,
  TimeCell,
} from './parts.js'
import { ValueFlow } from './value-flow.js'

export interface SessionPageData {
  readonly view: SessionView
  /** Those that it is a part of. */
  readonly incidents: readonly ListedIncident[]
}

export function sessionPage({ view, incidents }: SessionPageData, frame: Frame): string {
  const { tenant, session, keys, events, truncated, flows } = view
  const subjects = [...new Set(events.map(({ subject }) => subject))]
  const servers = [...new Set(events.map(({ serverName }) => serverName))]
  const flowing = new Set(flows.flatMap(({ firstIn, usedIn }) => [firstIn, usedIn]))
  const steps = events.filter(({ recordId }) => flowing.has(recordId)).map(stepOf)
  return page(
    frame,
    <article>
      <div class="headline">
        <h1>
          Session <Name text={session} most={80} />
        </h1>
        <p class="quiet">
          {count(events.length)} events of <Names names={subjects} /> with <Names names={servers} />, tenant {tenant}.
          {truncated ? ' The session is longer: these are its latest events.' : ''}
        </p>
      </div>
      <Section id="incidents" title="Incidents">
        {incidents.length === 0 ? (
          <Empty>No incident is about this session.</Empty>
        ) : (
          <ul class="plain">
            {incidents.map(({ incident, state }) => (
              <li key={incident.id}>
                <SeverityBadge severity={incident.severity} /> <Status state={state} />{' '}
                <a href={incidentPath(incident.id)}>
                  <Said text={incident.title} most={160} />
                </a>
              </li>
            ))}
          </ul>
        )}
      </Section>
      <ValueFlow steps={steps} matched={flows} />
      <Section id="events" title="Events">
        <Table
          label="Events in order"
          head={['Time (UTC)', 'What', 'Server', 'Tool', 'Outcome', 'Scopes', 'Sent to', 'Signals']}
        >
          {events.map((event) => (
            <Event
              key={event.recordId}
              event={event}
              step={steps.findIndex(({ recordId }) => recordId === event.recordId)}
            />
          ))}
        </Table>
        <p class="quiet">
          Keys of this session: <Names names={keys} most={12} />
        </p>
      </Section>
    </article>,
  )
}

const stepOf = (event: AuditEvent): EvidenceStep => ({
  recordId: event.recordId,
  eventId: event.eventId,
  at: event.endedAt,
  part: event.destinations.length > 0 ? 'action' : 'context',
  note: [event.serverName, event.tool || event.method || event.kind].filter((name) => name !== '').join('.'),
})

/** `step`: its place among those that values went between, -1 where none did. */
function Event({ event, step }: { event: AuditEvent; step: number }) {
  const scopes = [
    ...event.scopesChallenged.map((scope) => `asked for ${scope}`),
    ...event.scopesGranted.map((scope) => `got ${scope}`),
  ]
  const signals = [
    ...signalsIn('arguments', event.argSignals),
    ...signalsIn('result', event.resultSignals),
    ...event.argSecretKinds.map((kind) => `secret in arguments: ${kind}`),
    ...event.resultSecretKinds.map((kind) => `secret in result: ${kind}`),
  ]
  return (
    <tr
      class={event.outcome === 'ok' || event.outcome === '' ? '' : 'failed'}
      id={step < 0 ? undefined : `step-${step + 1}`}
    >
      <TimeCell at={event.endedAt} seconds />
      <td>
        {event.kind.replaceAll('_', ' ')}{' '}
        {event.method === '' ? null : (
          <span class="quiet">
            <Name text={event.method} most={60} />
          </span>
        )}
      </td>
      <td>
        <Name text={event.serverName || event.serverAddress} most={60} />
      </td>
      <td>
        <Name text={event.tool || event.resource || event.prompt} most={80} />
      </td>
      <td>
        {event.outcome}
        {event.errorType === '' ? null : (
          <div class="quiet">
            <Name text={event.errorType} most={60} />
          </div>
        )}
      </td>
      <td>
        <Names names={scopes} most={4} />
      </td>
      <td>
        <Names names={event.destinations} most={4} />
      </td>
      <td>
        <Names names={signals} most={4} />
      </td>
    </tr>
  )
}

const signalsIn = (where: string, signals: Readonly<Record<string, number>>): string[] =>
  Object.entries(signals)
    .filter(([, value]) => value >= 0.5)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} in ${where} ${value.toFixed(2)}`)
