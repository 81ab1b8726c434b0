/** Where a fetch went, hop by hop, as an `oauth_fetch` event tells it. Hosts and addresses are clear; paths and queries are hashed. */

import { addressClass } from '../addresses.js'
import { originOf } from '../contents.js'
import { currentScope } from '../conversation.js'
import type { Emitter } from '../emitter.js'
import type { FlowFacts } from './flow.js'

export interface JourneyHop {
  readonly url: string
  /** What its name stood for when it was checked. */
  checked: readonly string[]
  /** What it was connected to; '' where it was not, or cannot be seen. */
  used: string
}

/** `guarded`: refused where it must be; `watched`: told only; `opened`: handed to a browser. */
export type JourneyMode = 'guarded' | 'watched' | 'opened'

export interface Journey {
  readonly mode: JourneyMode
  readonly hops: readonly JourneyHop[]
  readonly decision: 'allowed' | 'denied'
  /** What the guard said, or would have said; '' for nothing. */
  readonly reason: string
  /** HTTP status of the end; 0 for none. */
  readonly status: number
  /** What went wrong on the network. */
  readonly errorType?: string
  /** Who would get access, where the URL asks for it. */
  readonly flow?: FlowFacts
}

/** Tells it. Never throws. Returns the event id. */
export function tellJourney(
  emitter: Emitter,
  { mode, hops, decision, reason, status, errorType = '', flow }: Journey,
): string {
  const { conversationId, traceId, spanId } = currentScope()
  const urls = hops.map(({ url }) => url)
  const each = (of: (hop: JourneyHop) => string): string => hops.map(of).join(' > ')
  return emitter.emit({
    kind: 'oauth_fetch',
    facts: {
      conversationId,
      traceId,
      spanId,
      side: 'client',
      resource: originOf(urls[0]),
      destinations: [...new Set(urls.flatMap(hostOf))],
      decision,
      errorType,
      ...flow,
      detail: {
        ...flow?.detail,
        mode,
        scheme: schemeOf(urls[0]),
        hops: each(({ url }) => originOf(url)),
        addresses_checked: each(({ checked }) => checked.join(' ')),
        addresses_used: each(({ used }) => used),
        address_classes: each(({ checked, used }) =>
          [...new Set([...checked, used].filter(Boolean).map(addressClass))].join(' '),
        ),
        ...(reason === '' ? {} : { reason }),
        ...(status === 0 ? {} : { status: String(status) }),
      },
    },
    capture: (capturer) => {
      const { argFingerprints, argCapture } = capturer.arguments('', { urls })
      return { argFingerprints, argCapture }
    },
  })
}

const schemeOf = (url = ''): string => /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? ''

function hostOf(url: string): string[] {
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  return host === '' ? [] : [host]
}
