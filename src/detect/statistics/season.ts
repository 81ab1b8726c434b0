/** Is this usual for this time of the week? */

/** Hours of a week. */
const week = 168

/**
 * 0 for Monday 00:00–01:00 UTC … 167 for Sunday 23:00–24:00, given seconds since 1970 (a Thursday, hence the 72). People work by the
 * week: a Sunday night is measured by Sunday nights, not by Mondays.
 *
 * Example: 2026-11-02 10:30 UTC, a Monday, is hour 10.
 */
export const hourOfWeek = (seconds: number): number => (Math.floor(seconds / 3_600) + 72) % week

/**
 * The samples of the same hour of the week, one hour either way (a meeting moves, a clock is put back), the week taken as a circle.
 *
 * Example: for hour 0 these are the samples of hours 167, 0 and 1.
 */
export function sameHours<Sample extends { readonly hour: number }>(
  samples: readonly Sample[],
  seconds: number,
): Sample[] {
  const now = hourOfWeek(seconds)
  return samples.filter(({ hour }) => {
    const apart = Math.abs(hourOfWeek(hour) - now)
    return Math.min(apart, week - apart) <= 1
  })
}
