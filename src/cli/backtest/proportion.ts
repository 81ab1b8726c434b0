/** What `k` of `n` say about a rate: the exact binomial bounds (Clopper and Pearson, 1934), which hold for rare events and few sessions. */

/** Bounds that hold the true rate in 95 of 100 cases; 0..1. */
export function interval(k: number, n: number): readonly [number, number] {
  if (n === 0) return [0, 1]
  // P(X ≥ k) rises with the rate and P(X ≤ k) falls: where each is 2.5 % lies a bound.
  const low = k === 0 ? 0 : solve((rate) => 1 - cumulative(k - 1, n, rate) < 0.025)
  const high = k === n ? 1 : solve((rate) => cumulative(k, n, rate) > 0.025)
  return [low, high]
}

/** The rate that `k` of `n` still allows, with 95 % confidence, when only "at most" is asked: 3/n for k = 0. */
export const upperBound = (k: number, n: number): number =>
  n === 0 || k === n ? 1 : solve((rate) => cumulative(k, n, rate) > 0.05)

/**
 * How likely a split of `a` against `b`, or a more uneven one, is by chance alone, where both sides are equally likely: McNemar's
 * exact test of two judgements of the same sessions (McNemar, 1947), which looks only at those where they disagree. 0..1.
 */
export const chanceOfSplit = (a: number, b: number): number => Math.min(1, 2 * cumulative(Math.min(a, b), a + b, 0.5))

/** The last rate for which `holds` holds; it holds from 0 on. */
function solve(holds: (rate: number) => boolean): number {
  let low = 0
  let high = 1
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2
    if (holds(middle)) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** P(X ≤ k) of n draws. */
function cumulative(k: number, n: number, rate: number): number {
  if (rate <= 0) return 1
  if (rate >= 1) return k >= n ? 1 : 0
  const odds = Math.log(rate) - Math.log1p(-rate)
  let logTerm = n * Math.log1p(-rate)
  let sum = Math.exp(logTerm)
  for (let hits = 1; hits <= k; hits++) {
    logTerm += Math.log((n - hits + 1) / hits) + odds
    sum += Math.exp(logTerm)
  }
  return Math.min(1, sum)
}
