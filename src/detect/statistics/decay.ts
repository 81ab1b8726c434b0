/** What is usual lately? */

/**
 * The exponentially weighted moving average: each sample counts half as much as one that is `halfLife` samples younger. It
 * follows a slow change (a team that grows) and still stands when a single day is odd; with a half-life of 7 daily samples, today is
 * a tenth of it. `samples` oldest first; `undefined` where there are none. Source: Roberts 1959, "Control Chart Tests Based on
 * Geometric Moving Averages", Technometrics 1:239.
 *
 * Example: `decayed([10, 10, 10, 20], 1)` → (10/8 + 10/4 + 10/2 + 20) / (1/8 + 1/4 + 1/2 + 1) = 15.33.
 */
export function decayed(samples: readonly number[], halfLife: number): number | undefined {
  const keep = 0.5 ** (1 / halfLife)
  let sum = 0
  let weight = 0
  for (const sample of samples) {
    sum = sum * keep + sample
    weight = weight * keep + 1
  }
  return weight === 0 ? undefined : sum / weight
}
