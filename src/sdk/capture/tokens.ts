/**
 * Text → tokens: words, and values that are more than a word (addresses, links, dates, numbers, paths, ids). One pass of one
 * expression whose alternatives cannot overlap in more than one way, so that its time is linear.
 */
import { fold } from './fold.js'

export type TokenKind = 'email' | 'url' | 'path' | 'date' | 'time' | 'id' | 'number' | 'word' | 'mark'

export interface Token {
  readonly kind: TokenKind
  /** As it stood, without what does not belong to it (a full stop after a link). */
  readonly text: string
  /** Folded: lower case, no accents. */
  readonly folded: string
  readonly start: number
  readonly end: number
}

const months =
  'jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|f[eé]v(?:rier)?|mar(?:ch|s|zo)?|maerz|m[aä]rz|apr(?:il)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|june?|juin|juni|junio|july?|juil(?:let)?|juli|julio|aug(?:ust)?|ao[uû]t|ago(?:sto)?|sep(?:t(?:ember|embre)?|tiembre)?|oct(?:ober|obre|ubre)?|okt(?:ober)?|nov(?:ember|embre|iembre)?|d[eé]c(?:ember|embre)?|dez(?:ember)?|dic(?:iembre)?|ene(?:ro)?|febrero'

const token = new RegExp(
  [
    String.raw`(?<email>[\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63}@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,6})`,
    String.raw`(?<url>[a-z][a-z0-9+.-]{1,14}:\/\/[^\s"'<>\x60|\\^{}\[\]()]{1,2000}|(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,6}\p{L}{2,18}(?![\p{L}\p{N}@_-])(?::\d{2,5})?(?:\/[^\s"'<>\x60|\\^{}\[\]()]{0,2000})?|\d{1,3}(?:\.\d{1,3}){3}(?::\d{2,5})?(?:\/[^\s"'<>]{0,2000})?(?![\d.]))`,
    String.raw`(?<path>(?<![\p{L}\p{N}])(?:~|\.{1,2}|[a-z]:)?[\\/](?:[\p{L}\p{N}_.@%+-]{1,255}[\\/]?){1,64})`,
    String.raw`(?<date>\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{1,2}(?:st|nd|rd|th|er|\.)?(?: of| de)? (?:${months})\b\.?(?:,? (?:de )?\d{4})?|(?:${months})\b\.? \d{1,2}(?:st|nd|rd|th)?(?:,? \d{4}(?!\d))?(?![\d:]))`,
    String.raw`(?<time>\d{1,2}:\d{2}(?::\d{2})?(?:[ \u00a0]?[ap]\.?m\b)?|\d{1,2}[ \u00a0]?[ap]\.?m\b)`,
    String.raw`(?<id>[a-z]{2}\d{2}(?: [a-z0-9]{4}){3,8}(?: [a-z0-9]{1,4})?\b|\d{4}(?:[ -]\d{4}){3}\b|\+\d{1,3}(?:[ ()-]{1,2}\d{1,12}){1,6})`,
    String.raw`(?<word>[\p{L}\p{N}_][\p{L}\p{M}\p{N}_]*(?:['’.,-][\p{L}\p{N}_]+)*)`,
    String.raw`(?<mark>[^\s\p{L}\p{N}_])`,
  ].join('|'),
  'giu',
)

const fileSuffix =
  /\.(?:txt|md|pdf|docx?|xlsx?|pptx?|csv|tsv|json|jsonl|ya?ml|xml|html?|js|ts|tsx|jsx|py|rb|go|rs|java|kt|c|h|cpp|sh|bat|ps1|exe|dll|zip|gz|tar|rar|png|jpe?g|gif|svg|bmp|webp|mp[34]|wav|mov|log|cfg|conf|ini|toml|env|db|sql|sqlite|bak|eml|ics|key|pem|crt|lock|rtf|odt|ods)$/i
const schemeForm = /^[a-z][a-z0-9+.-]{1,14}:\/\//i
const numberForm = /^\d+(?:[.,'’]\d+)*$/
const trailing = /[.,;:!?'")\]}>*_…]+$/

/**
 * A word of ASCII letters that stands alone, or before one mark, can be nothing else ("May 12" can): nine words in ten of prose. They
 * are taken without trying the long expression at each of them.
 */
const plainWord = /[A-Za-z]+(?=[,.;:!?)]?(?:[ \n](?![ ]?\d)|$))/y
const plainMark = /[,.;:!?)](?=[ \n]|$)/y

export function tokenize(text: string, most: number): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (tokens.length < most) {
    while (at < text.length && isBlank(text.charCodeAt(at))) at++
    const simple = simpleAt(text, at)
    if (simple !== undefined) {
      tokens.push(simple)
      at = simple.end
      continue
    }
    token.lastIndex = at
    const match = token.exec(text)
    if (match === null) break
    const made = tokenOf(match)
    // A value may have run past its end ("example.com.Send"): go on where it really ended.
    at = made.end < token.lastIndex ? Math.max(made.end, match.index + 1) : token.lastIndex
    tokens.push(made)
  }
  return tokens
}

