/** Leaves → fingerprints. Strong kinds come first where there are too many. */
import type { AtomKind, Fingerprint } from '../event.js'
import { fold, visible } from './fold.js'
import type { Keyed } from './keyed.js'
import type { Leaf } from './leaves.js'
import { isStopWord } from './lexicon/stop.js'
import { limits } from './limits.js'
import type { Atom } from './normalise.js'
import { atomsOfToken, normalPhrase, normalWord, strongKinds } from './normalise.js'
import { possibleStarts, shinglesFrom } from './shingles.js'
import { tokenize } from './tokens.js'

/** A value of up to so many content words is a phrase (a title, a name); a longer one is a text. */
const phraseWords = 8

export class FingerprintSet {
  readonly #byId = new Map<string, Fingerprint>()
  readonly #keyed: Keyed
  /** Hosts of links and domains of addresses, clear, because a policy names them. */
  readonly destinations = new Set<string>()
  /** What stands in encoded form is compared, and is no place that anybody named. */
  naming = true
  constructor(keyed: Keyed) {
    this.#keyed = keyed
  }

  add(kind: AtomKind, value: string, leaf: number): void {
    if (value === '') return
    if (this.naming && this.destinations.size < limits.destinations) {
      if (kind === 'host') this.destinations.add(value)
      else if (kind === 'email') this.destinations.add(value.slice(value.lastIndexOf('@') + 1))
    }
    const id = `${kind} ${leaf} ${value}`
    if (!this.#byId.has(id)) this.#byId.set(id, { kind, hash: this.#keyed.atom(kind, value), leaf })
  }

  get size(): number {
    return this.#byId.size
  }

  take(most: number): { fingerprints: Fingerprint[]; truncated: boolean } {
    const all = [...this.#byId.values()]
    if (all.length <= most) return { fingerprints: all, truncated: false }
    const strong = all.filter(({ kind }) => strongKinds.has(kind))
    const weak = all.filter(({ kind }) => !strongKinds.has(kind))
    return { fingerprints: [...strong, ...weak].slice(0, most), truncated: true }
  }
}

/** How much of a leaf is kept: of an argument its words and shingles, too; of a result its values only. */
export type Detail = 'argument' | 'result' | 'message'

/** Adds what one leaf states. */
export function addLeaf(set: FingerprintSet, leaf: Leaf, at: number, detail: Detail): void {
  const text = visible(leaf.text)
  if (leaf.scalar) {
    if (/\d/.test(text)) for (const token of tokenize(text, 2)) addAtoms(set, atomsOfToken(token), at)
    return
  }
  let from = 0
  const words: string[] = []
  const shingles = detail === 'argument'
  // Of a result the words matter as one phrase only.
  const mostWords = detail === 'result' ? phraseWords : limits.leafWords * 8
  // Piece by piece, so that one huge text costs no huge token list.
  while (from < text.length && set.size < limits.fingerprints * 8) {
    const piece = text.slice(from, from + limits.sentence * 4)
    from += piece.length
    const tokens = tokenize(piece, piece.length)
    for (const token of tokens) {
      if (token.kind === 'word') {
        if (words.length <= mostWords && !isStopWord(token.folded)) words.push(normalWord(token.folded))
      } else addAtoms(set, atomsOfToken(token), at)
    }
    if (shingles)
      for (const shingle of shinglesFrom(tokens, possibleStarts(tokens)).slice(0, limits.shingles))
        set.add('shingle', shingle, at)
  }
  if (detail !== 'result')
    for (const word of words.slice(0, detail === 'message' ? limits.leafWords * 8 : limits.leafWords))
      set.add('name', word, at)
  addWhole(set, text, words, at)
}

function addAtoms(set: FingerprintSet, atoms: readonly Atom[], leaf: number): void {
  for (const { kind, value } of atoms) set.add(kind, value, leaf)
}

/** The leaf as one value. */
function addWhole(set: FingerprintSet, text: string, words: readonly string[], at: number): void {
  if (words.length === 1) set.add('name', words[0] as string, at)
  else if (words.length > 1 && words.length <= phraseWords) set.add('phrase', normalPhrase(words), at)
  else if (words.length > phraseWords)
    set.add('text', fold(text).replace(/\s+/g, ' ').trim().slice(0, limits.sentence), at)
}
