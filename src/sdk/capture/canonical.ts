/** Size and canonical form of a value, for digests: two producers that saw the same arguments say the same digest. */
import { limits } from './limits.js'

export interface Canonical {
  /** UTF-8 bytes of the canonical form. */
  readonly bytes: number
  readonly text: string
  readonly truncated: boolean
}

/**
 * RFC 8785 in essence: members sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them. Strings stand
 * for themselves at the top, so that a result of text is as long as its text. What JSON cannot say (functions, cycles, depth) becomes `null`.
 */
export function canonical(value: unknown): Canonical {
  const state = { nodes: limits.nodes, truncated: false }
  const text = typeof value === 'string' ? value : write(value, 0, state)
  return { bytes: Buffer.byteLength(text), text, truncated: state.truncated }
}

function write(value: unknown, depth: number, state: { nodes: number; truncated: boolean }): string {
  if (state.nodes-- <= 0 || depth > limits.depth) {
    state.truncated = true
    return 'null'
  }
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') return Number.isFinite(value) ? JSON.stringify(value) : 'null'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'))
  if (Array.isArray(value)) {
    const items: string[] = []
    for (const item of value) {
      if (state.truncated) break
      items.push(write(item, depth + 1, state))
    }
    return `[${items.join(',')}]`
  }
  if (typeof value !== 'object' || value === null) return 'null'
  const members: string[] = []
  const names = Object.keys(value)
  if (names.length > state.nodes) state.truncated = true
  for (const name of names.slice(0, Math.max(0, state.nodes)).sort()) {
    if (state.nodes <= 0) break
    const member = (value as Record<string, unknown>)[name]
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${write(member, depth + 1, state)}`)
  }
  return `{${members.join(',')}}`
}
