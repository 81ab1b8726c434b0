/** `oauth_fetch` events as `oauthFetch()` tells them, from the hops of a fetch. */
import { pathToFileURL } from 'node:url'
import type { AuditEvent } from '../../src/audit-event.js'
import { auditEvent, baseTime, second } from './events.js'
import { fromRoot } from './root.js'

// Not a door of the package: reached by its file.
const { addressClass } = (await import(pathToFileURL(fromRoot('src/sdk/dist/addresses.js')).href)) as {
  addressClass(address: string): string
}

export interface ToldHop {
  /** Scheme and host, as records have it. */
  readonly origin: string
  readonly checked?: readonly string[]
  readonly used?: string
}

/** At `step` seconds; ids are the caller's. */
export function fetched(
  step: number,
  eventId: string,
  hops: readonly ToldHop[],
  given: Partial<AuditEvent> = {},
): AuditEvent {
  const each = (of: (hop: ToldHop) => string): string => hops.map(of).join(' > ')
  const at = baseTime + step * second
  return auditEvent({
    kind: 'oauth_fetch',
    eventId,
    startedAt: at,
    endedAt: at,
    method: '',
    tool: '',
    outcome: '',
    resource: hops[0]?.origin ?? '',
    destinations: hops.flatMap(({ origin }) =>
      URL.canParse(origin) && new URL(origin).hostname !== '' ? [new URL(origin).hostname] : [],
    ),
    decision: 'allowed',
    ...given,
    detail: {
      mode: 'watched',
      scheme: /^([a-z]+):/.exec(hops[0]?.origin ?? '')?.[1] ?? '',
      hops: each(({ origin }) => origin),
      addresses_checked: each(({ checked = [] }) => checked.join(' ')),
      addresses_used: each(({ used = '' }) => used),
      address_classes: each(({ checked = [], used = '' }) =>
        [...new Set([...checked, ...(used === '' ? [] : [used])].map(addressClass))].join(' '),
      ),
      ...given.detail,
    },
  })
}
