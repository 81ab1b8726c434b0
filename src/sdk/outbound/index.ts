/**
 * The outbound hook: which hosts a server turns to while it serves a call, and whether it shows them the very token that its
 * caller showed it. The specification forbids that (token passthrough): the downstream host cannot tell the two apart.
 *
 * It listens to diagnostics channels and changes nothing. Each destination is told once for a call and kind of credential.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { currentScope } from '../conversation.js'
import type { Emitter } from '../emitter.js'
import { isUntraced } from '../untraced.js'
import { credentialsIn, type RequestParts } from './credentials.js'
import { fromHttp, fromUndici, httpChannel, type OutboundRequest, undiciChannel } from './requests.js'
import { type Serving, unwatchOutboundOf, watchOutboundOf } from './serving.js'

export interface OutboundOptions {
  /** That of the servers whose calls are watched: `instrument(server, { emitter })`. */
  readonly emitter: Emitter
}

/** `inbound`: the caller's own; `other`: the server's or somebody's; `none`: nothing that looks like one. */
export type OutboundCredential = 'inbound' | 'other' | 'none'

/** Destinations told for one call; beyond it only those are that get the caller's credential. */
const destinationsMost = 64

/** Watches from now on. Returns what ends it. Never throws; a second time for one emitter does nothing. */
export function instrumentOutbound({ emitter }: OutboundOptions): () => void {
  if (!watchOutboundOf(emitter)) return () => {}
  const listener =
    (read: (message: unknown) => OutboundRequest) =>
    (message: unknown): void => {
      const { serving } = currentScope()
      if (serving === undefined || serving.emitter !== emitter) return
      try {
        // Telemetry of the host, sent when a timer that was set in the call ran out, is not the call's.
        if (!isUntraced()) tell(serving, read(message))
      } catch {
        // A request of another shape goes its way, unobserved.
      }
    }
  const [undici, http] = [listener(fromUndici), listener(fromHttp)]
  subscribe(undiciChannel, undici)
  subscribe(httpChannel, http)
  return () => {
    unsubscribe(undiciChannel, undici)
    unsubscribe(httpChannel, http)
    unwatchOutboundOf(emitter)
  }
}

function tell(serving: Serving, request: OutboundRequest): void {
  const credential = credentialOf(serving, request)
  const once = `${credential} ${request.host}`
  if (serving.told.has(once) || (serving.told.size >= destinationsMost && credential !== 'inbound')) return
  serving.told.add(once)
  const [, host = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(request.host) ?? []
  serving.emitter.emit({
    kind: 'outbound',
    facts: {
      ...serving.facts(),
      causedBy: serving.eventId,
      destinations: host === '' ? [] : [host],
      detail: { credential, http_client: request.client, ...(port === '' ? {} : { port }) },
    },
  })
}

function credentialOf({ emitter, inbound }: Serving, parts: RequestParts): OutboundCredential {
  const candidates = credentialsIn(parts)
  if (inbound.size > 0 && candidates.some(({ value }) => inbound.has(emitter.capturer.secret(value)))) return 'inbound'
  return candidates.some(({ named }) => named) ? 'other' : 'none'
}
