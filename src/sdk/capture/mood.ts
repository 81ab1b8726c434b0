/**
 * How much a sentence reads as a request, from its grammar alone: where its verb stands and what stands before it. Soft on purpose: a hard
 * gate on imperatives looked perfect on recorded attacks and fell to nothing on three polite rewordings.
 */

import {
  anyoneWords,
  assistantWords,
  foreignAskWords,
  modals,
  negations,
  notVerbs,
  nounSigns,
  objectStarts,
  obliging,
  openers,
  politeWords,
  reporting,
  secondPerson,
  subordinators,
} from './lexicon/grammar.js'
import type { Verb } from './lexicon/index.js'
import { verbOf } from './lexicon/index.js'
import { languageOf } from './lexicon/stop.js'
import { limits } from './limits.js'
import { elision } from './normalise.js'
import type { Token } from './tokens.js'

export interface AskedVerb {
  readonly at: number
  readonly strength: number
  /** `undefined`: a word in a verb's place that no list knows. */
  readonly verb: Verb | undefined
}

export interface Mood {
  readonly strength: number
  readonly asked: readonly AskedVerb[]
  readonly negated: boolean
  readonly reported: boolean
  readonly parenthesis: boolean
}

/** What may follow here: how strongly a verb in base form at this place is asked for, and why. */
interface Slot {
  readonly strength: number
  readonly reported?: boolean
  readonly parenthesis?: boolean
  /** The verb may be a participle: "must be sent". */
  readonly passive?: boolean
}

export function moodOf(tokens: readonly Token[], inShortField: boolean): Mood {
  const words = tokens.slice(0, limits.words)
  const foreign = languageOf(unquoted(words)) === 'other'
  const asks = foreign && words.some((token) => foreignAskWords.has(token.folded))
  const asked: AskedVerb[] = []
  let negated = false
  let reported = false
  let parenthesis = false
  words.forEach((token, at) => {
    if (token.kind !== 'word') return
    const verb = verbOf(token.folded)
    if (verb?.form === 'foreign' && !foreign) return
    if (verb?.stem === 'do' && helps(words[at + 1])) return
    const slot = slotAt(words, at, asked)
    let strength = verb === undefined ? unknownVerb(words, at, slot) : knownVerb(words, at, verb, slot, inShortField)
    if (verb?.form === 'foreign' && asks) strength = Math.max(strength, 0.85)
    if (strength === 0) return
    if (offersContact(words, at, verb)) strength = Math.min(strength, 0.4)
    if (isNegated(words, at)) {
      negated = true
      strength = Math.min(strength, 0.2)
    } else if (strength >= 0.5) {
      reported ||= slot.reported === true
      parenthesis ||= slot.parenthesis === true
    }
    asked.push({ at, strength, verb })
  })
  const strongest = asked.reduce((most, verb) => Math.max(most, verb.strength), 0)
  const strength = isData(words) || words.length > longest ? strongest * 0.5 : strongest
  return { strength, asked, negated: negated && strongest < 0.5, reported, parenthesis }
}

/** Words of the sentence itself: what it quotes may be in another language. */
function unquoted(tokens: readonly Token[]): string[] {
  const words: string[] = []
  let inside = false
  for (const { kind, text, folded } of tokens) {
    if (kind === 'mark' && quotes.includes(text)) inside = !inside
    else if (!inside && kind === 'word') words.push(folded)
  }
  return words
}
const quotes = '"\'“”„«»‘’`'

/** "Do send", "do not send": a helper of the verb after it. */
function helps(next: Token | undefined): boolean {
  return next !== undefined && (negations.has(next.folded) || verbOf(next.folded)?.form === 'base')
}

/** Tokens of what can still be one sentence; longer runs are lists and tables that lost their line ends. */
const longest = 110

/** Records and code, not a sentence: more quotes, brackets and colons than words. */
function isData(words: readonly Token[]): boolean {
  // Prose that hands data over ("call … with {…}") is a sentence.
  const first = words.findIndex((token) => token.kind === 'mark' && '{['.includes(token.text))
  if (first >= 4 && words.slice(0, first).every((token) => token.kind !== 'mark')) return false
  const marks = words.filter((token) => token.kind === 'mark' && dataMarks.includes(token.text)).length
  return marks >= 6 && marks * 1.2 > words.length - marks
}
const dataMarks = '"\'{}[]:=|<>;\\'

