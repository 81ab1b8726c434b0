/**
 * What of an HTTP request may be a credential: a pure reading of headers and query. The values stay in clear for as long as
 * they are compared, and are returned to nobody but the comparison.
 */

export interface RequestParts {
  /** Lower or upper case. */
  readonly headers: Iterable<readonly [name: string, value: string]>
  /** Path and query, or an absolute URL where the request goes to a proxy. */
  readonly path: string
}

export interface Candidate {
  readonly value: string
  /** By its name it is there to prove who asks; without that it only counts when it is the inbound credential. */
  readonly named: boolean
}

/** Shorter values are languages, versions and flags: two requests that share one prove nothing. */
const shortest = 8
const longest = 16_384
const candidatesMost = 64
const credentialName =
  /^(?:(?:proxy-)?authorization|cookie)$|token|api[-_]?key|secret|credential|session|password|passwd|jwt|assertion|^sig(?:nature)?$|^key$/i
/** About the request and its body, never about who sends it. */
const plainNames = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'connection',
  'content-length',
  'content-type',
  'host',
  'mcp-session-id',
  'sec-fetch-mode',
  'transfer-encoding',
  'user-agent',
  'x-csrf-token',
  'x-xsrf-token',
])

/** The values to compare, without repetition. */
export function credentialsIn({ headers, path }: RequestParts): readonly Candidate[] {
  const found = new Map<string, boolean>()
  const add = (value: string, named: boolean): void => {
    if (value.length < shortest || value.length > longest || found.size >= candidatesMost) return
    found.set(value, named || found.get(value) === true)
  }
  for (const [name, value] of headers) {
    const lower = name.toLowerCase()
    if (plainNames.has(lower)) continue
    if (lower === 'cookie') for (const part of cookieValues(value)) add(part, true)
    else for (const part of headerValues(value)) add(part, credentialName.test(lower))
  }
  for (const [name, value] of queryOf(path)) add(value, credentialName.test(name))
  return [...found].map(([value, named]) => ({ value, named }))
}

/** `Bearer x` is x; `Basic x` is x and what it decodes to: a token as name or as password. */
function headerValues(header: string): readonly string[] {
  const value = header.trim()
  const [, scheme = '', given = value] = /^([A-Za-z][\w-]{0,31})[ ]+(\S+)$/.exec(value) ?? []
  if (scheme.toLowerCase() !== 'basic') return [given]
  const decoded = Buffer.from(given, 'base64').toString()
  const colon = decoded.indexOf(':')
  return colon < 0 ? [given] : [given, decoded.slice(0, colon), decoded.slice(colon + 1)]
}

function cookieValues(header: string): readonly string[] {
  return header
    .slice(0, longest)
    .split(';')
    .map((pair) => decoded(pair.slice(pair.indexOf('=') + 1).trim()))
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

function queryOf(path: string): Iterable<readonly [string, string]> {
  const at = path.indexOf('?')
  return at < 0 ? [] : new URLSearchParams(path.slice(at + 1, at + 1 + longest))
}
