/** Where values came from: what detectors of leaving data have in common. One pass over a session. */
import type { Fingerprint } from '@watchkeeper/sdk/event'
import type { AuditEvent } from '../audit-event.js'
import type { Policy } from './contract.js'

/** A value in a call's arguments, and the earlier result that it first stood in. */
export interface Flow {
  readonly source: AuditEvent
  readonly kind: Fingerprint['kind']
  readonly hash: string
  /** The argument that it stands in. */
  readonly leaf: number
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

/** Kinds that many texts share by chance: one of them says nothing, many of one result do. */
const weak: ReadonlySet<string> = new Set(['number', 'date', 'name', 'phrase'])

export interface Sent {
  readonly call: AuditEvent
  readonly flows: readonly Flow[]
  /** Numbers, dates, names and phrases alike: only their number says anything. */
  readonly weakFlows: readonly Flow[]
  readonly request: Request
}

/** Several detectors ask the same of one session, one after the other. */
const answers = new WeakMap<readonly AuditEvent[], readonly Sent[]>()

/**
 * Each call of a session with the values in its arguments that an earlier result gave to it: earlier in time (it had ended when the
 * call began), made with the same key, and not named by the person first.
 */
export function sentIn(events: readonly AuditEvent[]): readonly Sent[] {
  const known = answers.get(events)
  if (known !== undefined) return known
  const sent = traced(events)
  answers.set(events, sent)
  return sent
}

function traced(events: readonly AuditEvent[]): Sent[] {
  /** By key: the first result that had a value. Events are in order of their ends, so the first met is the first that ended. */
  const firsts = new Map<string, Map<string, AuditEvent>>()
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
    const first = firsts.get(event.keyId) ?? new Map<string, AuditEvent>()
    firsts.set(event.keyId, first)
    const flows = new Map<string, Flow>()
    const weakFlows = new Map<string, Flow>()
    for (const { kind, hash, leaf } of event.argFingerprints) {
      const source = first.get(hash)
      if (source === undefined || source.endedAt > event.startedAt || values.has(hash)) continue
      if (strong.has(kind)) flows.set(hash, { source, kind, hash, leaf })
      else if (weak.has(kind)) weakFlows.set(hash, { source, kind, hash, leaf })
    }
    sent.push({ call: event, flows: [...flows.values()], weakFlows: [...weakFlows.values()], request })
    for (const { kind, hash } of event.resultFingerprints)
      if (kind !== 'shingle' && !first.has(hash)) first.set(hash, event)
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

/** Hosts and address domains that a call names and that are not our own. */
export const strangersIn = (
  { destinations }: AuditEvent,
  policy: Pick<Policy, 'isOwnDestination'>,
): readonly string[] => destinations.filter((destination) => !policy.isOwnDestination(destination))

/** From here on a sentence plainly asks. */
const plainlyAsks = 0.7

/** Values of the given kinds in sentences of results that ask for something → the first of the results that has them. */
export function orderedIn(results: readonly AuditEvent[], kinds: ReadonlySet<string>): ReadonlyMap<string, AuditEvent> {
  const first = new Map<string, AuditEvent>()
  for (const result of results)
    for (const { mood, atoms, following } of result.orders)
      if (mood >= plainlyAsks)
        for (const { kind, hash } of [...atoms, ...following])
          if (kinds.has(kind) && !first.has(hash)) first.set(hash, result)
  return first
}

/** The call gave something to somebody outside: it names strangers or is a tool that hands out, and does not only read. */
export function isSink(call: AuditEvent, policy: Pick<Policy, 'toolClass' | 'isOwnDestination'>): boolean {
  if (call.outcome === 'denied' || call.outcome === 'protocol_error') return false
  const strangers = strangersIn(call, policy).length > 0
  // To read a page is to tell its host the link.
  if (policy.toolClass(call) === 'read') return strangers && linksWithData(call).size > 0
  return strangers || (call.destinations.length === 0 && call.verbs.some((verb) => handsOut.has(verb)))
}

/** Kinds of value that are data, and no place. */
const dataKinds: ReadonlySet<string> = new Set(['id', 'path', 'text', 'email'])

/** Arguments (leaves) that hold a link, and data beside or within it. */
export function linksWithData({ argFingerprints }: AuditEvent): ReadonlySet<number> {
  const links = new Set(argFingerprints.filter(({ kind }) => kind === 'url').map(({ leaf }) => leaf))
  return new Set(argFingerprints.flatMap(({ kind, leaf }) => (dataKinds.has(kind) && links.has(leaf) ? [leaf] : [])))
}
