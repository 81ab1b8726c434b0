/** One incident: what happened, why it is told, how far it reaches, what to do, and what people did. */
import type { Child } from 'hono/jsx'
import { severityRank } from '../../finding.js'
import {
  type DeliveryState,
  forBlock,
  type Incident,
  type JoinedFinding,
  type ListedIncident,
  labelsOf,
  named,
  nextSteps,
  type Reach,
  refusal,
  type Silence,
  tagsOf,
  type Verdict,
  verdicts,
} from '../../incidents.js'
import { ActionForm } from './action-form.js'
import { type Frame, page } from './frame.js'
import {
  count,
  detectorPath,
  Empty,
  figure,
  inWords,
  Name,
  Names,
  Said,
  Section,
  SeverityBadge,
  SilenceDuration,
  Status,
  sessionPath,
  Table,
  Time,
  TimeCell,
  verdictText,
} from './parts.js'
import { ValueFlow } from './value-flow.js'

export interface IncidentPageData extends ListedIncident {
  readonly deliveries: readonly DeliveryState[]
  /** `undefined` where it could not be asked in time. */
  readonly reach: Reach | undefined
  /** The one that covers it now. */
  readonly silence: Silence | undefined
  /** Entries for the policy file that would exclude it, with their case; '' where none was asked for. */
  readonly exclusion: string
  /** Why they were asked for, where the person may have them written; else absent. */
  readonly writes?: string
  /** The investigation dashboard at this incident; '' where there is no Grafana. */
  readonly grafana: string
  /** Whether the person may act. */
  readonly mayAct: boolean
}

export function incidentPage(data: IncidentPageData, frame: Frame): string {
  const { incident, state } = data
  return page(
    frame,
    <article>
      <div class="headline">
        <p class="crumbs">
          <a href="/incidents">Incidents</a> / {incident.id.slice(0, 8)}
        </p>
        <h1>
          <Said text={incident.title} most={200} />
        </h1>
        <p class="marks">
          <SeverityBadge severity={incident.severity} /> <Status state={state} />
          {incident.maturity === 'trial' ? <span class="tag">trial: recorded, never delivered</span> : null}
          {state.verdict === '' ? null : <span class="tag">{verdictText[state.verdict]}</span>}
          {data.silence === undefined ? null : (
            <a class="tag" href="/silences">
              silenced until <Time at={data.silence.endsAt} />
            </a>
          )}
        </p>
        <p class="lead">
          <Said text={incident.summary} />
        </p>
      </div>
      <div class="columns">
        <div>
          <Facts {...data} />
          <Timeline incident={incident} />
          <ValueFlow steps={incident.timeline} matched={incident.matched} />
          <Reasons incident={incident} />
          <BlastRadius {...data} />
        </div>
        <aside aria-label="Triage">
          {data.mayAct ? <Actions {...data} csrf={frame.csrf} me={frame.person?.name ?? ''} /> : null}
          <NextSteps {...data} />
          <History {...data} />
          <Deliveries {...data} csrf={frame.csrf} />
        </aside>
      </div>
    </article>,
  )
}

function Facts({ incident, state, grafana }: IncidentPageData) {
  const sessions = labelsOf(incident, 'session')
  const rows: readonly (readonly [string, Child])[] = [
    ['Who', <Names names={named(incident, 'subject')} />],
    ['Servers', <Names names={named(incident, 'server')} />],
    ['Tools', <Names names={named(incident, 'tool')} />],
    [
      'When',
      <>
        <Time at={incident.firstAt} seconds /> to <Time at={incident.lastAt} seconds /> UTC
      </>,
    ],
    [
      sessions.length === 1 ? 'Session' : 'Sessions',
      sessions.length === 0 ? (
        <span class="quiet">none</span>
      ) : (
        <>
          {sessions.slice(0, 10).map((session, index) => (
            <span key={session}>
              {index > 0 ? ', ' : ''}
              <a href={sessionPath(incident.tenant, session)}>
                <Name text={session} most={60} />
              </a>
            </span>
          ))}
          {sessions.length > 10 ? <span class="quiet"> and {sessions.length - 10} more</span> : null}
        </>
      ),
    ],
    ['Tenant', incident.tenant],
    ['Assignee', state.assignee === '' ? <span class="quiet">nobody</span> : <Name text={state.assignee} most={60} />],
    [
      'Incident',
      <>
        <code>{incident.id}</code>, version {incident.version}, opened <Time at={incident.openedAt} />
        {grafana === '' ? null : (
          <>
            {' '}
            · <a href={grafana}>in Grafana</a>
          </>
        )}
      </>,
    ],
    ['Tags', <span class="tags">{tagsOf(incident).join(' · ')}</span>],
  ]
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

function Timeline({ incident: { timeline, omitted } }: { incident: Incident }) {
  if (timeline.length === 0) return null
  return (
    <Section id="timeline" title="What happened">
      <ol class="timeline">
        {timeline.map((step, index) => (
          <li key={step.recordId} id={`step-${index + 1}`} class={step.part}>
            <span class="part">{step.part}</span>
            <Time at={step.at} seconds />
            <p>
              <Said text={step.note} />
            </p>
          </li>
        ))}
      </ol>
      {omitted > 0 ? <p class="quiet">{count(omitted)} more steps and values had no room.</p> : null}
    </Section>
  )
}

function Reasons({ incident }: { incident: Incident }) {
  const findings = incident.findings.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))
  return (
    <Section id="reasons" title="Why it is told">
      {findings.slice(0, 20).map((finding) => (
        <Reason key={finding.fingerprint} finding={finding} />
      ))}
      {findings.length > 20 ? <p class="quiet">and {findings.length - 20} more findings</p> : null}
    </Section>
  )
}

