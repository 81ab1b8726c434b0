/**
 * Values in disguise: base64 and base64url (in lines, too), hex, UTF-16, percent and backslash escapes, one inside the other. What they
 * spell is looked at as well, so that a value meets itself however it was written.
 */
import { limits } from './limits.js'

const candidates = new RegExp(
  [
    // Not from the middle of a word: each run is looked at once. Lines as mail and PEM files break them.
    String.raw`(?<![A-Za-z0-9+/_-])(?:(?:[A-Za-z0-9+/]{60,76}\r?\n[ \t]{0,4}){1,128}[A-Za-z0-9+/]{0,76}={0,2}|[A-Za-z0-9+/_-]{16,8192}={0,2})`,
    String.raw`(?:%[0-9A-Fa-f]{2}[\w.+~-]{0,64}){3,512}`,
    String.raw`(?:(?:\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4})[ .,@-]?){6,2048}`,
    // UTF-16 that was read byte by byte.
    String.raw`(?:[\x20-\x7e]\x00){8,4096}`,
  ].join('|'),
  'g',
)
const hex = /^(?:[0-9a-fA-F]{2}){8,}$/
/** From here on a run of letters and digits counts as opaque; a shorter one is looked at only. */
const opaqueRun = 24

export interface Encoded {
  /** Texts that encoded values spell, those inside of them included. */
  readonly decoded: readonly string[]
  /** Words of which programs escape a few characters by habit (`%40`, `\u00e9`), unescaped; '' where there are none. */
  readonly unescaped: string
  /** Characters that stand in long encoded or random runs. */
  readonly opaque: number
}

const nothing: Encoded = { decoded: [], unescaped: '', opaque: 0 }
/** Ordinary prose has none of these, and costs one look. */
const possible = /(?:^|[^A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16}|%[0-9A-Fa-f]{2}|\\[xu]|\0/

export function encodedIn(text: string): Encoded {
  if (!possible.test(text)) return nothing
  const decoded: string[] = []
  let opaque = 0
  for (const run of runsIn(text)) {
    const spelled = decoded.length < limits.decoded ? spelledBy(run) : []
    for (const one of spelled) spell(one, 1, decoded)
    if (/^[%\\]/.test(run) || run.length < opaqueRun) continue
    if (spelled.length > 0 || bitsPerCharacter(run) > 4.2) opaque += run.length
  }
  return { decoded, unescaped: unescapedIn(text), opaque }
}

/** Encoded runs of a text that spell something which `matters`. */
export function runsThat(text: string, matters: (spelled: string) => boolean): string[] {
  const found: string[] = []
  for (const run of runsIn(text)) {
    const all: string[] = []
    for (const one of spelledBy(run)) spell(one, 1, all)
    if (all.some(matters)) found.push(run)
  }
  return found
}

function runsIn(text: string): string[] {
  return text.match(candidates) ?? []
}

/** What was spelled, and what that spells in turn. */
function spell(text: string, depth: number, into: string[]): void {
  if (into.length >= limits.decoded) return
  into.push(text)
  if (depth >= limits.decodedDepth || !possible.test(text)) return
  for (const run of runsIn(text))
    if (into.length < limits.decoded) for (const one of spelledBy(run)) spell(one, depth + 1, into)
}

function spelledBy(run: string): string[] {
  if (run.startsWith('%')) return given(percent(run))
  if (run.startsWith('\\')) return given(asciiOnly(unescaped(run)))
  if (run.includes('\0')) return [run.replaceAll('\0', '')]
  const bare = run.replace(/\s+/g, '')
  const whole = hex.test(bare) ? printable(Buffer.from(bare, 'hex')) : base64(bare)
  if (whole !== undefined || !bare.includes('/')) return given(whole)
  // A value that is one step of a path.
  return bare
    .split('/')
    .filter((step) => step.length >= 16)
    .slice(0, limits.decoded)
    .flatMap((step) => given(hex.test(step) ? printable(Buffer.from(step, 'hex')) : base64(step)))
}

const given = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : [text])

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

const someEscape = /%[0-9A-Fa-f]{2}|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}/
const percents = /(?:%[0-9A-Fa-f]{2})+/g

function unescapedIn(text: string): string {
  if (!someEscape.test(text)) return ''
  return text
    .split(/[\s"'<>]+/)
    .filter((word) => someEscape.test(word))
    .slice(0, limits.queryValues)
    .map((word) => unescaped(word.slice(0, limits.sentence)).replace(percents, (run) => percent(run) ?? run))
    .join('\n')
}

const unescaped = (text: string): string =>
  text.replace(/\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})/g, (_, short?: string, long?: string) =>
    String.fromCharCode(Number.parseInt(short ?? long ?? '', 16)),
  )

/** Programs escape what is not ASCII; who escapes ASCII wants something. */
const asciiOnly = (text: string): string | undefined => (/^[\n\r\t\x20-\x7e]+$/.test(text) ? text : undefined)

function percent(run: string): string | undefined {
  try {
    return decodeURIComponent(run)
  } catch {
    return undefined
  }
}

function base64(run: string): string | undefined {
  // A word or a path is base64 by its letters, too; what it "spells" is not printable.
  return run.replace(/=+$/, '').length % 4 === 1 || (/^[a-z]+$/i.test(run) && run.length < 32)
    ? undefined
    : printable(Buffer.from(run, 'base64'))
}

const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}\n\r\t]/u

function printable(bytes: Buffer): string | undefined {
  if (bytes.length < 8) return undefined
  const text = wide(bytes) ?? bytes.toString('utf8')
  return unprintable.test(text) || text.includes('\ufffd') ? undefined : text
}

/** UTF-16 of mostly Latin text, in either order of bytes (PowerShell's `-EncodedCommand`). */
function wide(bytes: Buffer): string | undefined {
  if (bytes.length % 2 === 1) return undefined
  let low = 0
  let high = 0
  for (let at = 0; at < bytes.length; at += 2) {
    if (bytes[at] === 0) high++
    if (bytes[at + 1] === 0) low++
  }
  const most = bytes.length / 2
  if (Math.max(low, high) < most * 0.7) return undefined
  return (low > high ? bytes : Buffer.from(bytes).swap16()).toString('utf16le').replace(/^\ufeff/, '')
}

/** Shannon entropy of the characters: English words have about 3.5 to 4, random base64 of this length 4.5 to 6. */
export function bitsPerCharacter(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
