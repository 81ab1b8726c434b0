/** The detectors: what looks, how it is, and how often it was right. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { DescribedDetector } from '../../described-detectors.js'
import { type Desk, personOf, tenantFor } from '../desk.js'
import { type DetectorState, detectorStates } from '../detector-lines.js'
import { Refusal } from '../refusal.js'
import { answers, DetectorAnswer, TenantName } from '../schemas.js'

const tags = ['detectors']
const Query = Type.Object({ tenant: Type.Optional(TenantName) }, { additionalProperties: false })

export const detectorRoutes =
  (desk: Desk, detectors: readonly DescribedDetector[]): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/api/detectors',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'listDetectors',
          summary: 'Detectors with their state, and their precision by the verdicts of people',
          tags,
          querystring: Query,
          response: answers(Type.Object({ detectors: Type.Array(DetectorAnswer) })),
        },
      },
      async (request) => {
        const states = await detectorStates(desk, detectors, tenantFor(personOf(request), request.query.tenant))
        return { detectors: states.map(told) }
      },
    )
    app.get(
      '/api/detectors/:id',
      {
        config: { role: 'viewer' },
        schema: {
          operationId: 'getDetector',
          summary: 'One detector, with its page and its part of the scorecard',
          tags,
          params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
          querystring: Query,
          response: answers(
            Type.Intersect([
              DetectorAnswer,
              Type.Object({
                readme: Type.String({ description: 'Markdown.' }),
                scorecard: Type.String({ description: 'Lines of its tables.' }),
              }),
            ]),
          ),
        },
      },
      async (request) => {
        const tenant = tenantFor(personOf(request), request.query.tenant)
        const about = detectors.filter(({ id }) => id === request.params.id)
        const [state] = await detectorStates(desk, about, tenant)
        if (state === undefined) throw new Refusal('not_found', 'there is no such detector')
        const { readme, scorecard } = state.about
        return { ...told(state), readme, scorecard }
      },
    )
  }

const never = {
  findings: 0,
  excluded: 0,
  runs: 0,
  failed: 0,
  lastFault: '',
  notEvaluated: 0,
  lacks: [],
  lastRunAt: 0,
  lastFoundAt: 0,
}
const unsaid = { true_positive: 0, benign_true_positive: 0, false_positive: 0, undetermined: 0 }

function told({ about, activity, feedback }: DetectorState) {
  const { id, type, title, severity, maturity, version, needs, tags } = about
  const { detector: _, lacks, ...state } = activity ?? { detector: id, ...never }
  return {
    id,
    type,
    title,
    severity,
    maturity,
    version,
    needs: [...needs],
    tags: [...tags],
    ...state,
    lacks: [...lacks],
    incidents: feedback?.incidents ?? 0,
    verdicts: feedback?.verdicts ?? unsaid,
    precision: feedback?.precision ?? null,
  }
}
