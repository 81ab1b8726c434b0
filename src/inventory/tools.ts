import type { ToolClass } from '@watchkeeper/sdk/event'
import type { Basis, Policy } from '../detect/index.js'
import { ask, callOf, gravest, type Inventory, micros, ofTenants, type Sight } from './seen.js'

export interface ToolSeen {
  readonly tenant: string
  readonly server: string
  readonly tool: string
  readonly class: ReturnType<Policy['toolClass']>
  readonly class_from: Basis
  /** What it says of itself, the gravest where it said several. */
  readonly claimed: ToolClass
  /** What its calls did, by the words of names and arguments. */
  readonly verbs: readonly string[]
  /** What a person has to approve. */
  readonly must_be_approved: '' | 'arguments' | 'result'
  readonly crown_jewel: string
  readonly private: boolean
  readonly calls: number
  readonly refused: number
  readonly subjects: number
  /** Microseconds. */
  readonly first_at: number
  readonly last_at: number
}

interface Row {
  readonly tenant: string
  readonly server: string
  readonly tool: string
  readonly address: string
  readonly claims: readonly ToolClass[]
  readonly verbs: readonly string[]
  readonly calls: string
  readonly refused: string
  readonly subjects: string
  readonly first_at: string
  readonly last_at: string
}

export async function toolsSeen(sight: Sight): Promise<Inventory<ToolSeen>> {
  const { rows, more } = await ask<Row>(
    sight,
    `SELECT tenant, server_name AS server, tool, max(server_address) AS address,
       groupUniqArray(10)(if(seen.claimed_class = '', 'unknown', seen.claimed_class)) AS claims,
       arraySort(groupUniqArrayArray(32)(seen.verbs)) AS verbs, sum(seen.calls) AS calls, sum(seen.refused) AS refused,
       uniqExactIf(seen.subject, seen.subject != '') AS subjects,
       ${micros('min(seen.first_at)')} AS first_at, ${micros('max(seen.last_at)')} AS last_at
     FROM seen WHERE tool != '' AND ${ofTenants}
     GROUP BY tenant, server, tool, if(server_name = '', server_address, '')
     ORDER BY last_at DESC, tenant, server, tool`,
  )
  return { rows: rows.map((row) => toolOf(row, sight.policies(row.tenant))), more }
}

function toolOf(row: Row, policy: Policy): ToolSeen {
  const { tenant, server, tool, verbs } = row
  const claimed = gravest(row.claims) ?? 'unknown'
  const call = callOf(tenant, {
    tool,
    verbs,
    serverName: server,
    serverAddress: row.address,
    claimedClass: claimed,
  })
  return {
    tenant,
    server,
    tool,
    class: policy.toolClass(call),
    class_from: policy.toolClassBasis(call),
    claimed,
    verbs,
    must_be_approved: policy.mustBeApproved(call),
    crown_jewel: policy.crownJewel(call),
    private: policy.isSensitive(call),
    calls: Number(row.calls),
    refused: Number(row.refused),
    subjects: Number(row.subjects),
    first_at: Number(row.first_at),
    last_at: Number(row.last_at),
  }
}
