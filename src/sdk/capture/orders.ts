/** Sentences of a result that ask for something → what they ask, without a word of them. */
import type { Fingerprint, Order } from '../event.js'
import { fold } from './fold.js'
import type { Keyed } from './keyed.js'
import { assistantWords, secondPerson, taskWords, userWords } from './lexicon/grammar.js'
import { deedsOf, meaningOf, nounsOf } from './lexicon/index.js'
import { limits } from './limits.js'
import type { Mood } from './mood.js'
import { moodOf } from './mood.js'
import { groupsOfTool, isIdentifierName } from './names.js'
import { type Atom, atomsOfToken, statesStrong, strongKinds } from './normalise.js'
import { sentencesOf } from './sentences.js'
import { shinglesFrom } from './shingles.js'
import type { Token } from './tokens.js'
import { tokenize } from './tokens.js'
import type { Unit } from './units.js'

/** A sentence as read: tokens, mood and where it stood. */
interface Read {
  readonly position: number
  readonly leaf: number
  readonly unit: Unit
  readonly tokens: readonly Token[]
  readonly mood: Mood
  readonly strong: boolean
  readonly hidden: boolean
}

export interface OrderSource {
  readonly leaf: number
  readonly unit: Unit
  /** Decoded from tags, base64 or a comment: no reader sees it. */
  readonly hidden: boolean
}

/** A sentence of this mood is an order candidate by itself; below, only with a strong value in prose of this many words. */
const asking = 0.45
const proseWords = 5
/** Tokens after a verb in which its object is looked for: "make the usual reservation". */
const objectReach = 4

export function ordersOf(sources: readonly OrderSource[], keyed: Keyed): { orders: Order[]; truncated: boolean } {
  const { reads, truncated } = readAll(sources)
  const chosen = reads
    .filter(
      ({ mood, strong, tokens }) =>
        mood.strength >= asking || (strong && tokens.length >= proseWords && tokens.length > 1),
    )
    .map((read) => ({ read, rank: read.mood.strength + (read.strong ? 0.3 : 0) }))
    .sort((a, b) => b.rank - a.rank || a.read.position - b.read.position)
  const kept = chosen.slice(0, limits.orders).sort((a, b) => a.read.position - b.read.position)
  const orders = kept.map(({ read }) => orderOf(read, reads, keyed))
  return { orders: distinct(orders), truncated: truncated || chosen.length > limits.orders }
}

function readAll(sources: readonly OrderSource[]): { reads: Read[]; truncated: boolean } {
  const reads: Read[] = []
  for (const { leaf, unit, hidden } of sources) {
    for (const sentence of sentencesOf(unit.text)) {
      if (reads.length >= limits.sentences) return { reads, truncated: true }
      const tokens = tokenize(sentence, limits.words)
      const words = tokens.filter((token) => token.kind === 'word').length
      // "status: closed" is a state; "gate 6 until 18:45" behind its verb is an order.
      const bare = tokens.every(({ kind }) => kind === 'word' || kind === 'mark')
      const mood = moodOf(tokens, unit.layout === 'field' && words <= 3 && bare)
      const strong = tokens.some(statesStrong)
      reads.push({ position: reads.length, leaf, unit, tokens, mood, strong, hidden })
    }
  }
  return { reads, truncated: false }
}

function orderOf(read: Read, reads: readonly Read[], keyed: Keyed): Order {
  const { tokens, mood } = read
  const asked = mood.asked.filter((verb) => verb.strength >= Math.max(0.3, mood.strength - 0.35))
  const speaking = asked.length > 0 ? asked : mood.asked
  const nouns = new Set(tokens.filter((token) => token.kind === 'word').flatMap((token) => nounsOf(token.folded)))
  for (const { kind } of tokens) if (kind === 'url') nouns.add('page')
  const verbs = new Set<string>()
  const stems = new Set<string>()
  for (const { verb, at } of speaking) {
    if (verb === undefined) continue
    stems.add(verb.stem)
    for (const group of meaningOf(verb, nouns)) verbs.add(group)
    const object = tokens.slice(at + 1, at + 1 + objectReach).map((token) => token.folded)
    for (const group of deedsOf(verb, object)) verbs.add(group)
  }
  // "Call the function delete_file with …": the tool by its name.
  for (const token of tokens) {
    if (token.kind !== 'word' || !isIdentifierName(token.text)) continue
    const named = groupsOfTool(token.text, [])
    for (const group of named.verbs) verbs.add(group)
    for (const noun of named.nouns) nouns.add(noun)
    for (const stem of named.stems) stems.add(stem)
  }
  return {
    position: read.position,
    mood: Math.round(mood.strength * 20) / 20,
    flags: flagsOf(
      read,
      reads,
      speaking.some(({ verb }) => verb === undefined),
    ),
    verbs: [...verbs],
    nouns: [...nouns],
    verbHashes: [...stems].slice(0, 16).map((stem) => keyed.verb(stem)),
    atoms: fingerprintsOf([read], limits.orderAtoms, keyed),
    following: fingerprintsOf(followers(read, reads), limits.orderFollowing, keyed),
    shingles: shinglesFrom(
      tokens,
      speaking.map((verb) => verb.at),
    )
      .slice(0, limits.orderShingles)
      .map((shingle) => keyed.atom('shingle', shingle)),
  }
}

