/** The calls of one session, in order, and where its values went. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { type Desk, personOf } from '../desk.js'
import { sees } from '../person.js'
import { sessionView } from '../reading/session.js'
import { Refusal } from '../refusal.js'
import { answers, SessionAnswer } from '../schemas.js'

export const sessionRoutes =
  (desk: Desk): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api/sessions/:tenant/:key',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getSession',
          summary:
            'One session by any of its keys: its latest events in order, and which values went from a result into a later call',
          tags: ['sessions'],
          params: Type.Object({
            tenant: Type.String({ maxLength: 63 }),
            key: Type.String({ maxLength: 2_000, description: 'As `session` of an incident or a record has it.' }),
          }),
          response: answers(SessionAnswer),
        },
      },
      async (request) => {
        const { tenant, key } = request.params
        const view = sees(personOf(request), tenant) ? await sessionView(desk.store(), tenant, key) : undefined
        if (view === undefined) throw new Refusal('not_found', 'there is no such session')
        const { session, keys, events, truncated, flows } = view
        return {
          tenant,
          session,
          keys: [...keys],
          truncated,
          flows: [...flows],
          events: events.map((one) => ({
            recordId: one.recordId,
            kind: one.kind,
            method: one.method,
            startedAt: one.startedAt,
            endedAt: one.endedAt,
            subject: one.subject,
            client: one.clientName,
            server: one.serverName,
            tool: one.tool,
            outcome: one.outcome,
            destinations: [...one.destinations],
          })),
        }
      },
    )
  }
