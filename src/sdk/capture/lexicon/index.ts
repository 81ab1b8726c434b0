/** Look-ups over the word lists. */
import { foreignNouns, foreignVerbs } from './foreign.js'
import type { NounGroup } from './nouns.js'
import { englishNouns } from './nouns.js'
import { deedNouns, englishVerbs, irregularForms } from './verbs.js'

export { foreignAsks, foreignOpeners } from './foreign.js'

export const wordsOf = (list: string): string[] => list.split(/\s+/).filter((word) => word !== '')

function indexOf<G extends string>(lists: Readonly<Record<G, string>>): ReadonlyMap<string, readonly G[]> {
  const index = new Map<string, G[]>()
  for (const group of Object.keys(lists) as G[]) {
    for (const word of wordsOf(lists[group])) {
      const groups = index.get(word)
      if (groups === undefined) index.set(word, [group])
      else if (!groups.includes(group)) groups.push(group)
    }
  }
  return index
}

const verbs = indexOf(englishVerbs)
const nouns = indexOf(englishNouns)
const verbStems = indexOf(foreignVerbs)
const nounStems = indexOf(foreignNouns)
const irregular: ReadonlyMap<string, string> = new Map(
  wordsOf(irregularForms).map((pair) => pair.split(':') as [string, string]),
)

export interface Verb {
  /** Base form (English) or stem (other languages): the same for all forms of the verb. */
  readonly stem: string
  readonly groups: readonly string[]
  /** `base`: as an imperative has it; `other`: sends, sent, sending; `foreign`: form unknown. */
  readonly form: 'base' | 'other' | 'foreign'
}

/** Words that were looked up: texts repeat a few. Forgotten as a whole when there are many, since strangers choose them. */
const looked = new Map<string, Verb | undefined>()
const lookedMost = 4096
/** V8 makes a longer piece of a text point into it, and would keep the whole text for the word. */
const lookedLength = 12

/** The verb a folded word may be. */
export function verbOf(folded: string): Verb | undefined {
  const known = looked.get(folded)
  if (known !== undefined || looked.has(folded)) return known
  const found = lookUp(folded)
  if (looked.size >= lookedMost) looked.clear()
  if (folded.length <= lookedLength) looked.set(folded, found)
  return found
}

function lookUp(folded: string): Verb | undefined {
  const direct = verbs.get(folded)
  if (direct !== undefined) return { stem: folded, groups: direct, form: 'base' }
  for (const stem of baseForms(folded)) {
    const groups = verbs.get(stem)
    if (groups !== undefined) return { stem, groups, form: 'other' }
  }
  const foreign = longestStem(verbStems, folded, 5)
  return foreign && { ...foreign, form: 'foreign' }
}

export function nounsOf(word: string): readonly string[] {
  const folded = word.replace(/^(?:[cdjlmnst]|qu)['’]/, '')
  const direct =
    nouns.get(folded) ??
    nouns.get(folded.replace(/s$/, '')) ??
    nouns.get(folded.replace(/ies$/, 'y')) ??
    nouns.get(folded.replace(/es$/, ''))
  return direct ?? longestStem(nounStems, folded, 3)?.groups ?? []
}

/** The longest listed stem that the word starts with; at most `ending` letters may follow it. */
function longestStem<G extends string>(
  stems: ReadonlyMap<string, readonly G[]>,
  folded: string,
  ending: number,
): { stem: string; groups: readonly G[] } | undefined {
  for (let length = folded.length; length >= Math.max(3, folded.length - ending); length--) {
    const stem = folded.slice(0, length)
    const groups = stems.get(stem)
    // Short stems match short endings only: "lea" is Spanish for read, "learn" is not.
    if (groups !== undefined && (folded.length - length <= 2 || length >= 4)) return { stem, groups }
  }
  return undefined
}

/** Base forms that an English inflected form may have, most likely first. */
function baseForms(folded: string): string[] {
  const known = irregular.get(folded)
  if (known !== undefined) return [known]
  const cut = (suffix: string): string | undefined =>
    folded.endsWith(suffix) && folded.length >= suffix.length + 2 ? folded.slice(0, -suffix.length) : undefined
  const forms: string[] = []
  for (const suffix of ['ing', 'ed', 'es', 's']) {
    const base = cut(suffix)
    if (base === undefined) continue
    forms.push(base, `${base}e`)
    if (base.at(-1) === base.at(-2)) forms.push(base.slice(0, -1))
    if (base.endsWith('i')) forms.push(`${base.slice(0, -1)}y`)
    break
  }
  return forms
}

/**
 * What a verb means beside these nouns. "Send" pays where there is money and reads as a message elsewhere; "add" concerns
 * members where there are people or places to join. A meaning that lacks its nouns is dropped while another one is left.
 */
export function meaningOf(verb: Verb, nouns: ReadonlySet<string>): readonly string[] {
  // What is opened to be looked at is read; what is opened to be filled (an account, an issue) is created.
  if (verb.stem === 'open' && (nouns.has('page') || nouns.has('file'))) return ['read']
  const fitting = verb.groups.filter((group) => needs[group]?.some((noun) => nouns.has(noun)) ?? true)
  return fitting.length > 0 ? fitting : verb.groups
}

/** Verbs that leave the meaning to their noun: "place an order", `make_reservation`. */
const light: ReadonlySet<string> = new Set(
  wordsOf(
    'make place do perform create issue submit initiate process execute set put add take give start file schedule register enter open',
  ),
)
const deeds = indexOf(deedNouns)

/** What a light verb does, by the nouns after it. */
export function deedsOf(verb: Verb, words: readonly string[]): readonly string[] {
  return light.has(verb.stem) ? words.flatMap((word) => deeds.get(word) ?? deeds.get(word.replace(/s$/, '')) ?? []) : []
}

const needs: Readonly<Partial<Record<string, readonly NounGroup[]>>> = {
  pay: ['money', 'product'],
  member: ['person', 'channel', 'access', 'event'],
  book: ['booking', 'place', 'event', 'schedule'],
}
