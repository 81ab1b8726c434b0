/**
 * A call that is being served, as far as the requests need it that are made for it: which event it will be, and the keyed
 * fingerprints of what its caller proved himself with. No token is kept in clear.
 */
import { randomUUID } from 'node:crypto'
import type { Capturer } from '../capture/index.js'
import type { Emitter } from '../emitter.js'
import type { ProducerEvent } from '../event.js'
import { fieldsOf, textOf } from '../messages.js'
import { credentialsIn } from './credentials.js'

export interface Serving {
  readonly emitter: Emitter
  /** The event of the call, stated when it ends. */
  readonly eventId: string
  /** Names and context of the call, as known by now. */
  readonly facts: () => Partial<ProducerEvent>
  readonly inbound: ReadonlySet<string>
  /** Destinations and credentials that were told already. */
  readonly told: Set<string>
}

/** The calls that are served now, by each credential that came with them; for the emitters that are watched. */
const watched = new WeakMap<Emitter, Map<string, Set<Serving>>>()

/** False where it is watched already. */
export function watchOutboundOf(emitter: Emitter): boolean {
  if (watched.has(emitter)) return false
  watched.set(emitter, new Map())
  return true
}

export const unwatchOutboundOf = (emitter: Emitter): boolean => watched.delete(emitter)

/** Whether any call with a credential is served now. */
export const servesSomeone = (emitter: Emitter): boolean => (watched.get(emitter)?.size ?? 0) > 0

/** A call that is served now, and came with this credential. */
export function servedWith(emitter: Emitter, fingerprint: string): Serving | undefined {
  const [serving] = watched.get(emitter)?.get(fingerprint) ?? []
  return serving
}

export function servingEnded(serving: Serving): void {
  const calls = watched.get(serving.emitter)
  for (const fingerprint of serving.inbound) {
    const same = calls?.get(fingerprint)
    same?.delete(serving)
    if (same?.size === 0) calls?.delete(fingerprint)
  }
}

/** `undefined` where nobody watches: then serving a call costs nothing more. */
export function servingOf(
  emitter: Emitter,
  extra: unknown,
  tokenFingerprint: string | undefined,
  facts: () => Partial<ProducerEvent>,
): Serving | undefined {
  const calls = watched.get(emitter)
  if (calls === undefined) return undefined
  const inbound = inboundCredentials(extra, emitter.capturer)
  if (tokenFingerprint) inbound.add(tokenFingerprint)
  const serving: Serving = { emitter, eventId: randomUUID(), facts, inbound, told: new Set() }
  for (const fingerprint of inbound) calls.set(fingerprint, (calls.get(fingerprint) ?? new Set()).add(serving))
  return serving
}

/**
 * What came with the message: the verified token, and, for servers that check it themselves, what its HTTP request carries
 * (`requestInfo` in SDK v1, `request` in v2).
 */
function inboundCredentials(extra: unknown, capturer: Capturer): Set<string> {
  const { authInfo, requestInfo, request } = fieldsOf(extra)
  const verified = textOf(fieldsOf(authInfo)['token'])
  const headers = fieldsOf(requestInfo)['headers'] ?? fieldsOf(request)['headers']
  const found = new Set<string>()
  for (const { value, named } of credentialsIn({ headers: pairsOf(headers), path: '' }))
    if (named && value !== verified) found.add(capturer.secret(value))
  return found
}

function pairsOf(headers: unknown): readonly (readonly [string, string])[] {
  if (headers instanceof Headers) return [...headers]
  return Object.entries(fieldsOf(headers)).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => [name, textOf(one)] as const),
  )
}
