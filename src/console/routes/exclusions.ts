/** "Make this an exclusion", for programs and for the page's form. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { type Desk, personOf } from '../desk.js'
import { exclude, propose } from '../exclusion/exclude.js'
import type { PolicyWriter } from '../exclusion/policy-file.js'
import { doneAt } from '../framing.js'
import { isAtLeast } from '../person.js'
import { Refusal } from '../refusal.js'
import { answers, IncidentId } from '../schemas.js'

const given = {
  reason: Type.String({ minLength: 1, maxLength: 2_000 }),
  owner: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Who answers for it; default: you.' })),
  expires: Type.Optional(
    Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'Its last day; default: in 90 days.' }),
  ),
}

export const exclusionRoutes =
  (desk: Desk, writer: PolicyWriter): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.post(
      '/api/incidents/:id/exclusion',
      {
        config: { role: 'analyst' },
        schema: {
          operationId: 'excludeIncident',
          summary:
            'What to write into the policy file so that the like is recorded and alerts nobody; for admins it can be written',
          tags: ['incidents'],
          params: IncidentId,
          body: Type.Object(
            { ...given, write: Type.Boolean({ default: false, description: 'Write it. Takes the role admin.' }) },
            { additionalProperties: false },
          ),
          response: answers(
            Type.Object({
              yaml: Type.String({ description: 'To paste into the policy file.' }),
              casePath: Type.String({ description: 'Where the case belongs, from the folder of the policy file.' }),
              case: Type.String({
                description: 'A recording of its calls; what was said and sent is not kept and has to be filled in.',
              }),
              written: Type.Boolean(),
              why: Type.String({ description: "Why it is not written, where it should be; ''." }),
            }),
          ),
        },
      },
      async (request) => {
        const person = personOf(request)
        const { write, ...rest } = request.body
        if (write && !isAtLeast(person, 'admin'))
          throw new Refusal('not_allowed', `writing an exclusion takes the role admin, and yours is ${person.role}`)
        const { id: incidentId } = request.params
        const told = await propose(desk, person, incidentId, rest)
        const why = write ? await exclude(desk, writer, { person, incidentId, told }) : ''
        const { entries, story } = told.proposal
        return { yaml: told.yaml, casePath: entries[0]?.case ?? '', case: story, written: write && why === '', why }
      },
    )

    app.post(
      '/incidents/:id/exclusion',
      {
        config: { role: 'admin' },
        schema: { hide: true, params: IncidentId, body: Type.Object({ reason: given.reason }) },
      },
      async (request, reply) => {
        const { id: incidentId } = request.params
        const person = personOf(request)
        const told = await propose(desk, person, incidentId, { reason: request.body.reason })
        const fault = await exclude(desk, writer, { person, incidentId, told })
        if (fault !== '') throw new Refusal('conflict', `${fault}; the entry to paste is on the incident's page`)
        return reply.redirect(doneAt(`/incidents/${incidentId}`, 'excluded'), 303)
      },
    )
  }
