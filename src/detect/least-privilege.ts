/** Which scopes somebody held and, as far as anybody can see, never needed: for a detector's report and for the inventory. */
import type { Policy } from './contract.js'

/** Time and calls before anything is said: who did little needed little of what it has. */
export const leastHistory = { days: 30, calls: 20 } as const

/** What a subject did at a server. */
export interface Deeds {
  /** Scopes that a server challenged for: these were needed. */
  readonly challenged: readonly string[]
  /** Of calls that came out well. */
  readonly tools: readonly string[]
  readonly verbs: readonly string[]
}

/**
 * Needed is a scope that a server challenged for, or whose words (`mail` of `mail.send`) are those of a tool that was called. To
 * write is needed only where something was changed; to read goes with everything.
 */
export function unneeded(
  scopes: readonly string[],
  { challenged, tools, verbs }: Deeds,
  policy: Pick<Policy, 'scopeRank'>,
): string[] {
  const words = new Set(tools.flatMap(wordsOf))
  const changed = verbs.some((verb) => verb !== 'read' && verb !== 'collect')
  return scopes.filter((scope) => {
    if (challenged.includes(scope)) return false
    const objects = wordsOf(scope).filter((word) => !plain.has(word))
    const touched = objects.length === 0 || objects.some((word) => words.has(word))
    return !touched || (policy.scopeRank(scope) >= 2 && !changed)
  })
}

/** Words that say what may be done, not with what. */
const plain: ReadonlySet<string> = new Set(
  'read write readonly readwrite view list get edit modify create update delete send manage admin all full access api v1 v2 auth scope user offline openid profile email https www com googleapis'.split(
    ' ',
  ),
)

const wordsOf = (name: string): string[] =>
  name
    .slice(0, 256)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word.length > 1)
    .map((word) => word.replace(/s$/, ''))
