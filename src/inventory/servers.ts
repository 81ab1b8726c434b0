import type { Policy } from '../detect/index.js'
import { ask, type Inventory, micros, ofTenants, type Sight } from './seen.js'

/** Where a server was met: by network, or by the command that started it. */
export interface PlaceSeen {
  readonly address: string
  readonly command_line: string
  readonly command_digest: string
  readonly standing: ReturnType<Policy['standing']>
}

export interface ServerSeen {
  readonly tenant: string
  /** '' where it never told its name: then it is known by its address alone. */
  readonly server: string
  /** Of all its places the worst; `unstated` where there is no allowlist. */
  readonly standing: ReturnType<Policy['standing']> | 'unstated'
  readonly owner: string
  readonly closed_world: boolean
  readonly must_be_sandboxed: boolean
  readonly places: readonly PlaceSeen[]
  readonly tools: number
  readonly subjects: number
  readonly calls: number
  /** Microseconds; 0 for one that is approved and was never seen. */
  readonly first_at: number
  readonly last_at: number
}

interface Row {
  readonly tenant: string
  readonly server: string
  readonly places: readonly (readonly [address: string, line: string, digest: string])[]
  readonly tools: string
  readonly subjects: string
  readonly calls: string
  readonly first_at: string
  readonly last_at: string
}

/** Places of one server that are told: a name that is met everywhere needs no list of all. */
const mostPlaces = 50

/** Also those that the policy approves and nobody has met, after all others. */
export async function serversSeen(sight: Sight): Promise<Inventory<ServerSeen>> {
  const { rows, more } = await ask<Row>(
    sight,
    // Without a name the address is the name: two nameless servers are two.
    `SELECT tenant, server_name AS server,
       arraySort(groupUniqArray(${mostPlaces})((server_address, command_line, command_digest))) AS places,
       uniqExactIf(seen.tool, seen.tool != '') AS tools, uniqExactIf(seen.subject, seen.subject != '') AS subjects,
       sum(seen.calls) AS calls, ${micros('min(seen.first_at)')} AS first_at, ${micros('max(seen.last_at)')} AS last_at
     FROM seen WHERE ${ofTenants}
     GROUP BY tenant, server, if(server_name = '', server_address, '')
     ORDER BY last_at DESC, tenant, server`,
  )
  const seen = rows.map((row) => serverOf(row, sight.policies(row.tenant)))
  const met = new Set(seen.map(({ tenant, server }) => JSON.stringify([tenant, server])))
  const tenants = sight.tenants.length > 0 ? sight.tenants : [...new Set(seen.map(({ tenant }) => tenant))].sort()
  const unmet = more
    ? []
    : tenants.flatMap((tenant) =>
        sight
          .policies(tenant)
          .approvedServers()
          .filter((server) => !met.has(JSON.stringify([tenant, server])))
          .map((server) => unseen(tenant, server, sight.policies(tenant))),
      )
  return { rows: [...seen, ...unmet], more }
}

function serverOf(row: Row, policy: Policy): ServerSeen {
  const { tenant, server } = row
  const told = row.places.filter((place) => place.some((part) => part !== ''))
  const places = told.map(([address, line, digest]) => ({
    address,
    command_line: line,
    command_digest: digest,
    standing: policy.standing({
      serverName: server,
      serverAddress: address,
      detail: { command_line: line, command_digest: digest },
    }),
  }))
  const standings =
    places.length > 0
      ? places.map(({ standing }) => standing)
      : [policy.standing({ serverName: server, serverAddress: '', detail: {} })]
  const worst = (['moved', 'unknown', 'approved'] as const).find((one) => standings.includes(one)) ?? 'unknown'
  return {
    ...said(tenant, server, policy),
    standing: policy.states('servers') ? worst : 'unstated',
    places,
    tools: Number(row.tools),
    subjects: Number(row.subjects),
    calls: Number(row.calls),
    first_at: Number(row.first_at),
    last_at: Number(row.last_at),
  }
}

const said = (tenant: string, server: string, policy: Policy) => ({
  tenant,
  server,
  owner: policy.ownerOf(server),
  closed_world: policy.isClosedWorld(server),
  must_be_sandboxed: policy.mustBeSandboxed(server),
})

const unseen = (tenant: string, server: string, policy: Policy): ServerSeen => ({
  ...said(tenant, server, policy),
  standing: 'approved',
  places: [],
  tools: 0,
  subjects: 0,
  calls: 0,
  first_at: 0,
  last_at: 0,
})
