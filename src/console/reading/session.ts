/** One session as a page shows it: its events in order, and which values went from a result into a later call's arguments. */
import type { AuditEvent } from '../../audit-event.js'
import type { MatchedValue } from '../../finding.js'
import type { Store } from '../../store/index.js'

export interface SessionView {
  readonly tenant: string
  readonly session: string
  /** All keys that belong to it. */
  readonly keys: readonly string[]
  /** In order of time, at most {@link mostEvents}: the latest. */
  readonly events: readonly AuditEvent[]
  readonly truncated: boolean
  /** Values of results that stand in arguments of later calls. */
  readonly flows: readonly MatchedValue[]
}

export const mostEvents = 500
const mostFlows = 200
/** Such kinds tie two calls together; a number or a name would tie everything. */
const telling: ReadonlySet<string> = new Set(['email', 'url', 'host', 'id', 'path', 'text'])

/** `undefined` where there is no such session. Throws what the store throws. */
export async function sessionView(
  store: Pick<Store, 'resolveSessions' | 'sessionEvents'>,
  tenant: string,
  key: string,
): Promise<SessionView | undefined> {
  const [keys = []] = await store.resolveSessions([{ tenant, key }])
  const [found = []] = await store.sessionEvents([
    { tenant, keys, from: 0, to: Number.MAX_SAFE_INTEGER, limit: mostEvents + 1 },
  ])
  if (found.length === 0) return undefined
  const events = found.slice(-mostEvents)
  return {
    tenant,
    session: keys[0] ?? key,
    keys,
    events,
    truncated: found.length > mostEvents,
    flows: flowsOf(events),
  }
}

/** Each value once for each call that used it, from the first result that held it. Pure. */
export function flowsOf(events: readonly AuditEvent[]): MatchedValue[] {
  const first = new Map<string, AuditEvent>()
  const flows: MatchedValue[] = []
  for (const event of events) {
    const seen = new Set<string>()
    for (const { kind, hash } of event.argFingerprints) {
      const source = first.get(`${event.keyId} ${hash}`)
      if (source === undefined || seen.has(hash) || !telling.has(kind)) continue
      seen.add(hash)
      flows.push({ kind, hash, firstIn: source.recordId, usedIn: event.recordId })
      if (flows.length >= mostFlows) return flows
    }
    for (const { hash } of event.resultFingerprints) {
      const key = `${event.keyId} ${hash}`
      if (!first.has(key)) first.set(key, event)
    }
  }
  return flows
}
