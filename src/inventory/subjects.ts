import { ask, callOf, type Inventory, micros, ofTenants, type Sight } from './seen.js'

export interface SubjectSeen {
  readonly tenant: string
  /** '' are all whom nobody named. */
  readonly subject: string
  readonly servers: number
  /** Of these, how many the allowlist does not name or knows from elsewhere; 0 without an allowlist. */
  readonly unapproved_servers: number
  readonly tools: number
  readonly high_impact_tools: number
  /** The mightiest scope that it held, and its rank (0 unknown … 3 admin). */
  readonly scope: string
  readonly scope_rank: number
  readonly calls: number
  readonly refused: number
  /** Microseconds. */
  readonly first_at: number
  readonly last_at: number
}

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly servers: readonly (readonly [name: string, address: string, line: string, digest: string])[]
  readonly tools: readonly (readonly [server: string, tool: string, claimed: string, verbs: readonly string[]])[]
  readonly tool_count: string
  readonly server_count: string
  readonly scopes: readonly string[]
  readonly calls: string
  readonly refused: string
  readonly first_at: string
  readonly last_at: string
}

/** Servers and tools of one subject that are looked at. */
const most = 1_000

export async function subjectsSeen(sight: Sight): Promise<Inventory<SubjectSeen>> {
  const { rows, more } = await ask<Row>(
    sight,
    `WITH held AS (
       SELECT tenant, subject, groupUniqArrayIf(${most})(scopes.scope, scopes.held > 0) AS scopes
       FROM scopes WHERE ${ofTenants} GROUP BY tenant, subject
     )
     SELECT s.tenant AS tenant, s.subject AS subject,
       groupUniqArray(${most})((s.server_name, s.server_address, s.command_line, s.command_digest)) AS servers,
       groupUniqArrayIf(${most})((s.server_name, s.tool, s.claimed_class, s.verbs), s.tool != '') AS tools,
       uniqExactIf((s.server_name, s.tool), s.tool != '') AS tool_count, uniqExact(s.server_name) AS server_count,
       any(h.scopes) AS scopes, sum(s.calls) AS calls, sum(s.refused) AS refused,
       ${micros('min(s.first_at)')} AS first_at, ${micros('max(s.last_at)')} AS last_at
     FROM (SELECT * FROM seen WHERE ${ofTenants}) AS s
     LEFT JOIN held AS h ON h.tenant = s.tenant AND h.subject = s.subject
     GROUP BY tenant, subject
     ORDER BY last_at DESC, tenant, subject`,
  )
  return { rows: rows.map((row) => subjectOf(row, sight)), more }
}

function subjectOf(row: Row, sight: Sight): SubjectSeen {
  const { tenant, subject, servers, tools, scopes } = row
  const policy = sight.policies(tenant)
  const unapproved = servers.filter(
    ([serverName, serverAddress, line, digest]) =>
      policy.standing({ serverName, serverAddress, detail: { command_line: line, command_digest: digest } }) !==
      'approved',
  )
  const grave = tools.filter(([serverName, tool, claimed, verbs]) => {
    const claimedClass = (['read', 'write', 'high-impact'] as const).find((one) => one === claimed) ?? 'unknown'
    return policy.toolClass(callOf(tenant, { serverName, tool, claimedClass, verbs })) === 'high-impact'
  })
  const mightiest = [...scopes].sort((a, b) => policy.scopeRank(b) - policy.scopeRank(a) || (a < b ? -1 : 1))[0] ?? ''
  return {
    tenant,
    subject,
    servers: Number(row.server_count),
    unapproved_servers: policy.states('servers') ? new Set(unapproved.map(([name]) => name)).size : 0,
    tools: Number(row.tool_count),
    high_impact_tools: new Set(grave.map(([server, tool]) => JSON.stringify([server, tool]))).size,
    scope: mightiest,
    scope_rank: mightiest === '' ? 0 : policy.scopeRank(mightiest),
    calls: Number(row.calls),
    refused: Number(row.refused),
    first_at: Number(row.first_at),
    last_at: Number(row.last_at),
  }
}
