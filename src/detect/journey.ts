/** Where an `oauth_fetch` event says that a fetch went, hop by hop: what `src/sdk/oauth-fetch/journey.ts` wrote down. */
import type { AuditEvent } from '../audit-event.js'

export interface Hop {
  /** `https://host:port`; without a host where the scheme has none. */
  readonly origin: string
  /** Lower case, without the colon. */
  readonly scheme: string
  readonly host: string
  /** What the name stood for when it was checked, and what was connected to ('' where that is not known). */
  readonly checked: readonly string[]
  readonly used: string
  /** Classes of all these addresses: `public`, `private`, `loopback`, `metadata`, … */
  readonly classes: readonly string[]
}

/** At least one hop for each URL that was told; [] where nothing was. */
export function hopsOf({ detail, resource }: AuditEvent): Hop[] {
  const parts = (name: string): string[] => (detail[name] ?? '').split(' > ').slice(0, 64)
  const [checked, used, classes] = [parts('addresses_checked'), parts('addresses_used'), parts('address_classes')]
  const origins = (detail['hops'] ?? '') === '' ? [resource] : parts('hops')
  return origins.flatMap((origin, at) => {
    const scheme =
      /^([a-z][a-z0-9+.-]*):/i.exec(origin)?.[1]?.toLowerCase() ?? (at === 0 ? (detail['scheme'] ?? '') : '')
    if (scheme === '' && origin === '') return []
    const host = URL.canParse(origin) ? new URL(origin).hostname : ''
    return [{ origin, scheme, host, checked: words(checked[at]), used: used[at] ?? '', classes: words(classes[at]) }]
  })
}

const words = (text = ''): string[] => text.split(' ').filter((word) => word !== '')

/** Somewhere that a name of the internet has no business to lead to. */
export const isInside = (addressClass: string): boolean => addressClass !== 'public' && addressClass !== ''
