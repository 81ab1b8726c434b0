/** What became of incidents at their receivers, and how a dead delivery is sent again. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { deadDeliveries, deliveriesOf } from '../../incidents.js'
import { type Desk, incidentFor, personOf, tenantFor } from '../desk.js'
import { answers, DeliveryAnswer, IncidentId, ReceiverName, TenantName } from '../schemas.js'
import { askAgain } from '../sending-again.js'

const tags = ['deliveries']

export const deliveryRoutes =
  (desk: Desk): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api/deliveries/dead',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listDeadDeliveries',
          summary:
            'Latest versions of incidents that a receiver refused: nobody is told of them until they are sent again',
          tags,
          querystring: Type.Object(
            {
              tenant: Type.Optional(TenantName),
              limit: Type.Integer({ minimum: 1, maximum: 1_000, default: 100 }),
            },
            { additionalProperties: false },
          ),
          response: answers(Type.Object({ deliveries: Type.Array(DeliveryAnswer) })),
        },
      },
      async (request) => {
        const { tenant, limit } = request.query
        return {
          deliveries: await deadDeliveries(desk.store(), { tenant: tenantFor(personOf(request), tenant), most: limit }),
        }
      },
    )
    app.get(
      '/api/incidents/:id/deliveries',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listDeliveries',
          summary: "What became of an incident's versions at each receiver",
          tags,
          params: IncidentId,
          response: answers(Type.Object({ deliveries: Type.Array(DeliveryAnswer) })),
        },
      },
      async (request) => {
        const { incident } = await incidentFor(desk, personOf(request), request.params.id)
        return { deliveries: await deliveriesOf(desk.store(), [incident]) }
      },
    )
    app.post(
      '/api/incidents/:id/send-again',
      {
        config: { role: 'analyst' },
        schema: {
          operationId: 'sendAgain',
          summary: 'Sends the latest version of an incident again to a receiver that refused it',
          tags,
          params: IncidentId,
          body: Type.Object({ receiver: ReceiverName }, { additionalProperties: false }),
          response: answers(DeliveryAnswer),
        },
      },
      async (request) => ({
        ...(await askAgain(desk, personOf(request), request.params.id, request.body.receiver)),
        outcome: 'again',
      }),
    )
  }
