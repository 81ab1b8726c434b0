/** Spelling that carries no meaning: compatibility forms, invisible characters, accents, case, white space. */
import { limits } from './limits.js'

/** Tag characters (U+E0020 … U+E007E) spell ASCII that people do not see and models do. */
export const hiddenTags = /[\u{E0020}-\u{E007E}]{4,}/gu

/** Format characters (zero-width space and joiners, bidi controls, soft hyphen, tags) and lone surrogates. */
const invisible = /\p{Cf}|\p{Cs}|[\u{FE00}-\u{FE0F}]/gu

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal escapes are what it removes
const terminalEscapes = /\u001b(?:\[[0-9;?]{0,32}[a-zA-Z]|\][^\u0007\u001b]{0,512}(?:\u0007|\u001b\\))/g

/** The text as a reader sees it: compatibility forms unified, invisible characters and terminal escapes gone. Case stays. One compatibility form may stand for eighteen characters, hence the cut. */
export function visible(text: string): string {
  const plain = isAscii(text) ? text : text.normalize('NFKC').slice(0, limits.text).replace(invisible, '')
  return plain.includes('\u001b') ? plain.replace(terminalEscapes, '') : plain
}

/** Lower case without accents: what words are compared by. */
export function fold(text: string): string {
  const lower = text.toLowerCase()
  return isAscii(lower)
    ? lower
    : lower.normalize('NFKD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').replaceAll('’', "'")
}

/** What the tag characters spell. */
export function spellTags(tags: string): string {
  return Array.from(tags, (tag) => String.fromCodePoint((tag.codePointAt(0) ?? 0xe0020) - 0xe0000)).join('')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is a range of control and other characters
const ascii = /^[\u0000-\u007f]*$/
const isAscii = (text: string): boolean => ascii.test(text)
