/**
 * What a policy file says, as the `Policy` that detectors ask. A tenant's entries are asked before those for all, the first
 * that fits holds, and where none fits the defaults do.
 */
import type { PolicyFile, Section } from '../../policy-file.js'
import type { AuditEvent, Basis, Policies, Policy, PolicyPart, ServerNames, Standing } from '../contract.js'
import { defaultPolicy } from '../policy.js'
import { fits } from './names.js'
import { hostOf, placesOf } from './places.js'
import * as sections from './sections.js'

/** The policy of each tenant, worked out once for each that is asked for. */
export function policiesOf(file: PolicyFile): Policies {
  const known = new Set(file.tenants)
  const made = new Map<string, Policy>()
  return (tenant) => {
    // Tenants that the file does not name share one, however many there are.
    const key = known.has(tenant) ? tenant : ''
    const policy = made.get(key) ?? policyOf(file, key)
    made.set(key, policy)
    return policy
  }
}

/** '' is any tenant without sections of its own. */
export function policyOf(file: PolicyFile, tenant: string): Policy {
  const all = <T>(section: Section<readonly T[]>): readonly T[] => file.of(section, tenant).flat()
  const servers = new Map<string, sections.ApprovedServer>()
  for (const server of all(sections.servers)) if (!servers.has(server.name)) servers.set(server.name, server)
  const tools = all(sections.tools)
  const sensitive = all(sections.sensitive)
  const scopes = all(sections.scopes)
  const issuers = all(sections.issuers)
  const jewels = all(sections.crownJewels)
  const approvals = all(sections.approvals)
  const isOwn = placesOf(all(sections.ownDomains))
  const named = [...servers.values()]

  const stated: Readonly<Record<PolicyPart, boolean>> = {
    servers: file.of(sections.servers, tenant).length > 0,
    tools: tools.length > 0,
    sensitive: sensitive.length > 0,
    destinations: file.of(sections.ownDomains, tenant).length > 0,
    scopes: scopes.length > 0,
    roots: named.some(({ roots }) => roots !== undefined),
    crown_jewels: file.of(sections.crownJewels, tenant).length > 0,
    approvals: file.of(sections.approvals, tenant).length > 0,
    sandbox: named.some(({ sandboxed }) => sandboxed),
    issuers: issuers.length > 0 || named.some((server) => server.issuers.length > 0),
  }

  const standing = (asked: ServerNames): Standing => standingOf(servers, named, asked)

  const classed = (event: AuditEvent): { class: ReturnType<Policy['toolClass']>; basis: Basis } => {
    const rule = event.tool === '' ? undefined : tools.find((one) => isAbout(one, event))
    if (rule !== undefined) return { class: rule.class, basis: 'policy' }
    const usual = defaultPolicy.toolClass(event)
    // A claim lowers suspicion only where somebody vouches for the server that makes it.
    return usual === 'unknown' && event.claimedClass === 'read' && standing(event) === 'approved'
      ? { class: 'read', basis: 'annotation' }
      : { class: usual, basis: defaultPolicy.toolClassBasis(event) }
  }
  const toolClass: Policy['toolClass'] = (event) => classed(event).class
  const scopeRule = (scope: string) => scopes.find((one) => fits(one.scope, scope))

  return {
    states: (part) => stated[part],
    standing,
    isClosedWorld: (server) => servers.get(server)?.closed_world ?? false,
    toolClass,
    toolClassBasis: (event) => classed(event).basis,
    isOwnDestination: isOwn,
    isSensitive(event) {
      // Whatever the source is called, a secret in its result is one.
      if (event.resultSecretKinds.length > 0) return true
      return sensitive.find((one) => isAbout(one, event))?.private ?? defaultPolicy.isSensitive(event)
    },
    scopeRank(scope) {
      const rule = scopeRule(scope)
      return rule === undefined ? defaultPolicy.scopeRank(scope) : ranks[rule.rank]
    },
    scopeRankBasis: (scope) => (scopeRule(scope) === undefined ? defaultPolicy.scopeRankBasis(scope) : 'policy'),
    mustBeApproved(event) {
      if (event.kind !== 'call') return ''
      const rule = approvals.find(
        (one) => isAbout(one, event) && (one.class === undefined || one.class === toolClass(event)),
      )
      return rule === undefined || rule.of === 'nothing' ? '' : rule.of
    },
    crownJewel(event) {
      if (!stated.crown_jewels) return defaultPolicy.crownJewel(event)
      return event.kind === 'call' ? (jewels.find((one) => isAbout(one, event))?.what ?? '') : ''
    },
    rootsOf: (server) => servers.get(server)?.roots,
    issuersOf(server) {
      const own = servers.get(server)?.issuers ?? []
      return own.length > 0 ? own : issuers
    },
    mustBeSandboxed: (server) => servers.get(server)?.sandboxed ?? false,
    approvedServers: () => [...servers.keys()],
    ownerOf: (server) => servers.get(server)?.owner ?? '',
  }
}

const ranks = { unknown: 0, read: 1, write: 2, admin: 3 } as const

interface Names {
  readonly server?: string | undefined
  readonly tool?: string | undefined
  readonly resource?: string | undefined
}

/** All that an entry names has to fit. */
const isAbout = (
  { server, tool, resource }: Names,
  event: Pick<AuditEvent, 'serverName' | 'tool' | 'resource'>,
): boolean => fits(server, event.serverName) && fits(tool, event.tool) && fits(resource, event.resource)

/**
 * A name alone proves nothing: where an entry says at which addresses or by which command lines its server is met, any
 * other place that an event tells makes it `moved`. An event that tells no place is taken at its name.
 */
function standingOf(
  servers: ReadonlyMap<string, sections.ApprovedServer>,
  named: readonly sections.ApprovedServer[],
  { serverName, serverAddress, detail = {} }: ServerNames,
): Standing {
  const address = serverAddress || (detail['server_origin'] ?? '')
  if (serverName === '')
    return address !== '' && named.some(({ addresses }) => isAt(addresses, address)) ? 'approved' : 'unknown'
  const server = servers.get(serverName)
  if (server === undefined) return 'unknown'
  const { addresses, commands, command_digests: digests } = server
  if (addresses.length + commands.length + digests.length === 0) return 'approved'
  const line = detail['command_line'] ?? ''
  const digest = detail['command_digest'] ?? ''
  if (address !== '' && !isAt(addresses, address)) return 'moved'
  // The line as told has its secrets taken out, so two lines may read alike: where a digest is given, it decides.
  if (digest !== '' && digests.length > 0) return digests.includes(digest) ? 'approved' : 'moved'
  if (line !== '' && !commands.includes(line)) return 'moved'
  return 'approved'
}

/** With a port exactly there, without one at any. */
function isAt(addresses: readonly string[], told: string): boolean {
  const bare = told
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    .replace(/\/.*$/s, '')
  const host = hostOf(told)
  return addresses.some((one) => {
    const wanted = one.toLowerCase()
    return wanted === host || wanted === bare || (hostOf(wanted) === host && isWithoutPort(bare, host))
  })
}

/** Telemetry often leaves the port out; then the host is all that can be compared. */
const isWithoutPort = (bare: string, host: string): boolean => bare === host || bare === `[${host}]`
