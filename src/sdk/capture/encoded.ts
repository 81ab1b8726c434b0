/** Values in disguise: base64, hex, URL-encoding. What they spell is looked at as well. */
import { limits } from './limits.js'

const candidates = /(?:[A-Za-z0-9+/_-]{24,8192}={0,2})|(?:%[0-9A-Fa-f]{2}[\w.+~-]{0,64}){3,512}/g
const hex = /^(?:[0-9a-fA-F]{2}){12,}$/

export interface Encoded {
  /** Texts that encoded values spell. */
  readonly decoded: readonly string[]
  /** Characters that stand in long encoded or random runs. */
  readonly opaque: number
}

export function encodedIn(text: string): Encoded {
  const decoded: string[] = []
  let opaque = 0
  candidates.lastIndex = 0
  for (let match = candidates.exec(text); match !== null; match = candidates.exec(text)) {
    const run = match[0]
    if (decoded.length >= limits.decoded) break
    const spelled = run.startsWith('%')
      ? percent(run)
      : hex.test(run)
        ? printable(Buffer.from(run, 'hex'))
        : base64(run)
    if (spelled !== undefined) decoded.push(spelled)
    if (!run.startsWith('%') && (spelled !== undefined || bitsPerCharacter(run) > 4.2)) opaque += run.length
  }
  return { decoded, opaque }
}

const queryValue = /[?&#][\w.~[\]%-]{1,64}=([^&#\s"'<>()]{2,1024})/g

/** Values of the queries of links in a text, decoded: what a link carries away is a value like any other. '' where there is none. */
export function queryValuesIn(text: string): string {
  if (!text.includes('=')) return ''
  const values: string[] = []
  queryValue.lastIndex = 0
  for (
    let match = queryValue.exec(text);
    match !== null && values.length < limits.queryValues;
    match = queryValue.exec(text)
  )
    values.push(percent((match[1] ?? '').replaceAll('+', ' ')) ?? '')
  return values.filter((value) => value !== '').join('\n')
}

function percent(run: string): string | undefined {
  try {
    return decodeURIComponent(run)
  } catch {
    return undefined
  }
}

function base64(run: string): string | undefined {
  // A word or a path is base64 by its letters, too; what it "spells" is not printable.
  return run.length % 4 === 1 || (/^[a-z]+$/i.test(run) && run.length < 32)
    ? undefined
    : printable(Buffer.from(run, 'base64'))
}

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n\r\t]/u

function printable(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined
  const text = bytes.toString('utf8')
  return unprintable.test(text) || text.includes('\ufffd') ? undefined : text
}

/** Shannon entropy of the characters: English words have about 3.5 to 4, random base64 of this length 4.5 to 6. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