const isBlank = (unit: number): boolean => unit === 0x20 || unit === 0x0a

function simpleAt(text: string, at: number): Token | undefined {
  plainWord.lastIndex = at
  if (plainWord.test(text)) {
    const end = plainWord.lastIndex
    const word = text.slice(at, end)
    return { kind: 'word', text: word, folded: word.toLowerCase(), start: at, end }
  }
  plainMark.lastIndex = at
  if (!plainMark.test(text)) return undefined
  const mark = text.charAt(at)
  return { kind: 'mark', text: mark, folded: mark, start: at, end: at + 1 }
}

function tokenOf(match: RegExpExecArray): Token {
  const groups = match.groups as Record<string, string | undefined>
  const start = match.index
  const make = (kind: TokenKind, raw: string): Token => ({
    kind,
    text: raw,
    folded: fold(raw),
    start,
    end: start + raw.length,
  })
  if (groups['email'] !== undefined) return make('email', nextSentenceCut(groups['email'].replace(trailing, '')))
  if (groups['url'] !== undefined) {
    const raw = groups['url'].replace(trailing, '')
    const cut = schemeForm.test(raw) ? raw : nextSentenceCut(raw)
    if (schemeForm.test(cut) || /^www\./i.test(cut) || cut.includes('/') || isDottedQuad(cut)) return make('url', cut)
    if (fileSuffix.test(cut)) return make('path', cut)
    // A dot inside what is no domain: "e.g", "v2.final" or two sentences without a space between them.
    if (!/^[\p{L}\p{N}.:-]+\.[a-z]{2,18}(?::\d+)?$/iu.test(cut)) return make('word', cut.split('.')[0] || cut)
    return looksLikeDomain(cut) ? make('url', cut) : make('word', cut.split('.')[0] || cut)
  }
  if (groups['path'] !== undefined) {
    const raw = groups['path'].replace(trailing, '')
    return raw.length > 1 ? make('path', raw) : make('mark', groups['path'].slice(0, 1))
  }
  if (groups['date'] !== undefined) return make('date', groups['date'])
  if (groups['time'] !== undefined) return make('time', groups['time'])
  if (groups['id'] !== undefined) return make('id', groups['id'].trim())
  if (groups['word'] !== undefined) return wordToken(groups['word'], make)
  return make('mark', match[0])
}

const isDottedQuad = (text: string): boolean => /^\d{1,3}(?:\.\d{1,3}){3}/.test(text)

/** "example.com.Send it": a capital after a full stop that ends an all-lower-case label starts a new sentence. */
function nextSentenceCut(text: string): string {
  const cut = /^([^/]*?[a-z]{2,})\.(?=\p{Lu})/u.exec(text)
  return cut?.[1]?.includes('.') ? cut[1] : text
}

/** Two labels in lower case, or more; "accordingly.todo" is the price of not keeping a list of all domains. */
function looksLikeDomain(text: string): boolean {
  return text === text.toLowerCase() || text === text.toUpperCase()
}

function wordToken(raw: string, make: (kind: TokenKind, raw: string) => Token): Token {
  if (numberForm.test(raw)) return make(raw.replace(/\D/g, '').length >= 7 && !/[.,]/.test(raw) ? 'id' : 'number', raw)
  if (fileSuffix.test(raw)) return make('path', raw)
  // Dots and commas hold numbers and abbreviations together, not words: "accordingly.Then", "red,green".
  const dot = raw.search(/[.,]/)
  const text = dot > 0 && !/^\p{L}(?:\.\p{L})+$/u.test(raw) && !/^\d/.test(raw) ? raw.slice(0, dot) : raw
  return make(isIdentifier(text) ? 'id' : 'word', text)
}

/**
 * Letters with digits, long enough to be nobody's word: account numbers, flight and user ids, UUIDs, commit hashes. One digit
 * alone makes a product name ("python3"), not an id.
 */
export function isIdentifier(text: string): boolean {
  const core = text.replace(/[^\p{L}\p{N}]/gu, '')
  return core.length >= 6 && /\d\D*\d/.test(core) && (/\p{L}/u.test(core) || core.length >= 7)
}
