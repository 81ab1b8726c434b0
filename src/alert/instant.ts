/** RFC 3339 in UTC with microseconds. */
export function instant(at: number): string {
  const micro = String(Math.trunc(at) % 1_000).padStart(3, '0')
  return new Date(Math.trunc(at / 1_000)).toISOString().replace('Z', `${micro}Z`)
}
