/** The sections of the policy file that detectors read through a `Policy`. `deploy/watchkeeper.example.yaml` explains each. */
import { isAbsolute } from 'node:path'
import type { Section } from '../../policy-file.js'
import {
  faulty,
  listOf,
  oneOf,
  optional,
  type ReadBy,
  type Reader,
  record,
  required,
  text,
  trueOrFalse,
} from '../../yaml-reader.js'
import { placeFault } from './places.js'

export const name = text((value) => (value.length > 256 ? 'expected at most 256 characters' : undefined))
export const maybe = optional<string | undefined>(name, undefined)
export const anyOf = (keys: readonly string[]) => (value: Readonly<Record<string, unknown>>) =>
  keys.some((key) => value[key] !== undefined) ? undefined : `expected at least one of ${keys.join(', ')}`

const address = text((value) => {
  const [host = '', port] = /^(.*?)(?::(\d{1,5}))?$/s.exec(value)?.slice(1) ?? []
  if (port !== undefined && Number(port) > 65_535) return 'expected a port up to 65535'
  return placeFault(host) === undefined || placeFault(value) === undefined
    ? undefined
    : 'expected a host or an address, with a port or without: crm.corp.example, 10.1.2.3:8080'
})
const folder = text((value) => (isAbsolute(value) ? undefined : 'expected an absolute path'))
const issuer = text((value) => (/^https?:\/\/[^\s]+$/.test(value) ? undefined : 'expected the URL of an issuer'))
const digest = text((value) =>
  /^[0-9a-f]{16,64}$/.test(value) ? undefined : 'expected hex digits, as the inventory shows them',
)

const server = record({
  name: required(name),
  addresses: optional(listOf(address), []),
  commands: optional(listOf(text()), []),
  command_digests: optional(listOf(digest), []),
  owner: maybe,
  closed_world: optional(trueOrFalse, false),
  sandboxed: optional(trueOrFalse, false),
  roots: optional<readonly string[] | undefined>(listOf(folder), undefined),
  issuers: optional(listOf(issuer), []),
})
export type ApprovedServer = ReadBy<typeof server>

const section = <T>(sectionName: string, reader: Reader<T>): Section<T> => ({ name: sectionName, reader })

/** Each once: two entries of one name would leave open which of them holds. */
const eachOnce =
  <T>(list: Reader<readonly T[]>, keyOf: (one: T) => string): Reader<readonly T[]> =>
  (node, place) => {
    const read = list(node, place)
    if (read === faulty) return faulty
    const keys = read.map(keyOf)
    const twice = keys.find((key, at) => keys.indexOf(key) !== at)
    return twice === undefined ? read : place.fault(node, `${twice} stands here twice: put both into one entry`)
  }

export const servers = section(
  'servers',
  eachOnce(listOf(server), (one) => one.name),
)

export const tools = section(
  'tools',
  listOf(record({ server: maybe, tool: required(name), class: required(oneOf('read', 'write', 'high-impact')) })),
)

export const sensitive = section(
  'sensitive',
  listOf(
    record(
      { server: maybe, tool: maybe, resource: maybe, private: optional(trueOrFalse, true) },
      anyOf(['server', 'tool', 'resource']),
    ),
  ),
)

export const ownDomains = section('own_domains', listOf(text(placeFault)))

export const scopes = section(
  'scopes',
  listOf(record({ scope: required(name), rank: required(oneOf('unknown', 'read', 'write', 'admin')) })),
)

export const issuers = section('issuers', listOf(issuer))

export const crownJewels = section(
  'crown_jewels',
  listOf(
    record(
      { what: required(name), server: maybe, tool: maybe, resource: maybe },
      anyOf(['server', 'tool', 'resource']),
    ),
  ),
)

export const approvals = section(
  'approvals',
  listOf(
    record(
      {
        server: maybe,
        tool: maybe,
        class: optional<'read' | 'write' | 'high-impact' | 'unknown' | undefined>(
          oneOf('read', 'write', 'high-impact', 'unknown'),
          undefined,
        ),
        of: required(oneOf('arguments', 'result', 'nothing')),
      },
      anyOf(['server', 'tool', 'class']),
    ),
  ),
)

/** All of them, for whoever reads the file. */
export const policySections: readonly Section[] = [
  servers,
  tools,
  sensitive,
  ownDomains,
  scopes,
  issuers,
  crownJewels,
  approvals,
]
