/**
 * The token of a request, as far as a record may know it: by its keyed hash. The token itself is held while its request
 * runs, to keep it out of what the other side made of it: a hostile server can echo it in a scope or in a URL.
 */
import type { Capturer } from '../capture/index.js'
import { redact } from '../capture/index.js'

export interface Credential {
  /** Keyed hash; '' where no token was presented. */
  readonly fingerprint: string
  /** The text without the token, and without anything else that looks like a secret. */
  clean(text: string): string
  /** Those that give nothing away. */
  cleanScopes(scopes: readonly string[]): readonly string[]
}

const form = /^(?:bearer|dpop) +([^\s,]{1,16384})\s*$/i

export const tokenIn = (authorization: string | null | undefined): string => form.exec(authorization ?? '')?.[1] ?? ''

export function credentialOf(token: string, capturer: Capturer): Credential {
  const clean = (text: string): string => redact(without(text, token))
  return {
    fingerprint: token === '' ? '' : capturer.secret(token),
    clean,
    cleanScopes: (scopes) => scopes.filter((scope) => clean(scope) === scope),
  }
}

/** Whatever its case, since host names lose it. */
function without(text: string, token: string): string {
  if (token === '') return text
  const wanted = token.toLowerCase()
  let rest = text
  for (let at = rest.toLowerCase().indexOf(wanted); at >= 0; at = rest.toLowerCase().indexOf(wanted))
    rest = `${rest.slice(0, at)}[]${rest.slice(at + token.length)}`
  return rest
}
