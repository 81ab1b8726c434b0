/** Incidents: the list, one of them, and what was done with it. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { incidentList } from '../../incidents.js'
import { listed, whole } from '../answers.js'
import { type Desk, incidentFor, personOf, tenantFor } from '../desk.js'
import { answers, HistoryStep, IncidentAnswer, IncidentId, IncidentsQuery, ListedIncidentAnswer } from '../schemas.js'

const tags = ['incidents']

export const incidentRoutes =
  (desk: Desk): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api/incidents',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listIncidents',
          summary: 'Incidents, last changed first',
          tags,
          querystring: IncidentsQuery,
          response: answers(
            Type.Object({
              incidents: Type.Array(ListedIncidentAnswer),
              more: Type.Boolean({ description: 'There are more: ask again with a larger offset.' }),
            }),
          ),
        },
      },
      async (request) => {
        const { tenant, limit, ...rest } = request.query
        const { incidents, more } = await incidentList(desk.store(), {
          ...rest,
          tenant: tenantFor(personOf(request), tenant),
          most: limit,
        })
        return { incidents: incidents.map(listed), more }
      },
    )
    app.get(
      '/api/incidents/:id',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getIncident',
          summary: 'One incident: findings, timeline, values that tie it together, state and history',
          tags,
          params: IncidentId,
          response: answers(IncidentAnswer),
        },
      },
      async (request) => {
        return whole(await incidentFor(desk, personOf(request), request.params.id))
      },
    )
    app.get(
      '/api/incidents/:id/history',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getIncidentHistory',
          summary: 'Who did what with an incident, oldest first; nothing is ever removed from it',
          tags,
          params: IncidentId,
          response: answers(Type.Object({ history: Type.Array(HistoryStep) })),
        },
      },
      async (request) => {
        const { history } = await incidentFor(desk, personOf(request), request.params.id)
        return { history: [...history] }
      },
    )
  }
