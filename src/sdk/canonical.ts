/**
 * JSON in the one form that RFC 8785 (JCS) gives a value: members sorted by their UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. Two parties that hold the same value hold the same bytes.
 *
 * ECMAScript's own `JSON.stringify` is what the RFC builds on, so only the order of members is left to do. Lone surrogates,
 * which the RFC refuses and UTF-8 cannot carry, become U+FFFD, as they do on the wire.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(wellFormed(value))
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const members = value as Readonly<Record<string, unknown>>
    const names = Object.keys(members)
      .filter((name) => members[name] !== undefined)
      .sort()
    return `{${names.map((name) => `${JSON.stringify(wellFormed(name))}:${canonicalJson(members[name])}`).join(',')}}`
  }
  // NaN and infinities, which JSON has not, become null: a hash must never throw into its host.
  return JSON.stringify(value) ?? 'null'
}

/** The same text with every lone surrogate replaced by U+FFFD, as UTF-8 encoders do. */
export function wellFormed(text: string): string {
  // The first look takes pairs for suspects, too, but passes over other text without reading it twice.
  return /[\ud800-\udfff]/.test(text) ? text.replace(/\p{Cs}/gu, '\ufffd') : text
}