function knownVerb(words: readonly Token[], at: number, verb: Verb, slot: Slot, inShortField: boolean): number {
  const token = words[at] as Token
  const next = words[at + 1]
  if (verb.form === 'other') return slot.passive === true ? slot.strength : 0.1
  if (slot.passive === true && verb.form === 'base' && !/(?:t|d|n)$/.test(token.folded)) return 0.15
  let strength = slot.strength
  if (strength === 0) {
    // "Do Send a transaction": a capital where none belongs, on a verb that has an object.
    const shouts = /^\p{Lu}/u.test(token.text) && at > 0 && next !== undefined && startsObject(next)
    strength = shouts ? 0.75 : 0.15
  }
  const alone = !words.some((other) => other.kind !== 'mark' && other !== token)
  if (next === undefined) strength = Math.min(strength, slot.strength >= 0.8 && !alone ? 0.7 : 0.4)
  else if ((verb.form !== 'foreign' && nounSigns.has(next.folded)) || next.text === ':')
    strength = Math.min(strength, 0.3)
  else if (inShortField && !startsObject(next)) strength = Math.min(strength, 0.4)
  return strength
}

/** A word that no list knows in a verb's place with an object behind it: "Xyz the …". Unknown, not innocent. */
function unknownVerb(words: readonly Token[], at: number, slot: Slot): number {
  const { folded } = words[at] as Token
  const next = words[at + 1]
  if (slot.strength < 0.7 || next === undefined || !startsObject(next)) return 0
  if (folded.length < 3 || notVerbs.has(folded) || openers.has(folded) || subordinators.has(folded)) return 0
  if (objectStarts.has(folded) || modals[folded] !== undefined || nounSigns.has(folded) || obliging.has(folded))
    return 0
  if (/(?:ly|ing|ed|s)$/.test(folded) || secondPerson.has(folded) || anyoneWords.has(folded) || politeWords.has(folded))
    return 0
  return Math.min(slot.strength, 0.65)
}

