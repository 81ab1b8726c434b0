/** Any value → its leaves in reading order, through JSON that stands in strings, within bounds. */
import { limits } from './limits.js'

export interface Leaf {
  /** Name of the member it stands in; '' in an array or at the top. */
  readonly key: string
  readonly text: string
  /** A number or boolean: its text is a value, never prose. */
  readonly scalar: boolean
}

export interface Leaves {
  readonly leaves: readonly Leaf[]
  /** Names of all members seen. */
  readonly keys: readonly string[]
  readonly truncated: boolean
}

interface Walk {
  readonly leaves: Leaf[]
  readonly keys: Set<string>
  left: number
  nodes: number
  truncated: boolean
}

export function leavesOf(value: unknown): Leaves {
  const walk: Walk = { leaves: [], keys: new Set(), left: limits.text, nodes: limits.nodes, truncated: false }
  visit(value, '', 0, walk)
  return { leaves: walk.leaves, keys: [...walk.keys], truncated: walk.truncated }
}

function visit(value: unknown, key: string, depth: number, walk: Walk): void {
  if (walk.nodes-- <= 0 || walk.leaves.length >= limits.leaves || depth > limits.depth || walk.left <= 0) {
    walk.truncated = true
    return
  }
  if (typeof value === 'string') {
    visitText(value, key, depth, walk)
  } else if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    walk.leaves.push({ key, text: String(value), scalar: true })
  } else if (Array.isArray(value)) {
    for (const item of value) {
      if (walk.truncated) return
      visit(item, key, depth + 1, walk)
    }
  } else if (value instanceof Uint8Array) {
    walk.truncated = true
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value)) {
      if (walk.truncated) return
      if (walk.keys.size < 256) walk.keys.add(name)
      if (isBlob(value, name)) continue
      visit((value as Record<string, unknown>)[name], name, depth + 1, walk)
    }
  }
}

/** The base64 body of MCP image, audio and blob contents: not text. */
function isBlob(holder: object, name: string): boolean {
  const { type, mimeType } = holder as Record<string, unknown>
  return (
    (name === 'data' && (type === 'image' || type === 'audio')) || (name === 'blob' && typeof mimeType === 'string')
  )
}

function visitText(text: string, key: string, depth: number, walk: Walk): void {
  const nested = jsonIn(text)
  if (nested !== undefined) {
    visit(nested, key, depth + 1, walk)
    return
  }
  if (text.length > walk.left) walk.truncated = true
  const kept = text.slice(0, walk.left)
  walk.left -= kept.length
  walk.leaves.push({ key, text: kept, scalar: false })
}

/** The object or array that a text is, if it is one of moderate size. */
function jsonIn(text: string): unknown {
  const start = text.trimStart().slice(0, 1)
  if ((start !== '{' && start !== '[') || text.length > limits.text * 4) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
