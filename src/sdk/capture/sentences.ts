/** A unit's text → sentences. */
import { limits } from './limits.js'

/**
 * A sentence ends at `.`, `!`, `?` or their full-width forms before white space, at the end, or before a capital letter that follows a
 * lower-case word without space ("accordingly.Send"). Not inside a link, an address, a number or after a common abbreviation.
 */
const end = /[.!?。！？;…]+["'”’)\]]*(?=\s|$|\p{Lu}[\p{L}]*(?:[\s:]|$))|[。！？]/gu
/** After "12." a capital starts a sentence, unless it is a month: "ages 9 to 12. Send …", "am 3. März". */
const ordinal = /(?:^|[\s(])\d{1,2}$/
const startsSentence =
  /^\s+(?!(?:jan|f[eé][bv]|m[aä]r|a[pvb]r|ma[iy]|ju[inl]|aug|ao[uû]|ago|sep|o[ck]t|nov|d[eéi][czs]|ene)\p{L}*)[\p{Lu}]\p{Ll}+\s/iu
const abbreviation =
  /(?:^|[\s(])(?:e\.g|i\.e|mr|mrs|ms|dr|prof|st|no|nr|vs|etc|approx|dept|fig|inc|ltd|co|jr|sr|z\.b|bzw|ca|tel|str|abs|sra?|ud|uds|av|m|mme|\p{L}|\d{1,2})$/iu

const capital = /^\s\p{Lu}/u

export function sentencesOf(text: string): string[] {
  const sentences: string[] = []
  let from = 0
  const cut = (to: number): void => {
    const sentence = text.slice(from, to).trim()
    from = to
    for (let at = 0; at < sentence.length && sentences.length < limits.sentences; at += limits.sentence)
      sentences.push(sentence.slice(at, at + limits.sentence))
  }
  end.lastIndex = 0
  for (let match = end.exec(text); match !== null; match = end.exec(text)) {
    const stop = match.index
    const after = stop + match[0].length
    const glued = after < text.length && !/\s/.test(text[after] as string)
    const before = text.slice(Math.max(from, stop - 12), stop)
    if (
      match[0].startsWith('.') &&
      match[0].length === 1 &&
      abbreviation.test(before) &&
      !(
        ordinal.test(before) &&
        capital.test(text.slice(after, after + 2)) &&
        startsSentence.test(text.slice(after, after + 40))
      ) &&
      (glued || after < text.length)
    )
      continue
    // A capital after a dot inside a link or a file name is no new sentence; after a lower-case word it is.
    if (glued && match[0] === '.' && !/[\p{Ll}\d)%"'\]]$/u.test(before)) continue
    cut(after)
  }
  cut(text.length)
  return sentences
}
