/** What nobody is told of for a while. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { isActive, type Silence, silencesOf } from '../../incidents.js'
import { type Desk, personOf, tenantFor } from '../desk.js'
import { answers, SilenceAnswer, SilenceBody, SilenceId, TenantName } from '../schemas.js'
import { endSilence, silence } from '../silencing.js'

const tags = ['silences']

export const silenceRoutes =
  (desk: Desk): FastifyPluginAsyncTypebox =>
  async (app) => {
    const told = (one: Silence) => ({ ...one, matchers: [...one.matchers], active: isActive(one, desk.now()) })
    app.get(
      '/api/silences',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listSilences',
          summary: 'Silences, last written first; of a tenant also those of all tenants',
          tags,
          querystring: Type.Object(
            {
              tenant: Type.Optional(TenantName),
              over: Type.Boolean({ default: false, description: 'Also those that are over.' }),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Object({ silences: Type.Array(SilenceAnswer) })),
        },
      },
      async (request) => {
        const { tenant, over } = request.query
        const found = await silencesOf(desk.store(), {
          tenant: tenantFor(personOf(request), tenant),
          endsAfter: over ? 0 : desk.now(),
        })
        return { silences: found.map(told) }
      },
    )
    app.post(
      '/api/silences',
      {
        config: { role: 'analyst' },
        schema: {
          operationId: 'createSilence',
          summary: 'Tell nobody of what fits all matchers, for at most 31 days',
          tags,
          body: SilenceBody,
          response: answers(SilenceAnswer, 201),
        },
      },
      async (request, reply) => reply.code(201).send(told(await silence(desk, personOf(request), request.body))),
    )
    app.post(
      '/api/silences/:id/expire',
      {
        config: { role: 'analyst' },
        schema: {
          operationId: 'expireSilence',
          summary: 'End a silence now',
          tags,
          params: SilenceId,
          response: answers(SilenceAnswer),
        },
      },
      async (request) => told(await endSilence(desk, personOf(request), request.params.id)),
    )
  }
