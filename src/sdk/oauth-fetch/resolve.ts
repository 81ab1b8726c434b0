/** Names to addresses, as the guard asks for them: once for a hop, and never again for the connection. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { bareHost } from './guard.js'

/** All addresses of a name, in the order in which they should be tried. Rejects, or returns none, where there is none. */
export type Resolve = (hostname: string) => Promise<readonly string[]>

export const systemResolve: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true, verbatim: true })).map(({ address }) => address)

/** Addresses that are looked at; a name with more has no honest use for them here. */
const addressesMost = 32

/** [] where there is none. */
export async function addressesOf(url: URL, resolve: Resolve): Promise<readonly string[]> {
  const host = bareHost(url)
  if (isIP(host)) return [host]
  try {
    return (await resolve(host)).slice(0, addressesMost)
  } catch {
    return []
  }
}
