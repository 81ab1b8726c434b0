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
import { credentialsIn } from './credentials.js'
import { fromHttp, fromUndici, httpChannel, type OutboundRequest, undiciChannel } from './requests.js'
import { type Serving, servedWith, servesSomeone, unwatchOutboundOf, watchOutboundOf } from './serving.js'

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
      const scope = currentScope().serving
      const serving = scope?.emitter === emitter ? scope : undefined
      if (serving === undefined && !servesSomeone(emitter)) return
      try {
        // Telemetry of the host, sent when a timer that was set in the call ran out, is not the call's.
        if (!isUntraced()) judge(emitter, serving, read(message))
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

/**
 * A token says whose request it is even where the context does not: a pool that makes requests wait (undici with a limit of
 * connections) lets them go in the context of whatever request made room.
 */
function judge(emitter: Emitter, serving: Serving | undefined, request: OutboundRequest): void {
  const candidates = credentialsIn(request)
  const fingerprints = candidates.map(({ value }) => emitter.capturer.secret(value))
  if (serving !== undefined && fingerprints.some((one) => serving.inbound.has(one))) {
    tell(serving, request, 'inbound', 'context')
    return
  }
  for (const fingerprint of fingerprints) {
    const owner = servedWith(emitter, fingerprint)
    if (owner === undefined) continue
    tell(owner, request, 'inbound', 'token')
    return
  }
  if (serving !== undefined) tell(serving, request, candidates.some(({ named }) => named) ? 'other' : 'none', 'context')
}

function tell(
  serving: Serving,
  request: OutboundRequest,
  credential: OutboundCredential,
  attribution: 'context' | 'token',
): void {
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
      detail: { credential, attribution, http_client: request.client, ...(port === '' ? {} : { port }) },
    },
  })
}
