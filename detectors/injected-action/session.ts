/** A session's events → for each action, the sentences that could have ordered it and what the person had asked by then. */
import type { AuditEvent, Policy, Session } from '#detector'
import type { Candidate, Context, Request } from './evidence.js'

export interface Judged {
  readonly action: AuditEvent
  /** Sentences of results that had ended before the action started, and that share a value with it. */
  readonly candidates: readonly Candidate[]
  readonly context: Context
}

/** All that is said of an action rests on events that had ended when it started. */
export function actionsOf({ events, policy }: Session): Judged[] {
  const calls = events.filter(({ kind }) => kind === 'call')
  const messages = events.filter(({ kind, trusted }) => kind === 'user_message' && trusted)
  const candidates = byValue(calls.flatMap((source) => candidatesIn(source, policy)))
  const answered = holdersOf(calls, ({ resultFingerprints }) => resultFingerprints)
  const sent = holdersOf(calls, ({ argFingerprints }) => argFingerprints)
  const requestsBy = requestsOf(calls)
  return calls.map((action) => {
    const over = (event: AuditEvent): boolean => event.endedAt <= action.startedAt
    const shared = new Set(action.argFingerprints.flatMap(({ hash }) => candidates.get(hash) ?? []))
    return {
      action,
      candidates: telling(shared, action),
      context: {
        request: requestsBy(messages.filter(over)),
        reads: onlyReads(action, policy),
        elsewhere: (hash, source) =>
          (answered.get(hash) ?? []).some((call) => over(call) && call.resultDigest !== source.resultDigest),
        sentBefore: (hash, source) =>
          (sent.get(hash) ?? []).some((call) => call === source || (over(call) && call.startedAt < source.endedAt)),
      },
    }
  })
}

/** Sentences kept for one value, and compared with one action. Sessions are written by strangers, too. */
const mostOfValue = 64
const mostOfAction = 192
/** From this mood on a sentence asks; others have a quota of their own, so that they cannot crowd it out. */
const asking = 0.65

/**
 * Sentences by the values in them. The earliest ones are kept, and of equal ones the first: whatever comes later cannot change what
 * is found about an action before it.
 */
function byValue(candidates: readonly Candidate[]): Map<string, Candidate[]> {
  const index = new Map<string, Candidate[]>()
  const counts = new Map<string, number>()
  const seen = new Set<string>()
  for (const candidate of candidates) {
    const { verbHashes, mood } = candidate.order
    const values = new Set([...candidate.hashes, ...candidate.following])
    const signature = [...verbHashes, '', ...values].join(' ')
    if (seen.has(signature)) continue
    seen.add(signature)
    for (const hash of values) {
      const quota = `${hash} ${mood >= asking}`
      const count = counts.get(quota) ?? 0
      if (count >= mostOfValue) continue
      counts.set(quota, count + 1)
      append(index, hash, candidate)
    }
  }
  return index
}

/** What may have ordered the action, the most asking first where there is too much. */
function telling(shared: ReadonlySet<Candidate>, action: AuditEvent): Candidate[] {
  const earlier = [...shared].filter(({ source }) => source !== action && source.endedAt <= action.startedAt)
  return earlier.length <= mostOfAction
    ? earlier
    : earlier.sort((a, b) => b.order.mood - a.order.mood).slice(0, mostOfAction)
}

/** Which calls hold each value. */
function holdersOf(
  calls: readonly AuditEvent[],
  valuesOf: (call: AuditEvent) => AuditEvent['argFingerprints'],
): Map<string, AuditEvent[]> {
  const holders = new Map<string, AuditEvent[]>()
  for (const call of calls)
    for (const hash of new Set(valuesOf(call).map((value) => value.hash))) append(holders, hash, call)
  return holders
}

function append<T>(index: Map<string, T[]>, key: string, item: T): void {
  const list = index.get(key)
  if (list === undefined) index.set(key, [item])
  else list.push(item)
}

/**
 * The policy says so, or the tool's verb can mean nothing else; or nobody knows what the tool does, and it answered with far more than it was given. A write answers
 * with a receipt.
 */
function onlyReads(action: AuditEvent, policy: Policy): boolean {
  const toolClass = policy.toolClass(action)
  if (toolClass !== 'unknown') return toolClass === 'read'
  if (action.verbs.length > 0) return action.verbs.every((verb) => verb === 'read')
  return action.resultBytes > 60 && action.resultBytes > 3 * action.argBytes
}

function candidatesIn(source: AuditEvent, policy: Policy): Candidate[] {
  if (source.orders.length === 0 || policy.isClosedWorld(source.serverName)) return []
  if (source.method !== '' && catalogueMethods.has(source.method)) return []
  return source.orders.map((order) => ({
    source,
    order,
    hashes: new Set(order.atoms.map(({ hash }) => hash)),
    following: new Set(order.following.map(({ hash }) => hash)),
    catalogue: (source.resultSignals['catalogue'] ?? 0) >= 0.5,
  }))
}

const catalogueMethods: ReadonlySet<string> = new Set([
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
])

/** What was asked by then; the same messages make the same request, so it is made once. */
function requestsOf(calls: readonly AuditEvent[]): (messages: readonly AuditEvent[]) => Request {
  const made = new Map<string, Request>()
  return (messages) => {
    const id = messages.map(({ recordId }) => recordId).join(' ')
    const request = made.get(id) ?? requestAt(messages, calls)
    made.set(id, request)
    return request
  }
}

function requestAt(messages: readonly AuditEvent[], calls: readonly AuditEvent[]): Request {
  const last = messages.at(-1)
  return {
    last,
    first: last && calls.find(({ startedAt }) => startedAt >= last.endedAt),
    hashes: new Set(messages.flatMap(({ argFingerprints }) => argFingerprints.map(({ hash }) => hash))),
    verbs: new Set(messages.flatMap(({ verbs }) => verbs)),
    verbHashes: new Set(messages.flatMap(({ verbHashes }) => verbHashes)),
    nouns: new Set(messages.flatMap(({ nouns }) => nouns)),
    delegates: messages.some(({ delegates }) => delegates),
  }
}
