/** What people do with an incident. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { reachOf } from '../../incidents.js'
import { type Desk, incidentFor, personOf } from '../desk.js'
import { ActionBody, answers, HistoryStep, IncidentId, ReachAnswer, State } from '../schemas.js'
import { takeStep } from '../steps.js'

export const actionRoutes =
  (desk: Desk): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/api/incidents/:id/actions',
      {
        config: { role: 'analyst' },
        schema: {
          operationId: 'actOnIncident',
          summary: 'Acknowledge, assign, comment, resolve, reopen or give a verdict',
          tags: ['incidents'],
          params: IncidentId,
          body: ActionBody,
          response: answers(Type.Object({ state: State, history: Type.Array(HistoryStep) })),
        },
      },
      async (request) => {
        const { state, history } = await takeStep(desk, personOf(request), request.params.id, request.body)
        return { state, history: [...history] }
      },
    )
    app.get(
      '/api/incidents/:id/reach',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getIncidentReach',
          summary: 'Where else its values, texts and destinations were met, within a week of it',
          tags: ['incidents'],
          params: IncidentId,
          response: answers(ReachAnswer),
        },
      },
      async (request) => {
        const { incident } = await incidentFor(desk, personOf(request), request.params.id)
        const { sessions, total, destinations } = await reachOf(desk.store(), incident)
        return {
          total,
          destinations: [...destinations],
          sessions: sessions.map(({ by, subjects, servers, ...one }) => ({
            ...one,
            by: [...by],
            subjects: [...subjects],
            servers: [...servers],
          })),
        }
      },
    )
  }
