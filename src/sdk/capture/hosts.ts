/** What a host in a URL stands for, without asking a name server: an address in any spelling, and names that say where they point. */
import { isIP } from 'node:net'
import { type AddressClass, addressClass, canonicalAddress } from '../addresses.js'

export interface HostFacts {
  readonly is: AddressClass
  /** Written so that a reader, or a filter, takes it for something else: `2130706433`, `0x7f.1`, `127.0.0.1.nip.io`. */
  readonly disguised: boolean
}

const loopbackNames = /^(?:localhost|(?:.+\.)?(?:localhost|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|yoogle\.com))$/
const plainLoopback = /^(?:.+\.)?localhost$/
const metadataNames =
  /^(?:metadata\.google\.internal|metadata\.goog|metadata|instance-data(?:\.ec2\.internal)?|metadata\.azure\.internal|metadata\.oraclecloud\.com)$/
const privateNames = /^[^.]+$|\.(?:local|internal|intranet|corp|home|lan|home\.arpa|svc|cluster\.local)$/

/** Services that answer with the address that stands in the name: anybody's name for anybody's address. */
const echo = String.raw`\.(?:nip\.io|sslip\.io|xip\.io|traefik\.me|local-ip\.(?:co|sh))$`
const echoes = [
  String.raw`(?:^|[.-])((?:\d{1,3}[.-]){3}\d{1,3})`,
  '(?:^|[.-])([0-9a-f]{8})',
  String.raw`(?:^|\.)([0-9a-f]{0,4}(?:-[0-9a-f]{0,4}){2,7})`,
].map((form) => new RegExp(form + echo))

/**
 * Of a host as a URL states it (`new URL(…).hostname`, which spells IPv4 addresses in decimals) and as it was written.
 * `undefined`: a name of the internet, about which only a name server can say more.
 */
export function hostFacts(hostname: string, written: string): HostFacts | undefined {
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (isIP(host) !== 0) {
    const plain = written.replace(/^\[|\]$/g, '').replace(/\.$/, '')
    const mapped = isIP(host) === 6 && canonicalAddress(host).includes('.')
    const embeds = isIP(host) === 6 && /^(?:64:ff9b:|2002:)/.test(host)
    return { is: addressClass(host), disguised: mapped || embeds || (isIP(host) === 4 && plain !== host) }
  }
  if (metadataNames.test(host)) return { is: 'metadata', disguised: false }
  if (loopbackNames.test(host)) return { is: 'loopback', disguised: !plainLoopback.test(host) }
  const echoed = echoes.map((form) => form.exec(host)?.[1]).find((found) => found !== undefined)
  if (echoed !== undefined) return { is: addressClass(addressIn(echoed)), disguised: true }
  return privateNames.test(host) ? { is: 'private', disguised: false } : undefined
}

function addressIn(echoed: string): string {
  if (/^[0-9a-f]{8}$/.test(echoed)) return [...Buffer.from(echoed, 'hex')].join('.')
  return /^(?:\d{1,3}[.-]){3}\d{1,3}$/.test(echoed) ? echoed.replaceAll('-', '.') : echoed.replaceAll('-', ':')
}
