/** About how many bytes a value takes in memory: what the in-process bus counts against its bound. */

const perValue = 16
const perMember = 8

/** A string of 10 characters counts 26, an object 16 and 8 for each member beside what the member holds. */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return perValue + value.length
  if (typeof value !== 'object' || value === null) return perMember
  let sum = perValue
  for (const member of Array.isArray(value) ? value : Object.values(value)) sum += perMember + weightOf(member)
  return sum
}
