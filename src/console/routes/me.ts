/** Whom the console takes the asker for. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { personOf } from '../desk.js'
import { accountRoles } from '../person.js'
import { answers } from '../schemas.js'
import type { Sessions } from '../sessions.js'

export const meRoutes =
  (sessions: Sessions): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api/me',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getMe',
          summary: 'Your name, role and tenant',
          tags: ['account'],
          response: answers(
            Type.Object({
              name: Type.String(),
              role: Type.Enum([...accountRoles]),
              tenant: Type.String({ description: '* is all tenants.' }),
              csrf: Type.String({
                description: "What a browser's session sends as x-csrf-token with each change; '' for API keys.",
              }),
            }),
          ),
        },
      },
      async (request) => {
        const { name, role, tenant = '*' } = personOf(request)
        const { session } = request.asking
        return { name, role, tenant, csrf: session === undefined ? '' : sessions.csrfOf(session) }
      },
    )
  }
