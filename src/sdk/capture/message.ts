/** What is kept of a person's message: the values they named and what they asked for. */
import type { CapturedMessage } from '../event.js'
import { delegates } from './delegation.js'
import { addLeaf, FingerprintSet } from './fingerprints.js'
import { visible } from './fold.js'
import type { Keyed } from './keyed.js'
import { meaningOf, nounsOf, type Verb, verbOf } from './lexicon/index.js'
import { isStopWord, languageOf } from './lexicon/stop.js'
import { limits } from './limits.js'
import { moodOf } from './mood.js'
import { sentencesOf } from './sentences.js'
import { tokenize } from './tokens.js'
import { unitsOf } from './units.js'

export function captureMessage(given: string, keyed: Keyed): CapturedMessage {
  // Typed as text; a host written in plain JavaScript may hand over anything.
  const text = typeof given === 'string' ? given : ''
  const kept = visible(text.slice(0, limits.text))
  const tokens = tokenize(kept, limits.leaves)
  const words = tokens.filter((token) => token.kind === 'word').map((token) => token.folded)
  const nouns = new Set(words.flatMap((word) => nounsOf(word)))
  if (tokens.some(({ kind }) => kind === 'url')) nouns.add('page')
  if (tokens.some(({ kind }) => kind === 'path')) nouns.add('file')
  const asked = verbsOf(kept, words)
  const set = new FingerprintSet(keyed)
  addLeaf(set, { key: '', text: kept, scalar: false }, 0, 'message')
  const { fingerprints, truncated } = set.take(limits.fingerprints)
  return {
    argBytes: Buffer.byteLength(text),
    argDigest: keyed.digest(text),
    argFingerprints: fingerprints,
    argCapture: truncated || text.length > limits.text ? 'truncated' : 'captured',
    argText: '',
    verbs: [...new Set(asked.flatMap((verb) => meaningOf(verb, nouns)))],
    nouns: [...nouns],
    verbHashes: [...new Set(asked.map((verb) => verb.stem))].slice(0, 64).map((stem) => keyed.verb(stem)),
    delegates: delegates(words),
  }
}

const telling: ReadonlySet<string> = new Set([
  'say',
  'tell',
  'write',
  'mention',
  'report',
  'state',
  'announce',
  'dit',
  'dic',
])

/** What the person asks for: the verbs in an asking place; where there is none, every word that can be nothing but a verb. */
function verbsOf(text: string, words: readonly string[]): Verb[] {
  const asked = unitsOf(text)
    .flatMap((unit) => sentencesOf(unit.text))
    .slice(0, limits.orders * 4)
    .flatMap((sentence) => moodOf(tokenize(sentence, limits.words), false).asked)
    .flatMap(({ verb, strength }) => (verb !== undefined && strength >= 0.5 ? [verb] : []))
  if (asked.length > 0) return asked
  const foreign = languageOf(words) === 'other'
  return words.flatMap((word) => {
    const skipped = isStopWord(word) || nounsOf(word).length > 0
    const verb = skipped ? undefined : verbOf(word)
    // "What does it say?" asks to read, not to speak.
    if (verb !== undefined && telling.has(verb.stem)) return []
    return verb === undefined || (verb.form === 'foreign' && !foreign) ? [] : [verb]
  })
}