/** What comes after an order without asking anything itself: the next sentence, or the fields and list items below it. */
function followers(read: Read, reads: readonly Read[]): Read[] {
  const after: Read[] = []
  for (const next of reads.slice(read.position + 1, read.position + 5)) {
    if (next.leaf !== read.leaf || next.mood.strength >= 0.5) break
    const listed = next.unit !== read.unit && next.unit.layout !== 'paragraph'
    if (after.length > 0 && !listed) break
    after.push(next)
  }
  return after
}

/** The first values of these sentences, each once. Strong ones first: a long sentence must not push the account number out. */
function fingerprintsOf(reads: readonly Read[], most: number, keyed: Keyed): Fingerprint[] {
  const seen = new Map<string, Fingerprint>()
  const add = ({ kind, value }: Atom, leaf: number): void => {
    const id = `${kind} ${value}`
    if (seen.size < most && !seen.has(id)) seen.set(id, { kind, hash: keyed.atom(kind, value), leaf })
  }
  for (const { tokens, leaf } of reads) {
    const atoms = tokens.flatMap(atomsOfToken)
    for (const atom of atoms) if (strongKinds.has(atom.kind)) add(atom, leaf)
    for (const atom of atoms) if (!strongKinds.has(atom.kind)) add(atom, leaf)
  }
  return [...seen.values()]
}

function flagsOf(read: Read, reads: readonly Read[], unknownVerb: boolean): string[] {
  const flags: string[] = [read.unit.layout]
  const near = reads
    .slice(Math.max(0, read.position - 2), read.position + 3)
    .filter((other) => other.leaf === read.leaf)
  const nearHas = (set: ReadonlySet<string>): boolean => near.some((other) => other !== read && says(other, set))
  if (says(read, secondPerson)) flags.push('second-person')
  if (says(read, assistantWords)) flags.push('assistant')
  if (says(read, userWords)) flags.push('user')
  if (says(read, taskWords)) flags.push('task')
  if (nearHas(assistantWords)) flags.push('near-assistant')
  if (nearHas(taskWords)) flags.push('near-task')
  if (read.mood.parenthesis) flags.push('parenthesis')
  if (offers.has(read.tokens.find((token) => token.kind === 'word')?.folded ?? '')) flags.push('conditional')
  if (read.mood.reported) flags.push('reported')
  if (read.mood.negated) flags.push('negated')
  if (unknownVerb) flags.push('unknown-verb')
  if (read.hidden || read.unit.layout === 'comment') flags.push('hidden')
  if (read.tokens.filter((token) => token.kind === 'word').length >= proseWords) flags.push('prose')
  return flags
}

/** "For details, see …", "if you want more, visit …": a sentence that starts so offers more than it orders. */
const offers: ReadonlySet<string> = new Set([
  'to',
  'for',
  'if',
  'when',
  'fur',
  'um',
  'wenn',
  'falls',
  'pour',
  'si',
  'para',
  'see',
])

function says({ tokens, unit }: Read, set: ReadonlySet<string>): boolean {
  return (
    tokens.some((token) => set.has(token.folded)) ||
    (unit.label !== '' &&
      fold(unit.label)
        .split(' ')
        .some((word) => set.has(word)))
  )
}

/** The same sentence twice (a result that repeats its text as structured content) is one order. */
function distinct(orders: readonly Order[]): Order[] {
  const seen = new Set<string>()
  return orders.filter((order) => {
    const id = JSON.stringify([order.verbs, order.nouns, order.atoms.map((atom) => atom.hash)])
    if (seen.has(id)) return false
    seen.add(id)
    return true
  })
}
