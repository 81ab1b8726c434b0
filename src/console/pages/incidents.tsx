/** The list: what needs eyes now. */
import { type Severity, severities } from '../../finding.js'
import { forTerminal, type ListedIncident, type TriageStatus } from '../../incidents.js'
import { type Frame, page } from './frame.js'
import { Empty, incidentPath, Name, Names, Said, SeverityBadge, Status, Table, TimeCell, verdictText } from './parts.js'

export interface IncidentsFilter {
  readonly status: readonly TriageStatus[]
  readonly severity: readonly Severity[]
  readonly detector: string
  readonly text: string
  readonly sort: 'updated' | 'opened' | 'severity'
  /** From 0. */
  readonly page: number
  readonly trial: boolean
}

export interface IncidentsPageData {
  readonly incidents: readonly ListedIncident[]
  readonly more: boolean
  readonly filter: IncidentsFilter
  /** Ids, to choose from. */
  readonly detectors: readonly string[]
  /** More than one tenant may stand in the list. */
  readonly showTenant: boolean
}

const statuses: readonly TriageStatus[] = ['open', 'acknowledged', 'resolved']
const sorts = { updated: 'last change', opened: 'opened', severity: 'severity' } as const

export function incidentsPage(data: IncidentsPageData, frame: Frame): string {
  const { incidents, more, filter, showTenant } = data
  return page(
    frame,
    <>
      <div class="headline">
        <h1>Incidents</h1>
        <p class="quiet live" data-live="incidents">
          Newest first by {sorts[filter.sort]}. Times are UTC.
        </p>
      </div>
      <Filter {...data} />
      {incidents.length === 0 ? (
        <Empty>
          No incident fits. If nothing ever shows up here, see whether events arrive: the dashboard Pipeline health, or{' '}
          <code>npx watchkeeper doctor</code>.
        </Empty>
      ) : (
        <Table
          label="Incidents"
          head={['Severity', 'Incident', 'Status', 'Who', 'Servers', ...(showTenant ? ['Tenant'] : []), 'Changed']}
        >
          {incidents.map((one) => (
            <Row key={one.incident.id} {...one} showTenant={showTenant} />
          ))}
        </Table>
      )}
      <nav class="pages" aria-label="Pages of the list">
        {filter.page > 0 ? <a href={hrefOf(filter, filter.page - 1)}>← Newer</a> : null}
        {more ? <a href={hrefOf(filter, filter.page + 1)}>Older →</a> : null}
      </nav>
    </>,
  )
}

function Row({ incident, state, showTenant }: ListedIncident & { showTenant: boolean }) {
  const named = (member: 'subject' | 'server'): readonly string[] => [
    ...new Set(incident.findings.map((finding) => finding[member])),
  ]
  return (
    <tr>
      <td>
        <SeverityBadge severity={incident.severity} />
      </td>
      <td class="wide">
        <a href={incidentPath(incident.id)}>
          <Said text={incident.title} most={160} />
        </a>
        {incident.maturity === 'trial' ? <span class="tag">trial</span> : null}
        <div class="quiet">
          <Said text={incident.summary} most={220} />
        </div>
      </td>
      <td>
        <Status state={state} />
        {state.assignee === '' ? null : (
          <div class="quiet">
            <Name text={state.assignee} most={40} />
          </div>
        )}
        {state.verdict === '' ? null : <div class="quiet">{verdictText[state.verdict]}</div>}
      </td>
      <td>
        <Names names={named('subject')} most={2} />
      </td>
      <td>
        <Names names={named('server')} most={3} />
      </td>
      {showTenant ? <td>{incident.tenant}</td> : null}
      <TimeCell at={incident.updatedAt} />
    </tr>
  )
}

function Filter({ filter, detectors }: IncidentsPageData) {
  return (
    <form class="filter" method="get" action="/incidents" aria-label="Filter incidents">
      <fieldset>
        <legend>Status</legend>
        {statuses.map((status) => (
          <label key={status}>
            <input type="checkbox" name="status" value={status} checked={filter.status.includes(status)} /> {status}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>Severity</legend>
        {severities.toReversed().map((severity) => (
          <label key={severity}>
            <input type="checkbox" name="severity" value={severity} checked={filter.severity.includes(severity)} />{' '}
            {severity}
          </label>
        ))}
      </fieldset>
      <label>
        Detector
        <select name="detector">
          <option value="">any</option>
          {detectors.map((id) => (
            <option key={id} value={id} selected={id === filter.detector}>
              {forTerminal(id, 60)}
            </option>
          ))}
        </select>
      </label>
      <label>
        Sort by
        <select name="sort">
          {Object.entries(sorts).map(([value, name]) => (
            <option key={value} value={value} selected={value === filter.sort}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
        Text
        <input
          type="search"
          name="text"
          value={filter.text}
          maxLength={200}
          placeholder="title, session, subject, id"
        />
      </label>
      <label class="check">
        <input type="checkbox" name="trial" value="1" checked={filter.trial} /> with trial detectors
      </label>
      <button type="submit">Show</button>
    </form>
  )
}

function hrefOf({ status, severity, detector, text, sort, trial }: IncidentsFilter, at: number): string {
  const query = new URLSearchParams([
    ...status.map((one) => ['status', one]),
    ...severity.map((one) => ['severity', one]),
    ...(detector === '' ? [] : [['detector', detector]]),
    ...(text === '' ? [] : [['text', text]]),
    ['sort', sort],
    ...(trial ? [['trial', '1']] : []),
    ['page', String(at)],
  ] as [string, string][])
  return `/incidents?${query}`
}
