/** What was seen of servers, tools, scopes and subjects, and which of them bear most risk. */
import { type FastifyPluginAsyncTypebox, type TSchema, Type } from '@fastify/type-provider-typebox'
import { entityRisk } from '../../incidents.js'
import { type Inventory, type Sight, scopesSeen, serversSeen, subjectsSeen, toolsSeen } from '../../inventory.js'
import { camelled } from '../camel.js'
import { type Desk, personOf, tenantFor } from '../desk.js'
import { answers, RiskAnswer, ScopeAnswer, ServerAnswer, SubjectAnswer, TenantName, ToolAnswer } from '../schemas.js'

const kinds: readonly {
  readonly name: string
  readonly summary: string
  readonly row: TSchema
  see(sight: Sight, now: number): Promise<Inventory<unknown>>
}[] = [
  {
    name: 'servers',
    summary: 'MCP servers, where they were met, and whether the policy approves them',
    row: ServerAnswer,
    see: serversSeen,
  },
  { name: 'tools', summary: 'Tools, their class, and what the policy asks of them', row: ToolAnswer, see: toolsSeen },
  {
    name: 'scopes',
    summary: 'The scopes ledger: who held, asked for and used which scope',
    row: ScopeAnswer,
    see: scopesSeen,
  },
  {
    name: 'subjects',
    summary: 'Subjects, what they reached, and their mightiest scope',
    row: SubjectAnswer,
    see: subjectsSeen,
  },
]

const Query = Type.Object(
  {
    tenant: Type.Optional(TenantName),
    limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 }),
  },
  { additionalProperties: false },
)

export const inventoryRoutes =
  (desk: Desk, policies: Sight['policies']): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const { name, summary, row, see } of kinds) {
      app.get(
        `/api/inventory/${name}`,
        {
          config: { role: 'viewer' },
          schema: {
            operationId: `list${name[0]?.toUpperCase()}${name.slice(1)}`,
            summary: `${summary}; seen last first`,
            tags: ['seen'],
            querystring: Query,
            response: answers(
              Type.Object({
                [name]: Type.Array(row),
                more: Type.Boolean({ description: 'There are more than the limit.' }),
              }),
            ),
          },
        },
        async (request) => {
          const { tenant, limit } = request.query
          const whose = tenantFor(personOf(request), tenant)
          const sight = { store: desk.store(), policies, tenants: whose === undefined ? [] : [whose], limit }
          const { rows, more } = await see(sight, desk.now())
          return { [name]: camelled(rows), more }
        },
      )
    }
    app.get(
      '/api/risk/:kind',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listRisk',
          summary: 'Subjects or servers with the most and gravest findings of late',
          tags: ['seen'],
          params: Type.Object({ kind: Type.Enum(['subjects', 'servers']) }),
          querystring: Type.Object(
            { tenant: Type.Optional(TenantName), limit: Type.Integer({ minimum: 1, maximum: 100, default: 10 }) },
            { additionalProperties: false },
          ),
          response: answers(Type.Object({ risk: Type.Array(RiskAnswer) })),
        },
      },
      async (request) => {
        const { tenant, limit } = request.query
        const kind = request.params.kind === 'subjects' ? 'subject' : 'server'
        const risk = await entityRisk(desk.store(), kind, {
          tenant: tenantFor(personOf(request), tenant),
          now: desk.now(),
          most: limit,
        })
        return { risk }
      },
    )
  }
