/**
 * Servers that were seen and that nobody approved, as a section of the policy file: for a person to read, to cut down, and to
 * copy. Written as JSON in ASCII, which is YAML: no name can break out of its quotes or turn the text around it.
 */
import type { ServerSeen } from '../../inventory.js'
import { asciiJson } from '../reading/json.js'

export function draftOf(rows: readonly ServerSeen[]): string {
  const wanted = rows.filter(({ standing, server, last_at }) => standing !== 'approved' && server !== '' && last_at > 0)
  if (wanted.length === 0) return '# Every server that was seen is approved.\n'
  const names = [...new Set(wanted.map(({ server }) => server))]
  return [
    '# Seen, and not approved. Approve only what you know: a name is a server’s own word.',
    'servers:',
    ...names.map(
      (name) =>
        `  - ${entryOf(
          name,
          wanted.filter(({ server }) => server === name),
        )}`,
    ),
    '',
  ].join('\n')
}

/** One entry for a name, as the file asks; places that were approved before are kept, since it replaces the old entry. */
function entryOf(name: string, servers: readonly ServerSeen[]): string {
  const places = servers.flatMap((server) => server.places)
  const of = (values: readonly string[]): string[] => [...new Set(values.filter((value) => value !== ''))].sort()
  const addresses = of(places.map(({ address }) => bare(address)))
  const digests = of(places.map(({ command_digest }) => command_digest)).filter((one) => /^[0-9a-f]{16,64}$/.test(one))
  const commands = of(places.map(({ command_line }) => command_line))
  return asciiJson({
    name,
    ...(addresses.length > 0 && { addresses }),
    ...(commands.length > 0 && { commands }),
    ...(digests.length > 0 && { command_digests: digests }),
  })
}

/** `https://crm.example:8443/mcp` as the file writes it; '' for what is no address. */
function bare(address: string): string {
  const host = address
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/\/.*$/s, '')
  return /^[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*(:\d{1,5})?$/u.test(host) ? host : ''
}
