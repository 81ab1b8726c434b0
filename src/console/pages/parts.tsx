/** Small things that several pages show. All text from events passes {@link Said} or {@link Name}. */
import type { Child } from 'hono/jsx'
import type { Severity } from '../../finding.js'
import { forMessage, forTerminal, type TriageState } from '../../incidents.js'
import { silenceDurations } from '../silencing.js'

export const SeverityBadge = ({ severity }: { severity: Severity }) => (
  <span class={`badge ${severity}`}>{severity}</span>
)

/** Microseconds, as a time in UTC. */
export function Time({ at, seconds = false }: { at: number; seconds?: boolean }) {
  if (at <= 0) return <span class="quiet">never</span>
  const iso = new Date(Math.trunc(at / 1_000)).toISOString()
  const text = `${iso.slice(0, 10)} ${iso.slice(11, seconds ? 19 : 16)}`
  return <time dateTime={iso}>{text}</time>
}

export const TimeCell = ({ at, seconds = false }: { at: number; seconds?: boolean }) => (
  <td class="time">
    <Time at={at} seconds={seconds} />
  </td>
)

export const NumberCell = ({ of }: { of: number }) => <td class="number">{count(of)}</td>

/** Below a table that had no room for all of the inventory. */
export const Omitted = ({ number }: { number: number }) =>
  number > 0 ? (
    <p class="quiet">
      and {count(number)} more: <code>npx watchkeeper inventory</code> lists all.
    </p>
  ) : null

export const SilenceDuration = () => (
  <label>
    For
    <select name="duration">
      {Object.keys(silenceDurations).map((one) => (
        <option key={one}>{one}</option>
      ))}
    </select>
  </label>
)

/** A name out of an event: nothing unseen in it, and it turns no text around it. */
export const Name = ({ text, most = 120 }: { text: string; most?: number }) => <bdi>{forTerminal(text, most)}</bdi>

/** A sentence that may quote an event: the same, and addresses in it are defanged. */
export const Said = ({ text, most = 600 }: { text: string; most?: number }) => <bdi>{forMessage(text, most)}</bdi>

/** Names with commas between, the first of them. */
export function Names({ names, most = 6 }: { names: readonly string[]; most?: number }) {
  const shown = names.filter((name) => name !== '')
  if (shown.length === 0) return <span class="quiet">–</span>
  return (
    <>
      {shown.slice(0, most).map((name, index) => (
        <span key={name}>
          {index > 0 ? ', ' : ''}
          <Name text={name} most={80} />
        </span>
      ))}
      {shown.length > most ? <span class="quiet"> and {shown.length - most} more</span> : null}
    </>
  )
}

const statusText = { open: 'open', acknowledged: 'acknowledged', resolved: 'resolved' } as const

export const Status = ({ state }: { state: TriageState }) => (
  <span class={`status ${state.status}`}>{state.reopened ? 'open again' : statusText[state.status]}</span>
)

export const verdictText = {
  '': '',
  true_positive: 'true positive',
  benign_true_positive: 'benign true positive',
  false_positive: 'false positive',
  undetermined: 'undetermined',
} as const

/** A part of a page with its heading; `id` links to it. */
export function Section({ id, title, children }: { id: string; title: string; children: Child }) {
  return (
    <section aria-labelledby={`${id}-title`} id={id}>
      <h2 id={`${id}-title`}>{title}</h2>
      {children}
    </section>
  )
}

/** A table that scrolls in its own box on a narrow screen. */
export interface TableProps {
  readonly label: string
  /** Names of the columns. */
  readonly head: readonly string[]
  /** Those of them that hold numbers. */
  readonly numbers?: readonly string[]
  readonly children: Child
}

export function Table({ label, head, numbers = [], children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col" class={numbers.includes(name) ? 'number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  )
}

export const Empty = ({ children }: { children: Child }) => <p class="empty">{children}</p>

export const sessionPath = (tenant: string, session: string): string =>
  `/sessions/${encodeURIComponent(tenant)}/${encodeURIComponent(session)}`
export const incidentPath = (id: string): string => `/incidents/${encodeURIComponent(id)}`
export const detectorPath = (id: string): string => `/detectors/${encodeURIComponent(id)}`

/** `1,234` */
export const count = (value: number): string => value.toLocaleString('en')
export const figure = (value: number): string => (value || 0).toLocaleString('en', { maximumFractionDigits: 3 })
/** `rankBefore` and `rank_before` as people write it. */
export const inWords = (name: string): string =>
  name.replace(/(?<=[a-z])[A-Z]|_/g, (mark) => ` ${mark === '_' ? '' : mark.toLowerCase()}`)
