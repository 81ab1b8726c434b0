/**
 * The folders that a local server was given: what the client answers to `roots/list`, and what stands on its command line. A path in a
 * call's arguments outside all of them is worth telling; the path itself stays a keyed hash.
 */
import { posix, win32 } from 'node:path'
import { fileURLToPath } from 'node:url'
import { redact } from './capture/index.js'
import { type Fields, fieldsOf, textOf } from './messages.js'

const most = 64
/** Leaves of one call's arguments that are looked at. */
const looked = 256

export class Roots {
  #roots: readonly string[] = []

  /** Folders on a command line: arguments that are absolute paths, without what runs (the first, and a script). */
  constructor(commandLine: readonly string[] = []) {
    this.#roots = commandLine
      .slice(1)
      .filter((part) => isAbsolute(part) && !/\.[a-z]{1,4}$/i.test(part))
      .map(normal)
      .slice(0, most)
  }

  get known(): boolean {
    return this.#roots.length > 0
  }

  /** As a connection event tells them: a JSON list; secrets in names cut out. */
  get told(): string {
    return JSON.stringify(this.#roots.map(redact))
  }

  /** A client's answer to `roots/list` replaces what was known: that is what the server may work in now. */
  learn(result: Fields | undefined): void {
    const { roots } = fieldsOf(result)
    if (!Array.isArray(roots)) return
    this.#roots = roots
      .slice(0, most)
      .flatMap((root) => pathOf(textOf(fieldsOf(root)['uri'])))
      .map(normal)
  }

  /**
   * Whether absolute paths among the arguments lie in none of the roots that are known now, whenever that is asked. False where none is.
   */
  leftBy(args: unknown): () => boolean {
    const roots = this.#roots
    return () => roots.length > 0 && pathsIn(args).some((path) => !roots.some((root) => isWithin(normal(path), root)))
  }
}

function pathOf(uri: string): string[] {
  if (isAbsolute(uri)) return [uri]
  try {
    return uri.startsWith('file:') ? [fileURLToPath(uri)] : []
  } catch {
    return []
  }
}

const isAbsolute = (path: string): boolean => path.startsWith('/') || /^[a-z]:[\\/]/i.test(path)

/** Without `..`, doubled separators and a final one, so that climbing out is seen. */
function normal(path: string): string {
  const plain = path.startsWith('/') ? posix.normalize(path) : win32.normalize(path).replaceAll('\\', '/').toLowerCase()
  return plain.length > 1 ? plain.replace(/\/+$/, '') : plain
}

const isWithin = (path: string, root: string): boolean =>
  path === root || path.startsWith(root === '/' ? root : `${root}/`)

/** Values that are paths as a whole; a path in a sentence is talk. */
function pathsIn(args: unknown): string[] {
  const found: string[] = []
  let left = looked
  const visit = (value: unknown, depth: number): void => {
    if (left-- <= 0 || depth > 8) return
    if (typeof value === 'string') {
      const text = value.trim()
      if (text.length <= 4096 && !/[\n<>]/.test(text)) found.push(...pathOf(text))
    } else if (typeof value === 'object' && value !== null)
      for (const member of Object.values(value)) visit(member, depth + 1)
  }
  visit(args, 0)
  return found
}
