/** Four words in a row. An argument that holds those of an order quotes it: it tells about the order, it does not obey it. */
import { verbOf } from './lexicon/index.js'
import type { Token } from './tokens.js'

const length = 4

/** The shingles that start at these tokens. Values and little words count as words, marks do not. */
export function shinglesFrom(tokens: readonly Token[], starts: readonly number[]): string[] {
  const shingles: string[] = []
  for (const start of starts) {
    const words: string[] = []
    for (let at = start; at < tokens.length && words.length < length; at++) {
      const token = tokens[at] as Token
      if (token.kind !== 'mark') words.push(token.folded)
    }
    if (words.length === length) shingles.push(words.join(' '))
  }
  return shingles
}

/** Where an order could start in quoted text: at every word that may be a verb, and at the first word. */
export function possibleStarts(tokens: readonly Token[]): number[] {
  return tokens.flatMap((token, at) =>
    token.kind === 'word' && (at === 0 || verbOf(token.folded) !== undefined) ? [at] : [],
  )
}
