/** What is kept of a person's message: the values they named and what they asked for. */
import type { CapturedMessage } from '../event.js'
import { delegates } from './delegation.js'
import { addLeaf, FingerprintSet } from './fingerprints.js'
import { visible } from './fold.js'
import type { Keyed } from './keyed.js'
import { meaningOf, nounsOf, verbOf } from './lexicon/index.js'
import { isStopWord, languageOf } from './lexicon/stop.js'
import { limits } from './limits.js'
import { tokenize } from './tokens.js'

export function captureMessage(given: string, keyed: Keyed): CapturedMessage {
  // Typed as text; a host written in plain JavaScript may hand over anything.
  const text = typeof given === 'string' ? given : ''
  const kept = visible(text.slice(0, limits.text))
  const words = tokenize(kept, limits.leaves)
    .filter((token) => token.kind === 'word')
    .map((token) => token.folded)
  const foreign = languageOf(words) === 'other'
  const verbs = new Set<string>()
  const stems = new Set<string>()
  const nouns = new Set<string>()
  for (const word of words) for (const group of nounsOf(word)) nouns.add(group)
  for (const word of words) {
    const verb = isStopWord(word) ? undefined : verbOf(word)
    if (verb === undefined || (verb.form === 'foreign' && !foreign)) continue
    stems.add(verb.stem)
    for (const group of meaningOf(verb, nouns)) verbs.add(group)
  }
  const set = new FingerprintSet(keyed)
  addLeaf(set, { key: '', text: kept, scalar: false }, 0, 'message')
  const { fingerprints, truncated } = set.take(limits.fingerprints)
  return {
    argBytes: Buffer.byteLength(text),
    argDigest: keyed.digest(text),
    argFingerprints: fingerprints,
    argCapture: truncated || text.length > limits.text ? 'truncated' : 'captured',
    verbs: [...verbs],
    nouns: [...nouns],
    verbHashes: [...stems].slice(0, 64).map((stem) => keyed.verb(stem)),
    delegates: delegates(words),
  }
}
