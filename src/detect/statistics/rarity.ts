/** How improbable is this, given what was seen so far? */

/**
 * The surprise of an outcome in bits: -log₂ of its probability, estimated from counts. An event that has happened half of the
 * time carries 1 bit, one in a thousand 10.
 *
 * The estimate is Dirichlet-smoothed, so that it has an answer on the first day: `prior` is what one would believe without
 * any data, and counts for as much as `weight` observations. With no data it is the prior; with much data the prior is
 * forgotten. Without it, whatever is new would be infinitely surprising, and on the first day everything is new.
 *
 *     p = (seen + weight · prior) / (total + weight)
 *
 * Source: MacKay and Peto 1995, "A Hierarchical Dirichlet Language Model", Nat. Lang. Eng. 1:289.
 *
 * Example: `surprise(0, 0, 0.25)` → 2 bits (no data: the prior, one in four); `surprise(0, 1000, 0.25)` → 9.65 bits; `surprise(900, 1000, 0.25)` → 0.15 bits.
 */
export function surprise(seen: number, total: number, prior: number, weight = 5): number {
  return -Math.log2((seen + weight * prior) / (total + weight))
}
