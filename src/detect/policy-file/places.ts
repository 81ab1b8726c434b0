/** Places on a network as the policy file writes them: a domain with all below it, a host, an address or a range. */
import { BlockList, isIP } from 'node:net'

/** `crm.corp.example`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`, `intranet`. Returns what is wrong with it, or nothing. */
export function placeFault(place: string): string | undefined {
  const [address = '', prefix, ...more] = place.split('/')
  const version = isIP(address)
  if (version !== 0) {
    const most = version === 4 ? 32 : 128
    const bits = Number(prefix)
    const isRange = prefix === undefined || (/^\d{1,3}$/.test(prefix) && bits <= most)
    return isRange && more.length === 0 ? undefined : `expected a range such as 10.0.0.0/8, up to /${most}`
  }
  if (/^[\p{L}\p{N}_-]{1,63}(\.[\p{L}\p{N}_-]{1,63})*$/u.test(place)) return undefined
  return 'expected a domain, a host, an address or a range, without scheme, port, path or *'
}

/** A test for being in one of the places. A name of one label (`intranet`) is that host alone: `com` is nobody's. */
export function placesOf(places: readonly string[]): (host: string) => boolean {
  const ranges = new BlockList()
  const domains = new Set<string>()
  for (const place of places) {
    const [address = '', prefix] = place.split('/')
    const version = isIP(address)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (version === 0) domains.add(place.toLowerCase())
    else if (prefix === undefined) ranges.addAddress(address, family)
    else ranges.addSubnet(address, Number(prefix), family)
  }
  return (host) => {
    const name = hostOf(host)
    const version = isIP(name)
    if (version !== 0) return ranges.check(name, version === 4 ? 'ipv4' : 'ipv6')
    if (domains.has(name)) return true
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const parent = name.slice(dot + 1)
      if (parent.includes('.') && domains.has(parent)) return true
    }
    return false
  }
}

/** Host of `host`, `host:port`, `[::1]:port`, `https://host/path` or `someone@host`, lower-case, without the root's dot. */
export function hostOf(place: string): string {
  const bare = place
    .slice(0, 512)
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/[/?#].*$/s, '')
    .replace(/^.*@/s, '')
  const inBrackets = /^\[([^\]]*)\]/.exec(bare)?.[1]
  const host = inBrackets ?? (isIP(bare) === 6 ? bare : bare.replace(/:\d*$/, ''))
  return host.replace(/\.$/, '')
}
