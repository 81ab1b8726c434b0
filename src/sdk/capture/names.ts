/** Names of tools and parameters, which programmers wrote: `updateScheduledTransaction`, `send-email`, `file_id`. */
import { fold } from './fold.js'
import { deedsOf, meaningOf, nounsOf, verbOf } from './lexicon/index.js'

/** Words of an identifier, folded. */
export function wordsOfName(name: string): string[] {
  return fold(
    String(name)
      .slice(0, 256)
      .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
      .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2'),
  )
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
}

/** `delete_file`: an identifier that programmers wrote, standing in a text. */
export const isIdentifierName = (text: string): boolean =>
  text.includes('_') && text.length <= 64 && /^\p{L}+(?:_\p{L}+)+$/u.test(text)

export interface NameGroups {
  readonly verbs: readonly string[]
  readonly nouns: readonly string[]
  readonly stems: readonly string[]
}

/**
 * What a tool does and with what. Its first verb speaks for it ("send_direct_message" sends, it does not message; a trailing
 * "list" or "post" is a noun), unless no word before is a verb.
 */
export function groupsOfTool(tool: string, parameters: readonly string[]): NameGroups {
  const words = wordsOfName(tool)
  const verbs = new Set<string>()
  const stems = new Set<string>()
  const nouns = new Set<string>()
  const at = words.findIndex((word) => verbOf(word)?.form === 'base')
  const verb = at < 0 ? undefined : verbOf(words[at] as string)
  words.forEach((word, index) => {
    if (index !== at || words.length === 1) for (const group of nounsOf(word)) nouns.add(group)
  })
  for (const name of parameters)
    for (const word of wordsOfName(name)) for (const group of nounsOf(word)) nouns.add(group)
  if (verb !== undefined) {
    stems.add(verb.stem)
    for (const group of meaningOf(verb, nouns)) verbs.add(group)
    for (const group of deedsOf(verb, words.slice(at + 1))) verbs.add(group)
  }
  return { verbs: [...verbs], nouns: [...nouns], stems: [...stems] }
}
