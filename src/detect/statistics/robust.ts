/**
 * How far is far? The statistics that query detectors judge with. Each teaches itself with an example and its answer; the
 * examples are run by `test/detect/statistics.test.ts`.
 */
import { median, medianAbsoluteDeviation } from 'simple-statistics'

/**
 * Turns a median absolute deviation into the unit of a standard deviation: for a normal distribution σ = 1.4826 · MAD,
 * because half of it lies within 0.6745 σ of its middle and 1 / 0.6745 = 1.4826. Source: Rousseeuw and Croux 1993,
 * "Alternatives to the Median Absolute Deviation", J. Am. Stat. Assoc. 88:1273.
 */
export const madToSigma = 1.4826

export interface Baseline {
  /** How many samples it rests on. */
  readonly samples: number
  readonly median: number
  /** Usual distance from the median, in the unit of a standard deviation, never under the floor it was made with. */
  readonly spread: number
}

/**
 * What is usual, from samples of the past. Median and MAD shrug off the odd busy day: up to half of the samples may be
 * outliers before they move, where a single one drags a mean and a standard deviation along (breakdown point 50 % and 0 %).
 *
 * `floor` is the smallest spread to believe in. Samples that are all alike have a MAD of 0, and then any difference at all
 * would be infinitely many deviations away. State it in the unit of the samples: how much variation is certainly harmless.
 * At least a tenth of the median is always allowed, so that the floor grows with what is measured.
 *
 * Example: `baselineOf([10, 12, 11, 9, 10, 500], 1)` → median 10.5, MAD 1, spread 1.4826; the 500 counts for nothing.
 */
export function baselineOf(samples: readonly number[], floor: number): Baseline {
  if (samples.length === 0) return { samples: 0, median: 0, spread: floor }
  const given = [...samples]
  const middle = median(given)
  return {
    samples: given.length,
    median: middle,
    spread: Math.max(madToSigma * medianAbsoluteDeviation(given), floor, Math.abs(middle) / 10),
  }
}

/**
 * The robust z-score: how many usual deviations a value lies above (positive) or below the usual. After Iglewicz and
 * Hoaglin 1993, "How to Detect and Handle Outliers", who call 3.5 an outlier in normal data. Traffic has heavier tails than
 * a normal distribution, so a detector that wakes people should ask for clearly more than that.
 *
 * Example: with the baseline above, 16.43 is (16.43 - 10.5) / 1.4826 = 4.0 deviations high.
 */
export const robustDeviation = (value: number, usual: Baseline): number => (value - usual.median) / usual.spread
