import { type Basis, leastHistory, unneeded } from '../detect/index.js'
import { ask, type Inventory, micros, ofTenants, type Sight } from './seen.js'

/**
 * `unused`: held for 30 days by somebody who made 20 calls there, and none of them needed it. `too early` to say before that;
 * `not held`: asked or challenged for, and never seen in a token.
 */
export type ScopeUse = 'used' | 'unused' | 'too early' | 'not held'

export interface ScopeSeen {
  readonly tenant: string
  readonly subject: string
  readonly client: string
  readonly server: string
  readonly scope: string
  /** 0 unknown, 1 read, 2 write, 3 admin or wildcard. */
  readonly rank: number
  readonly rank_from: Basis
  readonly use: ScopeUse
  /** Records that show it held, asked for, challenged for, granted. */
  readonly held: number
  readonly requested: number
  readonly challenged: number
  readonly granted: number
  /** Microseconds. */
  readonly first_at: number
  readonly last_at: number
}

interface Row {
  readonly tenant: string
  readonly subject: string
  readonly client: string
  readonly server: string
  readonly scope: string
  readonly held: string
  readonly requested: string
  readonly challenged: string
  readonly granted: string
  readonly first_at: string
  readonly last_at: string
  readonly calls: string
  readonly tools: readonly string[]
  readonly verbs: readonly string[]
}

/** `now` in microseconds. */
export async function scopesSeen(sight: Sight, now: number): Promise<Inventory<ScopeSeen>> {
  const { rows, more } = await ask<Row>(
    sight,
    `WITH deeds AS (
       SELECT tenant, subject, server_name AS server, sum(seen.calls) AS calls,
         groupUniqArrayIf(200)(seen.tool, seen.tool != '' AND seen.done > 0) AS tools,
         groupUniqArrayArray(50)(seen.done_verbs) AS verbs
       FROM seen WHERE subject != '' AND ${ofTenants}
       GROUP BY tenant, subject, server
     )
     SELECT s.tenant AS tenant, s.subject AS subject, s.oauth_client_id AS client, s.server_name AS server, s.scope AS scope,
       s.held AS held, s.requested AS requested, s.challenged AS challenged, s.granted AS granted,
       ${micros('s.first_at')} AS first_at, ${micros('s.last_at')} AS last_at,
       d.calls AS calls, d.tools AS tools, d.verbs AS verbs
     FROM (SELECT * FROM scopes WHERE ${ofTenants}) AS s
     LEFT JOIN deeds AS d ON d.tenant = s.tenant AND d.subject = s.subject AND d.server = s.server_name
     ORDER BY last_at DESC, tenant, subject, server, scope, client`,
  )
  return {
    rows: rows.map((row) => {
      const policy = sight.policies(row.tenant)
      const { tenant, subject, client, server, scope } = row
      return {
        tenant,
        subject,
        client,
        server,
        scope,
        rank: policy.scopeRank(scope),
        rank_from: policy.scopeRankBasis(scope),
        use: useOf(row, now, unneeded([scope], deedsOf(row), policy).length > 0),
        held: Number(row.held),
        requested: Number(row.requested),
        challenged: Number(row.challenged),
        granted: Number(row.granted),
        first_at: Number(row.first_at),
        last_at: Number(row.last_at),
      }
    }),
    more,
  }
}

const deedsOf = ({ scope, challenged, tools, verbs }: Row) => ({
  challenged: Number(challenged) > 0 ? [scope] : [],
  tools,
  verbs,
})

function useOf({ subject, held, first_at, calls }: Row, now: number, isUnneeded: boolean): ScopeUse {
  if (Number(held) === 0) return 'not held'
  if (!isUnneeded) return 'used'
  const days = (now - Number(first_at)) / 86_400_000_000
  // Whose calls nobody can tell, of those it cannot be said that they needed nothing.
  return subject !== '' && days >= leastHistory.days && Number(calls) >= leastHistory.calls ? 'unused' : 'too early'
}
