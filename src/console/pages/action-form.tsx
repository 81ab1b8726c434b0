/** A form for one step of triage. */
import type { Child } from 'hono/jsx'
import { longestText, type TriageStep } from '../../incidents.js'

export interface ActionFormProps {
  readonly to: string
  readonly csrf: string
  /** Of the incident that the person sees. */
  readonly version: number
  readonly action: TriageStep
  readonly button: string
  /** Sent as it is. */
  readonly value?: string
  /** Label of a field for text; without it there is none. */
  readonly text?: string
  readonly required?: boolean
  readonly primary?: boolean
  readonly children?: Child
}

export function ActionForm({
  to,
  csrf,
  version,
  action,
  button,
  value,
  text,
  required,
  primary,
  children,
}: ActionFormProps) {
  return (
    <form method="post" action={to} class={text === undefined && children === undefined ? '' : 'stack'}>
      <input type="hidden" name="csrf" value={csrf} />
      <input type="hidden" name="action" value={action} />
      <input type="hidden" name="version" value={String(version)} />
      {value === undefined ? null : <input type="hidden" name="value" value={value} />}
      {children}
      {text === undefined ? null : (
        <label>
          {text}
          <textarea name="text" rows={2} maxLength={longestText} required={required === true} />
        </label>
      )}
      <button type="submit" class={primary === true ? 'primary' : ''}>
        {button}
      </button>
    </form>
  )
}
