import { type AuditEvent, listed } from '#detector'

/** How much a result reads as if it wanted the rights of its reader to grow. */
export interface Asking {
  /** Below 0.5 nothing; 1: for access, or for the call that was refused. */
  readonly weight: number
  readonly says: string
  readonly forAccess: boolean
  readonly forCall: boolean
}

/** A sentence that asks, as capture measures it. */
const asks = 0.6
const accessVerbs: ReadonlySet<string> = new Set(['approve', 'share', 'member', 'update', 'create'])
/** Short values are everywhere: they connect nothing. */
const weakKinds: ReadonlySet<string> = new Set(['number', 'date', 'name', 'phrase', 'shingle'])

export function askingOf(source: AuditEvent, refused: AuditEvent | undefined): Asking {
  // A list of tools is in the imperative by convention.
  if ((source.resultSignals['catalogue'] ?? 0) > 0) return { weight: 0, says: '', forAccess: false, forCall: false }
  const orders = source.orders.filter(({ mood }) => mood >= asks)
  const spoken = Math.max(
    source.resultSignals['instruction'] ?? 0,
    source.resultSignals['unicode_tags'] ?? 0,
    source.resultSignals['role_marker'] ?? 0,
    orders.some(({ flags }) => flags.includes('hidden')) ? 1 : 0,
  )
  const forAccess =
    spoken >= 0.5 &&
    orders.some(({ nouns, verbs }) => nouns.includes('access') && verbs.some((verb) => accessVerbs.has(verb)))
  const forCall = refused !== undefined && orders.some((order) => isFor(order, refused, source.keyId))
  return {
    weight: forAccess || forCall ? 1 : spoken >= 0.5 ? Math.min(0.9, spoken) : 0,
    says: listed([
      ...(spoken >= 0.5 ? ['an order to its reader'] : []),
      ...(forAccess ? ['a wish for access'] : []),
      ...(forCall ? ['an order for the refused call'] : []),
    ]),
    forAccess,
    forCall,
  }
}

/** The order's verb is the call's, and a value of the order is in the call's arguments. */
function isFor(order: AuditEvent['orders'][number], call: AuditEvent, keyId: string): boolean {
  if (call.keyId !== keyId) return false
  const verb =
    order.verbHashes.some((hash) => call.verbHashes.includes(hash)) ||
    order.verbs.some((group) => call.verbs.includes(group))
  if (!verb) return false
  const values = new Set(
    [...order.atoms, ...order.following]
      .filter(({ kind }) => !weakKinds.has(kind))
      .map(({ kind, hash }) => `${kind} ${hash}`),
  )
  return call.argFingerprints.some(({ kind, hash }) => values.has(`${kind} ${hash}`))
}
