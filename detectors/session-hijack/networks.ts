/** Whether callers came from networks that have nothing to do with each other. */

/**
 * The /16 of an IPv4 address and the /32 of an IPv6 one: what one provider or one office has. A narrower look would call each
 * change of an outgoing gateway a theft.
 */
function networkOf(address: string): { readonly family: 4 | 6; readonly network: string } | undefined {
  const text = address.replace(/^::ffff:/i, '').replace(/^\[|\](?::\d+)?$/g, '')
  const [, high, low] = /^(\d{1,3})\.(\d{1,3})\.\d{1,3}\.\d{1,3}(?::\d+)?$/.exec(text) ?? []
  if (high !== undefined && low !== undefined) return { family: 4, network: `${high}.${low}` }
  if (!text.includes(':')) return undefined
  const [first = '', second = ''] = text.toLowerCase().split(':')
  return { family: 6, network: `${first}:${second}` }
}

/** Held against addresses of the same family only: one machine has one of each, and takes whichever answers first. */
export function networksApart(addresses: readonly string[]): boolean {
  const networks = addresses.map(networkOf).filter((one) => one !== undefined)
  return [4, 6].some(
    (family) => new Set(networks.filter((one) => one.family === family).map(({ network }) => network)).size > 1,
  )
}