function startsObject(token: Token): boolean {
  return (
    objectStarts.has(token.folded) ||
    (token.kind !== 'word' && token.kind !== 'mark') ||
    elision.test(token.folded) ||
    /^["'“‘«($€£]/.test(token.text)
  )
}

/** "Write to us at …", "contact me if …": how to reach the author. "Send us the file at …" has an object and orders. */
function offersContact(words: readonly Token[], at: number, verb: Verb | undefined): boolean {
  if (verb?.groups.includes('message') !== true) return false
  const rest = words.slice(at + 1, at + 5).map((token) => token.folded)
  const speaker = rest.findIndex((word) => speakers.has(word))
  if (speaker < 0 || rest.slice(0, speaker).some((word) => !beforeSpeaker.has(word))) return false
  const next = rest[speaker + 1]
  return next === undefined || reachedBy.has(next) || /^\W/.test(next)
}
const speakers: ReadonlySet<string> = new Set(['me', 'us', 'mir', 'mich', 'uns', 'moi', 'nous', 'nos', 'escribenos'])
const beforeSpeaker: ReadonlySet<string> = new Set(['to', 'a', 'an', 'with', 'back', 'out'])
const reachedBy: ReadonlySet<string> = new Set([
  'at',
  'via',
  'on',
  'by',
  'under',
  'through',
  'if',
  'for',
  'with',
  'anytime',
  'directly',
  'unter',
  'uber',
  'sur',
  'par',
  'en',
  'al',
  'auf',
])

function isNegated(words: readonly Token[], at: number): boolean {
  return [words[at - 1], words[at - 2]].some((token) => token !== undefined && negations.has(token.folded))
}

/** Reads backwards from the word: what stands before it says what it is. */
function slotAt(words: readonly Token[], at: number, asked: readonly AskedVerb[]): Slot {
  let back = at - 1
  while (back >= 0 && (openers.has(folded(words, back)) || /ly$/.test(folded(words, back)))) {
    // "… and then send": joined to an order before it.
    if (joins.has(folded(words, back)) && asked.some((verb) => verb.strength >= 0.5)) return { strength: 0.9 }
    back--
  }
  if (back < 0) return { strength: 1 }
  const before = folded(words, back)
  if (politeWords.has(before) || foreignAskWords.has(before)) return { strength: 1 }
  const token = words[back] as Token
  if (token.kind === 'mark') return slotAfterMark(words, back, asked, at - back > 1)
  if (before === 'to') return slotAfterTo(words, back)
  if (before === 'be' || before === 'been' || before === 'get') return slotOfPassive(words, back)
  const modal = modals[before]
  if (modal !== undefined) return slotAfterModal(words, back, modal)
  if (secondPerson.has(before) || assistantWords.has(before)) {
    const earlier = folded(words, back - 1)
    // "could you send", "if you send … thanks", "it if you could send".
    if (modals[earlier] !== undefined) return { strength: 0.9 }
    // "I would be grateful if you send …": thanks make the condition a request.
    if (earlier === 'if' || earlier === 'that') {
      const thanked = words.slice(0, back).some((token) => obliging.has(token.folded))
      return { strength: thanked ? 0.9 : 0.65 }
    }
    return { strength: 0 }
  }
  if (at - back > 1 && folded(words, at - 1) === 'then') return { strength: 0.8 }
  if (before === "let's" || before === 'help' || before === 'go') return { strength: 0.6 }
  return { strength: 0 }
}

const joins: ReadonlySet<string> = new Set(['and', 'then', 'or', 'also', 'und', 'et', 'y', 'puis', 'dann', 'luego'])
const folded = (words: readonly Token[], at: number): string => words[at]?.folded ?? ''

function slotAfterMark(words: readonly Token[], mark: number, asked: readonly AskedVerb[], opener: boolean): Slot {
  const text = (words[mark] as Token).text
  if (':-–—>]*|/•'.includes(text)) return { strength: 0.95 }
  if (text === '(') return { strength: 0.8, parenthesis: true }
  if ('"\'“‘«`'.includes(text)) return { strength: mark === 0 ? 1 : 0.6 }
  if (text !== ',') return { strength: opener ? 0.8 : 0.7 }
  if (asked.some((verb) => verb.strength >= 0.5)) return { strength: 0.9 }
  if (subordinators.has(folded(words, 0)) || openers.has(folded(words, 0)) || mark <= 2) return { strength: 0.9 }
  return { strength: opener ? 0.7 : 0.35 }
}

function slotAfterTo(words: readonly Token[], to: number): Slot {
  for (let back = to - 1; back >= Math.max(0, to - 4); back--) {
    const word = folded(words, back)
    if (reporting.has(word) && !isTold(words, back)) return { strength: 0.7, reported: true }
    if (obliging.has(word)) return { strength: 0.85 }
    if ((words[back] as Token).kind === 'mark') break
  }
  return { strength: 0.15 }
}

/** "you are asked to", "I want you to": the one who shall act is spoken to. */
function isTold(words: readonly Token[], at: number): boolean {
  return [at - 1, at - 2, at - 3, at + 1].some(
    (place) => secondPerson.has(folded(words, place)) || assistantWords.has(folded(words, place)),
  )
}

function slotOfPassive(words: readonly Token[], be: number): Slot {
  const before = folded(words, be - 1)
  const modal = modals[before]
  if (modal !== undefined) return { strength: Math.min(0.8, modal), passive: true }
  if (before === 'to' && obliging.has(folded(words, be - 2))) return { strength: 0.75, passive: true }
  return { strength: 0.1, passive: true }
}

function slotAfterModal(words: readonly Token[], modal: number, strength: number): Slot {
  for (let back = modal - 1; back >= Math.max(0, modal - 3); back--) {
    const word = folded(words, back)
    if (secondPerson.has(word) || assistantWords.has(word)) return { strength }
    if (anyoneWords.has(word)) return { strength: strength * 0.8 }
  }
  return { strength: strength * 0.8 }
}
