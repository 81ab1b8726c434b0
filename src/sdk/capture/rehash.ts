/** The second hash: the pepper of `receive`, which neither producers nor readers of the store hold. */
import type { Fingerprint, Order, ProducerEvent } from '../event.js'

/** Details that are keyed hashes say so by their name: a tool's `schema_digest`. */
export const keyedDetail = /_(?:digest|fingerprint)$/

/** The same event with every fingerprint, order hash, digest and token fingerprint replaced by `hash` of it. */
export function rehash(event: ProducerEvent, hash: (value: string) => string): ProducerEvent {
  const one = (value: string): string => (value === '' ? '' : hash(value))
  const fingerprints = (list: readonly Fingerprint[]): Fingerprint[] =>
    list.map((item) => ({ ...item, hash: hash(item.hash) }))
  const order = (item: Order): Order => ({
    ...item,
    verbHashes: item.verbHashes.map(hash),
    atoms: fingerprints(item.atoms),
    following: fingerprints(item.following),
    shingles: item.shingles.map(hash),
  })
  return {
    ...event,
    argDigest: one(event.argDigest),
    argFingerprints: fingerprints(event.argFingerprints),
    verbHashes: event.verbHashes.map(hash),
    resultDigest: one(event.resultDigest),
    resultFingerprints: fingerprints(event.resultFingerprints),
    orders: event.orders.map(order),
    tokenFingerprint: one(event.tokenFingerprint),
    detail: Object.fromEntries(
      Object.entries(event.detail).map(([name, value]) => [name, keyedDetail.test(name) ? one(value) : value]),
    ),
  }
}
