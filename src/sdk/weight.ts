/** About how much memory contents hold: characters of their texts, found by a look at so many members and no more. */
const members = 256

export function weightOf(...values: readonly unknown[]): number {
  let weight = 0
  let left = members
  const visit = (value: unknown, depth: number): void => {
    if (left-- <= 0 || depth > 8) return
    if (typeof value === 'string') weight += value.length
    else if (typeof value === 'object' && value !== null)
      for (const name in value) {
        if (left <= 0) return
        visit((value as Readonly<Record<string, unknown>>)[name], depth + 1)
      }
  }
  try {
    for (const value of values) visit(value, 0)
  } catch {
    // An object of the host's own that throws when it is looked at: capture will say so.
  }
  return weight
}
