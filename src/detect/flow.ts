/** Where values came from: what detectors of leaving data have in common. One pass over a session. */
import type { Fingerprint } from '@watchkeeper/sdk/event'
import type { AuditEvent } from '../audit-event.js'

/** A strong value in a call's arguments, and the earlier result that it first stood in. */
export interface Flow {
  readonly source: AuditEvent
  readonly kind: Fingerprint['kind']
  readonly hash: string
}

/** What the person had asked when an action began. */
export interface Request {
  /** Whether anything is known of it. */
  readonly known: boolean
  readonly verbs: ReadonlySet<string>
  readonly nouns: ReadonlySet<string>
  /** Hashes of all values and words they named. */
  readonly values: ReadonlySet<string>
}

/** Kinds of value that alone tie two records together, whole texts among them. */
const strong: ReadonlySet<string> = new Set(['email', 'url', 'host', 'id', 'path', 'text'])

export interface Sent {
  readonly call: AuditEvent
  readonly flows: readonly Flow[]
  readonly request: Request
}

/**
 * Each call of a session with the strong values in its arguments that an earlier result gave to it: earlier in time (it had ended when the
 * call began), made with the same key, and not named by the person first.
 */
export function sentIn(events: readonly AuditEvent[]): Sent[] {
  /** The first result that had a value. Events are in order of their ends, so the first met is the first that ended. */
  const first = new Map<string, AuditEvent>()
  const messages: AuditEvent[] = []
  const sent: Sent[] = []
  let request: Request | undefined
  let said = -1
  for (const event of events) {
    if (event.kind === 'user_message' && event.trusted) messages.push(event)
    if (event.kind !== 'call') continue
    const heard = messages.filter(({ endedAt }) => endedAt <= event.startedAt)
    if (request === undefined || heard.length !== said) {
      request = requestOf(heard)
      said = heard.length
    }
    const { values } = request
    const flows = new Map<string, Flow>()
    for (const { kind, hash } of event.argFingerprints) {
      const source = strong.has(kind) && !values.has(hash) ? first.get(`${event.keyId} ${hash}`) : undefined
      if (source !== undefined && source.endedAt <= event.startedAt) flows.set(hash, { source, kind, hash })
    }
    sent.push({ call: event, flows: [...flows.values()], request })
    for (const { kind, hash } of event.resultFingerprints) {
      const name = `${event.keyId} ${hash}`
      if (strong.has(kind) && !first.has(name)) first.set(name, event)
    }
  }
  return sent
}

function requestOf(messages: readonly AuditEvent[]): Request {
  return {
    known: messages.length > 0,
    verbs: new Set(messages.flatMap(({ verbs }) => verbs)),
    nouns: new Set(messages.flatMap(({ nouns }) => nouns)),
    values: new Set(messages.flatMap(({ argFingerprints }) => argFingerprints.map(({ hash }) => hash))),
  }
}

/** Verb groups of tools that hand something to others. */
const handsOut: ReadonlySet<string> = new Set(['message', 'publish', 'share'])

/** The call gave something to somebody outside: it did not only read, and it names strangers or is a tool that hands out. */
export function isSink(
  call: AuditEvent,
  policy: { toolClass(event: AuditEvent): string; isOwnDestination(destination: string): boolean },
): boolean {
  if (call.outcome === 'denied' || call.outcome === 'protocol_error') return false
  const strangers = call.destinations.some((destination) => !policy.isOwnDestination(destination))
  if (policy.toolClass(call) === 'read') return false
  return strangers || (call.destinations.length === 0 && call.verbs.some((verb) => handsOut.has(verb)))
}
