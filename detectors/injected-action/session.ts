/** A session's events → for each action, the sentences that could have ordered it and what the person had asked by then. */
import type { AuditEvent, Policy, Session } from '#detector'
import type { Candidate, Request } from './evidence.js'

export interface Judged {
  readonly action: AuditEvent
  readonly request: Request
  /** Sentences of results that had ended before the action started, and that share a value with it. */
  readonly candidates: readonly Candidate[]
  /** Whether a value stood, by the time of the action, in the result of another call than `source`. */
  elsewhere(hash: string, source: AuditEvent): boolean
}

export function actionsOf({ events, policy }: Session): Judged[] {
  const calls = events.filter(({ kind }) => kind === 'call')
  const messages = events.filter(({ kind, trusted }) => kind === 'user_message' && trusted)
  const candidates = calls.flatMap((source) => candidatesIn(source, calls, policy))
  const byHash = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    for (const hash of [...candidate.hashes, ...candidate.following]) {
      const list = byHash.get(hash)
      if (list === undefined) byHash.set(hash, [candidate])
      else list.push(candidate)
    }
  }
  const holders = holdersOf(calls)
  return calls.map((action) => {
    const shared = new Set(action.argFingerprints.flatMap(({ hash }) => byHash.get(hash) ?? []))
    return {
      action,
      request: requestAt(messages.filter((message) => message.endedAt <= action.startedAt)),
      candidates: [...shared].filter(({ source }) => source !== action && source.endedAt <= action.startedAt),
      elsewhere: (hash, source) =>
        (holders.get(hash) ?? []).some(
          (holder) => holder.endedAt <= action.startedAt && holder.resultDigest !== source.resultDigest,
        ),
    }
  })
}

/** In which results each value stands. */
function holdersOf(calls: readonly AuditEvent[]): Map<string, AuditEvent[]> {
  const holders = new Map<string, AuditEvent[]>()
  for (const call of calls) {
    for (const hash of new Set(call.resultFingerprints.map(({ hash }) => hash))) {
      const list = holders.get(hash)
      if (list === undefined) holders.set(hash, [call])
      else list.push(call)
    }
  }
  return holders
}

function candidatesIn(source: AuditEvent, calls: readonly AuditEvent[], policy: Policy): Candidate[] {
  if (source.orders.length === 0 || policy.isClosedWorld(source.serverName)) return []
  if (source.method !== '' && catalogueMethods.has(source.method)) return []
  const known = new Set(
    calls
      .filter((call) => call === source || call.startedAt < source.endedAt)
      .flatMap((call) => call.argFingerprints.filter(({ kind }) => kind !== 'shingle').map(({ hash }) => hash)),
  )
  return source.orders.map((order) => ({
    source,
    order,
    hashes: new Set(order.atoms.map(({ hash }) => hash)),
    following: new Set(order.following.map(({ hash }) => hash)),
    catalogue: (source.resultSignals['catalogue'] ?? 0) >= 0.5,
    known,
  }))
}

const catalogueMethods: ReadonlySet<string> = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
])

function requestAt(messages: readonly AuditEvent[]): Request {
  return {
    known: messages.length > 0,
    hashes: new Set(messages.flatMap(({ argFingerprints }) => argFingerprints.map(({ hash }) => hash))),
    verbs: new Set(messages.flatMap(({ verbs }) => verbs)),
    verbHashes: new Set(messages.flatMap(({ verbHashes }) => verbHashes)),
    nouns: new Set(messages.flatMap(({ nouns }) => nouns)),
    delegates: messages.some(({ delegates }) => delegates),
  }
}
