/**
 * What kind of network an IP address belongs to. Only `public` is a place of the internet; all others are somewhere that a
 * name of the internet has no business to point to. The ranges are those of IANA's special-purpose registries (RFC 6890).
 */
import { isIP } from 'node:net'

export type AddressClass =
  | 'public'
  | 'loopback'
  | 'private'
  /** Carrier-grade NAT, RFC 6598. */
  | 'shared'
  | 'link-local'
  /** Where clouds hand out credentials to whoever asks from inside. */
  | 'metadata'
  | 'multicast'
  | 'reserved'

interface Prefix {
  readonly start: Uint8Array
  readonly bits: number
}
type Range = Prefix & { readonly is: AddressClass }

const range = ([address, bits, is]: readonly [address: string, bits: number, is: AddressClass]): Range => ({
  ...prefix(address, bits),
  is,
})

/** The first that fits counts. */
const ranges4 = (
  [
    ['169.254.169.254', 32, 'metadata'],
    // Credentials of containers: Amazon ECS, EKS.
    ['169.254.170.2', 32, 'metadata'],
    ['169.254.170.23', 32, 'metadata'],
    // Alibaba Cloud; Oracle Cloud's older one; Azure's platform address, which is a public one.
    ['100.100.100.200', 32, 'metadata'],
    ['192.0.0.192', 32, 'metadata'],
    ['168.63.129.16', 32, 'metadata'],
    ['0.0.0.0', 8, 'reserved'],
    ['10.0.0.0', 8, 'private'],
    ['100.64.0.0', 10, 'shared'],
    ['127.0.0.0', 8, 'loopback'],
    ['169.254.0.0', 16, 'link-local'],
    ['172.16.0.0', 12, 'private'],
    ['192.0.0.0', 24, 'reserved'],
    ['192.0.2.0', 24, 'reserved'],
    ['192.88.99.0', 24, 'reserved'],
    ['192.168.0.0', 16, 'private'],
    ['198.18.0.0', 15, 'reserved'],
    ['198.51.100.0', 24, 'reserved'],
    ['203.0.113.0', 24, 'reserved'],
    ['224.0.0.0', 4, 'multicast'],
    ['240.0.0.0', 4, 'reserved'],
  ] as const
).map(range)

const ranges6 = (
  [
    // Amazon EC2's metadata and EKS' credentials.
    ['fd00:ec2::254', 128, 'metadata'],
    ['fd00:ec2::23', 128, 'metadata'],
    ['::1', 128, 'loopback'],
    ['fc00::', 7, 'private'],
    ['fec0::', 10, 'private'],
    ['fe80::', 10, 'link-local'],
    ['ff00::', 8, 'multicast'],
    // Translation of a local kind: what stands behind it cannot be told.
    ['64:ff9b:1::', 48, 'private'],
    // Protocol assignments (Teredo, ORCHID, benchmarks) and documentation.
    ['2001::', 23, 'reserved'],
    ['2001:db8::', 32, 'reserved'],
    ['3fff::', 20, 'reserved'],
    ['2000::', 3, 'public'],
  ] as const
).map(range)

/** IPv6 prefixes that hold an IPv4 address, and at which byte: the packet ends there. */
const embedded = (
  [
    // IPv4-mapped and IPv4-compatible; NAT64 (RFC 6052); 6to4 (RFC 3056).
    ['::ffff:0:0', 96, 12],
    ['::', 96, 12],
    ['64:ff9b::', 96, 12],
    ['2002::', 16, 2],
  ] as const
).map(([address, bits, at]) => ({ ...prefix(address, bits), at }))

/** The class of an address in any spelling that `node:net` or a URL gives it. What is none is `reserved`. */
export function addressClass(address: string): AddressClass {
  const bytes = bytesOf(address)
  if (bytes === undefined) return 'reserved'
  if (bytes.length === 4) return classIn(ranges4, bytes, 'public')
  const special = classIn(ranges6, bytes, 'reserved')
  if (special !== 'reserved' && special !== 'public') return special
  const outer = embedded.find((one) => within(bytes, one))
  if (outer !== undefined) return classIn(ranges4, bytes.subarray(outer.at, outer.at + 4), 'public')
  return special
}

/** The same address in one spelling; an IPv4-mapped one as IPv4. */
export function canonicalAddress(address: string): string {
  const bytes = bytesOf(address)
  if (bytes === undefined) return address
  const [mapped] = embedded
  const inner = mapped !== undefined && within(bytes, mapped) ? bytes.subarray(12) : bytes
  return inner.length === 4
    ? inner.join('.')
    : Buffer.from(inner)
        .toString('hex')
        .replace(/(.{4})(?=.)/g, '$1:')
}

function classIn(ranges: readonly Range[], bytes: Uint8Array, otherwise: AddressClass): AddressClass {
  return ranges.find((one) => within(bytes, one))?.is ?? otherwise
}

function prefix(address: string, bits: number): Prefix {
  return { start: bytesOf(address) ?? new Uint8Array(), bits }
}

function within(bytes: Uint8Array, { start, bits }: Prefix): boolean {
  if (start.length !== bytes.length) return false
  for (let at = 0; at * 8 < bits; at++) {
    const mask = bits - at * 8 >= 8 ? 0xff : (0xff << (8 - (bits - at * 8))) & 0xff
    if (((bytes[at] ?? 0) & mask) !== ((start[at] ?? 0) & mask)) return false
  }
  return true
}

function bytesOf(address: string): Uint8Array | undefined {
  const [bare = ''] = address.split('%')
  const version = isIP(bare)
  if (version === 4) return Uint8Array.from(bare.split('.'), Number)
  if (version === 0) return undefined
  // A URL writes IPv6 in one way: lower case, no dotted end, one `::` at most.
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const groupsOf = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groupsOf(head), groupsOf(tail ?? '')]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]))
}
