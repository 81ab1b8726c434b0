/** Silences: what nobody is told of for a while, who asked for it and why. */
import { isActive, type Silence } from '../../incidents.js'
import { type Frame, page } from './frame.js'
import { Empty, Name, Said, Section, SilenceDuration, Table, TimeCell } from './parts.js'

export interface SilencesPageData {
  readonly silences: readonly Silence[]
  /** Microseconds. */
  readonly now: number
  readonly mayAct: boolean
  /** The person may silence in all tenants. */
  readonly showTenant: boolean
  /** What the form begins with, after one that was refused. */
  readonly draft?: { readonly matchers: string; readonly reason: string }
}

export function silencesPage({ silences, now, mayAct, showTenant, draft }: SilencesPageData, frame: Frame): string {
  const active = silences.filter((one) => one.endsAt > now)
  const over = silences.filter((one) => one.endsAt <= now)
  return page(
    frame,
    <>
      <div class="headline">
        <h1>Silences</h1>
        <p class="quiet">
          What fits one is kept and counted, and nobody is told until it ends. What is never to be told is an exclusion
          of the policy file.
        </p>
      </div>
      <Section id="active" title="Now and to come">
        {active.length === 0 ? (
          <Empty>Nothing is silenced.</Empty>
        ) : (
          <List
            label="Silences now and to come"
            silences={active}
            now={now}
            csrf={mayAct ? frame.csrf : ''}
            showTenant={showTenant}
          />
        )}
      </Section>
      {mayAct ? (
        <Section id="new" title="New silence">
          <form method="post" action="/silences" class="stack narrow">
            <input type="hidden" name="csrf" value={frame.csrf} />
            <label>
              Matchers, one a line
              <textarea
                name="matchers"
                rows={3}
                required
                placeholder={'detector="outbound-volume"\nserver=~"backup-.*"'}
              >
                {draft?.matchers ?? ''}
              </textarea>
            </label>
            {showTenant ? (
              <label>
                Tenant (empty: all)
                <input name="tenant" maxLength={63} />
              </label>
            ) : null}
            <SilenceDuration />
            <label>
              Owner
              <input name="owner" maxLength={200} value={frame.person?.name ?? ''} required />
            </label>
            <label>
              Reason
              <input name="reason" maxLength={2000} value={draft?.reason ?? ''} required />
            </label>
            <button type="submit" class="primary">
              Silence
            </button>
          </form>
        </Section>
      ) : null}
      {over.length === 0 ? null : (
        <Section id="over" title="Over">
          <List label="Silences that are over" silences={over.slice(0, 50)} now={now} csrf="" showTenant={showTenant} />
        </Section>
      )}
    </>,
  )
}

function List({
  label,
  silences,
  now,
  csrf,
  showTenant,
}: {
  label: string
  silences: readonly Silence[]
  now: number
  csrf: string
  showTenant: boolean
}) {
  return (
    <Table
      label={label}
      head={['Matchers', 'From', 'Until', 'Owner', 'Reason', 'By', ...(showTenant ? ['Tenant'] : []), 'Action']}
    >
      {silences.map((one) => (
        <tr key={one.id}>
          <td>
            {one.matchers.map((matcher) => (
              <div key={matcher}>
                <code>
                  <Name text={matcher} most={200} />
                </code>
              </div>
            ))}
          </td>
          <TimeCell at={one.startsAt} />
          <TimeCell at={one.endsAt} />
          <td>
            <Name text={one.owner} most={60} />
          </td>
          <td>
            <Said text={one.reason} most={300} />
          </td>
          <td>
            <Name text={one.actor} most={60} />
          </td>
          {showTenant ? <td>{one.tenant === '' ? 'all' : one.tenant}</td> : null}
          <td>
            {csrf !== '' && (isActive(one, now) || one.startsAt > now) ? (
              <form method="post" action={`/silences/${one.id}/expire`}>
                <input type="hidden" name="csrf" value={csrf} />
                <button type="submit">End now</button>
              </form>
            ) : null}
          </td>
        </tr>
      ))}
    </Table>
  )
}
