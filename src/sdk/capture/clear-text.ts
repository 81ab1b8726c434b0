/**
 * Clear text, for those who opt in: what of arguments, results and messages is sent as it is, after rules have cut out what must not
 * leave. Nothing here runs unless an emitter was made with `clearText`.
 */
import { runsThat } from './encoded.js'
import { redact } from './secrets.js'

export interface ClearTextRules {
  /** Names these rules in each record that was captured by them (`watchkeeper.capture.policy`); at most 64 characters. */
  readonly policy: string
  /** Default: all three. */
  readonly of?: readonly ContentKind[]
  /**
   * Members whose values are cut, without regard to case: by name (`diagnosis`), or by path (`patient.address`; lists add no step), which may
   * begin at any depth. Names of secrets always are.
   */
  readonly fields?: readonly string[]
  /** What they match in any text is cut. Secrets of known form always are. Each must be safe on hostile input. */
  readonly patterns?: readonly RegExp[]
  /** Characters of one text, at most 65 536; default 4096. What is longer is cut at its end. */
  readonly maxLength?: number
}

export interface ClearText {
  readonly text: string
  /** Rules cut something out. */
  readonly redacted: boolean
}

/** Characters that a record can hold. */
export const clearTextMost = 65_536

const secretName =
  /^(?:.*[_-])?(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|authorization|cookie|credential|credentials|session[_-]?id|otp|pin|cvv|cvc|iban|ssn)$/i
const cut = '[redacted]'
const bounds = { depth: 32, nodes: 20_000 } as const

export type ContentKind = 'arguments' | 'results' | 'messages'

/** `undefined` where the rules do not ask for this kind of content, or it was not seen. */
export type ClearTextOf = (value: unknown, kind: ContentKind) => ClearText | undefined

/** The rules, made ready once for all contents. */
export function clearTextBy(rules: ClearTextRules): ClearTextOf {
  const of: readonly ContentKind[] = rules.of ?? ['arguments', 'results', 'messages']
  const fields = (rules.fields ?? []).map((name) => name.toLowerCase())
  const names = new Set(fields)
  const paths = fields.filter((name) => name.includes('.'))
  const patterns = (rules.patterns ?? []).map(global)
  const most = Math.min(clearTextMost, Math.max(0, rules.maxLength ?? 4096))
  const cutOut = (text: string): string => patterns.reduce((kept, pattern) => kept.replace(pattern, cut), redact(text))
  const isNamed = (path: string): boolean =>
    names.has(path.slice(path.lastIndexOf('.') + 1)) || paths.some((one) => path === one || path.endsWith(`.${one}`))
  return (value, kind) => {
    if (value === undefined || !of.includes(kind)) return undefined
    const walk = { nodes: bounds.nodes as number, redacted: false }
    const clean = (text: string): string => {
      // Beyond what can be kept nothing has to be looked at; a secret astride of the end is cut with it.
      const given = text.slice(0, most + 4096)
      let kept = cutOut(given)
      for (const run of runsThat(kept, (spelled) => cutOut(spelled) !== spelled)) kept = kept.replaceAll(run, cut)
      if (kept !== given) walk.redacted = true
      return kept
    }
    const copy = (one: unknown, depth: number, path: string): unknown => {
      if (walk.nodes-- <= 0 || depth > bounds.depth) return '[too much]'
      if (typeof one === 'string') return clean(one)
      if (Array.isArray(one)) return one.map((item) => copy(item, depth + 1, path))
      if (one instanceof Uint8Array) return '[bytes]'
      if (typeof one === 'bigint') return String(one)
      if (typeof one !== 'object' || one === null) return one
      return Object.fromEntries(
        Object.entries(one).map(([name, member]) => {
          const inner = `${path}.${name.slice(0, 256).toLowerCase()}`
          const isSecret = secretName.test(name)
          if (!isSecret && !isNamed(inner)) return [clean(name), copy(member, depth + 1, inner)]
          walk.redacted = true
          // A mark that the forms of secrets know, so that the last look over the whole leaves it alone.
          return [name, isSecret ? '[secret]' : cut]
        }),
      )
    }
    const copied = copy(value, 0, '')
    const text = typeof copied === 'string' ? copied : (JSON.stringify(copied) ?? '')
    // Once more as a whole: a secret may stand astride of two members.
    const whole = clean(text)
    return { text: whole.slice(0, most), redacted: walk.redacted }
  }
}

const global = (pattern: RegExp): RegExp => (pattern.global ? pattern : new RegExp(pattern.source, `${pattern.flags}g`))
