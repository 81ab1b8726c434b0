/**
 * `WWW-Authenticate` as RFC 9110 §11.6.1 has it: several challenges in one field, parameters as tokens or quoted strings, in
 * any order and any case of their names; and what of it tells a client how to be let in (RFC 6750 §3, RFC 9728 §5.1).
 * The other side wrote it, so it is read in one pass, and no further than its bounds.
 */

export interface Challenge {
  /** Lower case: `bearer`, `dpop`, `basic`. */
  readonly scheme: string
  /** By lower-case name; the first one counts. */
  readonly parameters: ReadonlyMap<string, string>
}

/** What a Bearer or DPoP challenge asks for. Text that is absent is ''. */
export interface TokenChallenge {
  readonly scheme: string
  readonly scopes: readonly string[]
  readonly error: string
  readonly errorDescription: string
  readonly resourceMetadata: string
}

const headerLength = 8192
const challengesMost = 16

const separators = /[\s,]*/y
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const equals = /[ \t]*=[ \t]*/y
const quoted = /"((?:[^"\\]|\\.)*)"?/y
/** Credentials of schemes without parameters (`Negotiate oYG…`). */
const token68 = /[ \t]+[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)/y

/** The challenges of a field, or of several that were joined by commas. What is malformed is skipped. */
export function parseChallenges(header: string): readonly Challenge[] {
  const text = header.slice(0, headerLength)
  const found: { scheme: string; parameters: Map<string, string> }[] = []
  let at = 0
  const take = (form: RegExp): RegExpExecArray | null => {
    form.lastIndex = at
    const match = form.exec(text)
    if (match !== null) at = form.lastIndex
    return match
  }
  while (at < text.length) {
    take(separators)
    const name = take(token)?.[0].toLowerCase()
    if (name === undefined) {
      at++
      continue
    }
    const parameters = found.at(-1)?.parameters
    if (take(equals) !== null) {
      const value = take(quoted)?.[1]?.replace(/\\(.)/g, '$1') ?? take(token)?.[0] ?? ''
      if (parameters !== undefined && !parameters.has(name)) parameters.set(name, value)
      continue
    }
    if (found.length >= challengesMost) break
    found.push({ scheme: name, parameters: new Map() })
    take(token68)
  }
  return found
}

/** The first challenge for a token; `undefined` where there is none. */
export function tokenChallenge(header: string | null | undefined): TokenChallenge | undefined {
  if (!header) return undefined
  const challenge = parseChallenges(header).find(({ scheme }) => scheme === 'bearer' || scheme === 'dpop')
  if (challenge === undefined) return undefined
  const said = (name: string): string => challenge.parameters.get(name) ?? ''
  return {
    scheme: challenge.scheme,
    scopes: scopesOf(said('scope')),
    error: said('error'),
    errorDescription: said('error_description'),
    resourceMetadata: said('resource_metadata'),
  }
}

const scopesMost = 128
/** RFC 6749 §3.3, and no longer than anyone writes one. */
const scopeForm = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/

/** A `scope` value as a list, without repetitions and without what is no scope. */
export function scopesOf(value: unknown): readonly string[] {
  if (typeof value !== 'string') return []
  const scopes = value.split(/\s+/).filter((scope) => scopeForm.test(scope))
  return [...new Set(scopes)].slice(0, scopesMost)
}
