/**
 * One spelling for each value, whoever wrote it: an account number with or without blanks, a link with or without scheme, a
 * date in words. Both ends of a comparison pass here before they are hashed, so what is not unified here never matches.
 */
import type { AtomKind } from '../event.js'
import { fold } from './fold.js'
import { isStopWord } from './lexicon/stop.js'
import type { Token } from './tokens.js'

export interface Atom {
  readonly kind: AtomKind
  readonly value: string
}

/** The values a token states; a link states its host as well, a date its day without the year. */
export function atomsOfToken(token: Token): Atom[] {
  switch (token.kind) {
    case 'email':
      return [{ kind: 'email', value: token.folded }]
    case 'url':
      return atomsOfUrl(token.text)
    case 'path':
      return atomsOfPath(normalPath(token.folded))
    case 'date':
      return atomsOfDate(token.folded)
    case 'time':
      return atomsOfTime(token.folded)
    case 'id':
      return [{ kind: 'id', value: normalId(token.folded) }]
    case 'number':
      return [{ kind: 'number', value: normalNumber(token.text) }]
    case 'word':
      return isStopWord(token.folded) ? [] : [{ kind: 'name', value: normalWord(token.folded) }]
    case 'mark':
      return []
  }
}

/** Values that alone tie two records together. */
export const strongKinds: ReadonlySet<AtomKind> = new Set<AtomKind>(['email', 'url', 'host', 'id', 'path'])

/** Whether one of the token's values is of a strong kind. */
export function statesStrong(token: Token): boolean {
  const { kind, text } = token
  return kind === 'email' || kind === 'id' || kind === 'path' || (kind === 'url' && atomsOfUrl(text).length > 0)
}

export function atomsOfUrl(text: string): Atom[] {
  const bare = fold(text)
    .replace(/^[a-z][a-z0-9+.-]{1,14}:\/\//, '')
    .replace(/^[^/@]{0,128}@/, '')
    .replace(/^www\./, '')
    .replace(/[#/]+$/, '')
  const host = hostOf(bare)
  const url = decodeOnce(bare)
  return host === ''
    ? []
    : [
        { kind: 'url', value: url },
        { kind: 'host', value: host },
      ]
}

function decodeOnce(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Host without port, `www.` and final dot. */
export function hostOf(bare: string): string {
  return (/^[^/?#:]{1,253}/.exec(bare)?.[0] ?? '').replace(/^www\./, '').replace(/\.$/, '')
}

const normalPath = (folded: string): string => folded.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\/+$/, '')

/** The path, and the file's name alone: with its ending as a path, without it as the name that people call it by. */
function atomsOfPath(path: string): Atom[] {
  const file = path.slice(path.lastIndexOf('/') + 1)
  const called = /^[\p{L}_-]{3,}(?=\.)/u.exec(file)?.[0]
  return [
    { kind: 'path', value: path },
    ...(file !== path && file.includes('.') ? [{ kind: 'path', value: file } as const] : []),
    ...(called === undefined ? [] : [{ kind: 'name', value: called } as const]),
  ]
}

const normalId = (folded: string): string => folded.replace(/[^\p{L}\p{N}]/gu, '')

/** A word without possessive, plural apostrophe and what French joins to it. */
export const normalWord = (folded: string): string =>
  folded.includes("'") || folded.includes('’')
    ? folded
        .replace(/'s?$/, '')
        .replace(/^['’]+/, '')
        .replace(elision, '')
    : folded

/** French joins a vowel to the little word before it: "l'alarme", "d'un". */
export const elision = /^(?:[cdjlmnst]|qu)['’](?=\p{L}{2})/u

/**
 * `1,234.50`, `1.234,5`, `1'234.5` and `1234.5` are one number. The last separator is decimal unless exactly three digits
 * follow it and it is not the only kind in the number; a lone comma or dot before three digits is read as thousands only for the
 * comma, as English-speaking systems write.
 */
export function normalNumber(text: string): string {
  const raw = text.replace(/['’\s]/g, '')
  const last = Math.max(raw.lastIndexOf('.'), raw.lastIndexOf(','))
  if (last < 0) return trimZeros(raw)
  const separator = raw[last] as string
  const kinds = new Set(raw.replace(/\d/g, ''))
  const repeated = raw.indexOf(separator) !== last
  const after = raw.length - last - 1
  const thousands = repeated || (after === 3 && (separator === ',' || kinds.size > 1))
  const whole = raw.slice(0, last).replace(/\D/g, '')
  const rest = raw.slice(last + 1)
  return thousands ? trimZeros(whole + rest) : trimZeros(`${whole}.${rest}`)
}

function trimZeros(number: string): string {
  const whole = number.replace(/^0+(?=\d)/, '')
  return whole.includes('.') ? whole.replace(/0+$/, '').replace(/\.$/, '') : whole
}

const monthStarts = [
  ['jan', 'ene'],
  ['feb', 'fev'],
  ['mar', 'mae'],
  ['apr', 'avr', 'abr'],
  ['may', 'mai'],
  ['jun', 'juin'],
  ['jul', 'juil'],
  ['aug', 'aou', 'ago'],
  ['sep'],
  ['oct', 'okt'],
  ['nov'],
  ['dec', 'dez', 'dic'],
] as const

function monthOf(word: string): number {
  // "juin" and "juil" share their first three letters with nothing, "jui" does.
  if (word.startsWith('juil')) return 7
  if (word.startsWith('juin')) return 6
  return monthStarts.findIndex((starts) => starts.some((start) => word.startsWith(start))) + 1
}

/** ISO date where the year is known, and always the day of the year without it (`--03-01`). */
function atomsOfDate(folded: string): Atom[] {
  const numbers = (folded.match(/\d+/g) ?? []).map(Number)
  const word = /[a-z]{3,}/.exec(folded.replace(/\bof\b/, ''))?.[0]
  const atoms: Atom[] = []
  const put = (year: number | undefined, month: number, day: number): void => {
    if (month < 1 || month > 12 || day < 1 || day > 31) return
    const rest = `${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
    if (year !== undefined && year > 0) atoms.push({ kind: 'date', value: `${year}-${rest}` })
    atoms.push({ kind: 'date', value: `--${rest}` })
  }
  const [first = 0, second = 0, third = 0] = numbers
  if (word !== undefined) {
    const day = first > 31 ? second : first
    put(
      numbers.find((number) => number > 31),
      monthOf(word),
      day,
    )
  } else if (first > 31) put(first, second, third)
  else {
    // 03/04/2024 is two dates until one of its numbers is above 12: both are stated.
    put(third, second, first)
    if (second !== first) put(third, first, second)
  }
  return atoms
}

function atomsOfTime(folded: string): Atom[] {
  const [hour = 0, minute = 0] = (folded.match(/\d+/g) ?? []).map(Number)
  const half = /([ap])\.?m/.exec(folded)?.[1]
  const hour24 = half === 'p' && hour < 12 ? hour + 12 : half === 'a' && hour === 12 ? 0 : hour
  if (hour24 > 24 || minute > 59) return []
  return [{ kind: 'date', value: `t${String(hour24).padStart(2, '0')}:${String(minute).padStart(2, '0')}` }]
}

/** Words as a set: order, repetition and filler do not matter. */
export function normalPhrase(words: readonly string[]): string {
  return [...new Set(words)].sort().join(' ')
}