function Reason({ finding }: { finding: JoinedFinding }) {
  const scores = Object.entries(finding.score).filter(([, value], _, all) => all.length <= 8 || value !== 0)
  return (
    <details open={severityRank(finding.severity) >= severityRank('high')}>
      <summary>
        <SeverityBadge severity={finding.severity} /> <Name text={finding.detector} most={60} />{' '}
        <span class="quiet">version {finding.detectorVersion}</span>
      </summary>
      <p>
        <Said text={finding.summary} /> <a href={detectorPath(finding.detector)}>What it looks for</a>
      </p>
      <dl class="scores">
        {scores.map(([name, value]) => (
          <div key={name}>
            <dt>
              <Name text={inWords(name)} most={60} />
            </dt>
            <dd>{figure(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}

const touches = { value: 'the same values', text: 'read the same text', destination: 'sent to the same place' } as const

function BlastRadius({ incident, reach }: IncidentPageData) {
  return (
    <Section id="reach" title="Blast radius">
      {reach === undefined ? (
        <Empty>The store did not answer in time. Load the page again, or ask it by the commands beside.</Empty>
      ) : (
        <>
          <p>
            Sent to: <Names names={reach.destinations} most={12} />
          </p>
          {reach.total === 0 ? (
            <Empty>No other session of the seven days around it met its values, its text or its destinations.</Empty>
          ) : (
            <>
              <p>
                {count(reach.total)} other {reach.total === 1 ? 'session' : 'sessions'} within seven days met something
                of it.
              </p>
              <Table
                label="Other sessions"
                numbers={['Values']}
                head={['Session', 'How', 'Values', 'Who', 'Servers', 'First']}
              >
                {reach.sessions.map(({ session, by, values, subjects, servers, firstAt }) => (
                  <tr key={session}>
                    <td>
                      <a href={sessionPath(incident.tenant, session)}>
                        <Name text={session} most={48} />
                      </a>
                    </td>
                    <td>{by.map((one) => touches[one]).join(', ')}</td>
                    <td class="number">{values}</td>
                    <td>
                      <Names names={subjects} most={3} />
                    </td>
                    <td>
                      <Names names={servers} most={3} />
                    </td>
                    <TimeCell at={firstAt} />
                  </tr>
                ))}
              </Table>
            </>
          )}
        </>
      )}
    </Section>
  )
}

const verdictHelp: Readonly<Record<Verdict, string>> = {
  true_positive: 'true positive: it was an attack',
  benign_true_positive: 'benign true positive: it happened, and was meant to',
  false_positive: 'false positive: it did not happen so',
  undetermined: 'undetermined',
}

function Actions({ incident, state, csrf, me, exclusion, writes }: IncidentPageData & { csrf: string; me: string }) {
  const to = `/incidents/${incident.id}/actions`
  const form = { to, csrf, version: incident.version }
  const can = (action: 'acknowledge' | 'resolve' | 'reopen'): boolean => refusal(state, action, '') === undefined
  return (
    <Section id="triage" title="Triage">
      <div class="buttons">
        {can('acknowledge') ? <ActionForm {...form} action="acknowledge" button="Acknowledge" primary /> : null}
        {state.assignee === me ? null : <ActionForm {...form} action="assign" value={me} button="Assign to me" />}
        {can('reopen') ? <ActionForm {...form} action="reopen" button="Reopen" /> : null}
      </div>
      <ActionForm {...form} action="verdict" button="Set verdict" text="Why (optional)">
        <label>
          Verdict
          <select name="value">
            {verdicts.map((one) => (
              <option key={one} value={one} selected={one === state.verdict}>
                {verdictHelp[one]}
              </option>
            ))}
          </select>
        </label>
      </ActionForm>
      {can('resolve') ? (
        <ActionForm {...form} action="resolve" button="Resolve" text="What was done (optional)" primary />
      ) : null}
      <ActionForm {...form} action="comment" button="Comment" text="Comment" required />
      <details>
        <summary>Assign to somebody else</summary>
        <ActionForm {...form} action="assign" button="Assign">
          <label>
            Name
            <input name="value" maxLength={100} required />
          </label>
        </ActionForm>
      </details>
      <details>
        <summary>Silence what is like it</summary>
        <form method="post" action="/silences" class="stack">
          <input type="hidden" name="csrf" value={csrf} />
          <input type="hidden" name="incident" value={incident.id} />
          <label>
            Matchers, one a line
            <textarea name="matchers" rows={3} required>
              {suggestedMatchers(incident)}
            </textarea>
          </label>
          <SilenceDuration />
          <label>
            Reason
            <input name="reason" maxLength={2000} required />
          </label>
          <button type="submit">Silence</button>
        </form>
      </details>
      <details open={exclusion !== ''}>
        <summary>Make this an exclusion</summary>
        {exclusion === '' ? (
          <ActionForm {...form} action="exclude" button="Propose an entry" text="Reason" required>
            <p class="quiet">
              An exclusion is for good: what fits is recorded and never alerts. It stands in the policy file, with an
              owner, a last day and a case that proves it.
            </p>
          </ActionForm>
        ) : (
          <>
            <p>Review this, and put it into the policy file:</p>
            <pre>{forBlock(exclusion)}</pre>
            {writes === undefined ? null : (
              <form method="post" action={`/incidents/${incident.id}/exclusion`}>
                <input type="hidden" name="csrf" value={csrf} />
                <input type="hidden" name="reason" value={writes} />
                <button type="submit">Write it into the policy file</button>
              </form>
            )}
          </>
        )}
      </details>
    </Section>
  )
}

/** What a silence of the like of it would say: its detectors, and the subject where there is one. */
function suggestedMatchers(incident: Incident): string {
  const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`
  const detectors = labelsOf(incident, 'detector')
  const [subject] = labelsOf(incident, 'subject')
  return [
    detectors.length === 1 ? `detector=${quoted(String(detectors[0]))}` : `detector=~${quoted(detectors.join('|'))}`,
    ...(subject === undefined ? [] : [`subject=${quoted(subject)}`]),
  ].join('\n')
}

function NextSteps({ incident }: IncidentPageData) {
  return (
    <Section id="next" title="What to do next">
      <ul class="plain">
        {[...new Set(incident.findings.map(({ detector }) => detector))].slice(0, 8).map((id) => (
          <li key={id}>
            <a href={detectorPath(id)}>
              <Name text={id} most={60} />: what it means, what to do
            </a>
          </li>
        ))}
      </ul>
      {nextSteps(incident).map(({ what, lines }) => (
        <figure key={what}>
          <figcaption>{what}</figcaption>
          <pre data-copy>{lines.join('\n')}</pre>
        </figure>
      ))}
    </Section>
  )
}

const said = {
  acknowledge: 'acknowledged it',
  assign: 'assigned it to',
  comment: 'commented',
  resolve: 'resolved it',
  reopen: 'reopened it',
  verdict: 'set the verdict',
  exclude: 'asked for an exclusion',
} as const

function History({ history }: IncidentPageData) {
  return (
    <Section id="history" title="History">
      {history.length === 0 ? (
        <Empty>Nobody has done anything with it yet.</Empty>
      ) : (
        <ol class="history">
          {history.toReversed().map((one) => (
            <li key={one.id}>
              <Time at={one.at} />{' '}
              <b>
                <Name text={one.actor} most={60} />
              </b>
              {one.by === 'person' ? '' : <span class="quiet"> ({one.by === 'api_key' ? 'API' : 'command line'})</span>}{' '}
              {said[one.action]}{' '}
              {one.action === 'verdict' ? (
                verdictText[one.value as Verdict]
              ) : one.action === 'assign' ? (
                <Name text={one.value} most={60} />
              ) : null}
              {one.text === '' ? null : (
                <p>
                  <Said text={one.text} most={4000} />
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}

const outcomes: Readonly<Record<string, string>> = {
  delivered: 'delivered',
  retry: 'waiting',
  again: 'waiting',
  refused: 'dead',
}

function Deliveries({ incident, deliveries, mayAct, csrf }: IncidentPageData & { csrf: string }) {
  return (
    <Section id="deliveries" title="Deliveries">
      {deliveries.length === 0 ? (
        <Empty>No receiver was told.</Empty>
      ) : (
        <ul class="plain">
          {deliveries.map(({ receiver, version, outcome, reason, attempts, at }) => (
            <li key={`${receiver} ${version}`}>
              <Time at={at} /> <b>{receiver}</b> version {version}: {outcomes[outcome] ?? outcome}
              {attempts > 1 ? `, ${attempts} attempts` : ''}{' '}
              {outcome === 'refused' && version === incident.version && mayAct ? (
                <form method="post" action={`/incidents/${incident.id}/send-again`}>
                  <input type="hidden" name="csrf" value={csrf} />
                  <input type="hidden" name="receiver" value={receiver} />
                  <button type="submit">Send again</button>
                </form>
              ) : null}
              {reason === '' ? null : (
                <>
                  : <Said text={reason} most={200} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}
