/** The pages: what the API tells, for people; and their forms, which lead back to a page. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import type { DescribedDetector } from '../../described-detectors.js'
import { maturities, severities } from '../../finding.js'
import {
  deliveriesOf,
  incidentList,
  linksOf,
  longestText,
  reachOf,
  silencer,
  silencesOf,
  type TriageAction,
  triageSteps,
} from '../../incidents.js'
import { type Sight, scopesSeen, serversSeen, subjectsSeen, toolsSeen } from '../../inventory.js'
import { type Desk, incidentFor, personOf } from '../desk.js'
import { detectorStates } from '../detector-lines.js'
import { propose } from '../exclusion/exclude.js'
import type { PolicyWriter } from '../exclusion/policy-file.js'
import { doneAt, type Framing } from '../framing.js'
import { detectorPage, detectorsPage } from '../pages/detectors.js'
import { incidentPage } from '../pages/incident.js'
import { incidentsPage } from '../pages/incidents.js'
import { inventoryPage } from '../pages/inventory.js'
import { scopesPage } from '../pages/scopes.js'
import { sessionPage } from '../pages/session.js'
import { silencesPage } from '../pages/silences.js'
import { isAtLeast, type Person, sees } from '../person.js'
import { sessionView } from '../reading/session.js'
import { Refusal } from '../refusal.js'
import { IncidentId, ReceiverName, SilenceId, statuses } from '../schemas.js'
import { askAgain } from '../sending-again.js'
import { endSilence, silence, silenceDurations } from '../silencing.js'
import { takeStep } from '../steps.js'

export interface PageOptions {
  readonly desk: Desk
  readonly writer: PolicyWriter
  readonly framing: Framing
  /** Where people reach Grafana; '' is none. */
  readonly grafana: string
  readonly policies: Sight['policies']
  readonly detectors: readonly DescribedDetector[]
}

const perPage = 50
/** Rows of an inventory page, and those that are counted; the API and the command line have more. */
const mostShown = 500
const mostCounted = 5_000

const beyond = (rows: readonly unknown[]): number => Math.max(0, rows.length - mostShown)

const hidden = { hide: true } as const
const viewer = { config: { role: 'viewer' } } as const
const analyst = { config: { role: 'analyst' } } as const

const html = (reply: FastifyReply, page: string): FastifyReply => reply.type('text/html; charset=utf-8').send(page)

export const pageRoutes =
  ({ desk, writer, framing, grafana, policies, detectors }: PageOptions): FastifyPluginAsyncTypebox =>
  async (app) => {
    const showTenant = (person: Person): boolean => person.tenant === undefined
    const mayAct = (person: Person): boolean => isAtLeast(person, 'analyst')
    const sightOf = (person: Person): Sight => ({
      store: desk.store(),
      policies,
      tenants: person.tenant === undefined ? [] : [person.tenant],
      limit: mostCounted,
    })

    /** What was asked for last, while it does not stand in the policy file. */
    async function exclusionFor(person: Person, id: string, history: readonly TriageAction[]) {
      const asked = history.findLast(({ action }) => action === 'exclude')
      if (asked === undefined || !mayAct(person)) return { exclusion: '' }
      try {
        const { proposal, yaml } = await propose(desk, person, id, { reason: asked.text, owner: asked.actor })
        const [entry] = proposal.entries
        if (entry === undefined || (await writer.holds(proposal.tenant, entry.id))) return { exclusion: '' }
        const exclusion = `${yaml}\n# ${entry.case}: what was said and sent is not kept, fill it in\n${proposal.story}`
        return { exclusion, ...(isAtLeast(person, 'admin') && { writes: asked.text }) }
      } catch (error) {
        if (error instanceof Refusal) return { exclusion: `# ${error.message}` }
        throw error
      }
    }

    app.get('/', { ...viewer, schema: hidden }, async (_request, reply) => reply.redirect('/incidents', 303))

    app.get(
      '/incidents',
      {
        ...viewer,
        schema: {
          ...hidden,
          querystring: Type.Object({
            status: Type.Array(Type.Enum([...statuses]), { default: [], maxItems: 3 }),
            severity: Type.Array(Type.Enum([...severities]), { default: [], maxItems: 5 }),
            detector: Type.String({ default: '', maxLength: 64 }),
            text: Type.String({ default: '', maxLength: 200 }),
            sort: Type.Enum(['updated', 'opened', 'severity'], { default: 'updated' }),
            page: Type.Integer({ default: 0, minimum: 0, maximum: 2_000 }),
            trial: Type.Optional(Type.Literal('1')),
          }),
        },
      },
      async (request, reply) => {
        const person = personOf(request)
        const { page, trial, ...query } = request.query
        // Who comes without a filter comes to work: what is done with is not in the way.
        const status = request.url.includes('?') ? query.status : statuses.filter((one) => one !== 'resolved')
        const filter = { ...query, status, page, trial: trial === '1' }
        const { incidents, more } = await incidentList(desk.store(), {
          ...query,
          status,
          tenant: person.tenant,
          ...(filter.trial ? {} : { maturity: maturities[1] }),
          offset: page * perPage,
          most: perPage,
        })
        const data = {
          incidents,
          more,
          filter,
          detectors: detectors.map(({ id }) => id),
          showTenant: showTenant(person),
        }
        return html(reply, incidentsPage(data, await framing(request, reply, 'Incidents')))
      },
    )

    app.get('/incidents/:id', { ...viewer, schema: { ...hidden, params: IncidentId } }, async (request, reply) => {
      const person = personOf(request)
      const listed = await incidentFor(desk, person, request.params.id)
      const { incident, history } = listed
      const store = desk.store()
      const [deliveries, reach, silences] = await Promise.all([
        deliveriesOf(store, [incident]),
        // The page is worth seeing without it.
        reachOf(store, incident).catch(() => undefined),
        silencesOf(store, { tenant: incident.tenant, endsAfter: desk.now() }),
      ])
      const data = {
        ...listed,
        deliveries,
        reach,
        silence: silencer(silences)(incident, desk.now()),
        ...(await exclusionFor(person, incident.id, history)),
        grafana: linksOf(incident, { console: '', grafana })[0]?.url ?? '',
        mayAct: mayAct(person),
      }
      return html(reply, incidentPage(data, await framing(request, reply, incident.title)))
    })

    app.post(
      '/incidents/:id/actions',
      {
        ...analyst,
        schema: {
          ...hidden,
          params: IncidentId,
          body: Type.Object({
            action: Type.Enum([...triageSteps]),
            value: Type.String({ default: '', maxLength: 200 }),
            text: Type.String({ default: '', maxLength: longestText }),
            version: Type.Optional(Type.Integer({ minimum: 1 })),
          }),
        },
      },
      async (request, reply) => {
        const { id } = request.params
        const { action, value, text, version } = request.body
        await takeStep(desk, personOf(request), id, { action, value, text, ...(version !== undefined && { version }) })
        return reply.redirect(doneAt(`/incidents/${id}`, action), 303)
      },
    )

    app.post(
      '/incidents/:id/send-again',
      {
        ...analyst,
        schema: { ...hidden, params: IncidentId, body: Type.Object({ receiver: ReceiverName }) },
      },
      async (request, reply) => {
        const { id } = request.params
        await askAgain(desk, personOf(request), id, request.body.receiver)
        return reply.redirect(doneAt(`/incidents/${id}`, 'again'), 303)
      },
    )

    app.get(
      '/sessions/:tenant/:key',
      { ...viewer, schema: { ...hidden, params: Type.Object({ tenant: Type.String(), key: Type.String() }) } },
      async (request, reply) => {
        const { tenant, key } = request.params
        const none = new Refusal('not_found', 'there is no such session')
        if (!sees(personOf(request), tenant)) throw none
        const view = await sessionView(desk.store(), tenant, key)
        if (view === undefined) throw none
        const { incidents } = await incidentList(desk.store(), { tenant, session: view.session, most: 20 })
        return html(reply, sessionPage({ view, incidents }, await framing(request, reply, `Session ${view.session}`)))
      },
    )

    app.get('/inventory', { ...viewer, schema: hidden }, async (request, reply) => {
      const person = personOf(request)
      const sight = sightOf(person)
      const [servers, tools, subjects] = await Promise.all([serversSeen(sight), toolsSeen(sight), subjectsSeen(sight)])
      const data = {
        servers: servers.rows.slice(0, mostShown),
        tools: tools.rows.slice(0, mostShown),
        subjects: subjects.rows.slice(0, mostShown),
        showTenant: showTenant(person),
        omitted: { servers: beyond(servers.rows), tools: beyond(tools.rows), subjects: beyond(subjects.rows) },
      }
      return html(reply, inventoryPage(data, await framing(request, reply, 'Inventory')))
    })

    app.get(
      '/scopes',
      { ...viewer, schema: { ...hidden, querystring: Type.Object({ unused: Type.Optional(Type.Literal('1')) }) } },
      async (request, reply) => {
        const person = personOf(request)
        const unusedOnly = request.query.unused === '1'
        const { rows } = await scopesSeen(sightOf(person), desk.now())
        const asked = unusedOnly ? rows.filter(({ use }) => use === 'unused') : rows
        const data = {
          scopes: asked.slice(0, mostShown),
          omitted: beyond(asked),
          unusedOnly,
          showTenant: showTenant(person),
        }
        return html(reply, scopesPage(data, await framing(request, reply, 'Scopes')))
      },
    )

    app.get('/detectors', { ...viewer, schema: hidden }, async (request, reply) => {
      const data = { detectors: await detectorStates(desk, detectors, personOf(request).tenant) }
      return html(reply, detectorsPage(data, await framing(request, reply, 'Detectors')))
    })

    app.get(
      '/detectors/:id',
      { ...viewer, schema: { ...hidden, params: Type.Object({ id: Type.String() }) } },
      async (request, reply) => {
        const own = detectors.filter(({ id }) => id === request.params.id)
        const [state] = await detectorStates(desk, own, personOf(request).tenant)
        if (state === undefined) throw new Refusal('not_found', 'there is no such detector')
        const { readme, scorecard, id } = state.about
        return html(reply, detectorPage({ ...state, readme, scorecard }, await framing(request, reply, id)))
      },
    )

    app.get('/silences', { ...viewer, schema: hidden }, async (request, reply) => {
      const person = personOf(request)
      const silences = await silencesOf(desk.store(), { tenant: person.tenant })
      const data = { silences, now: desk.now(), mayAct: mayAct(person), showTenant: showTenant(person) }
      return html(reply, silencesPage(data, await framing(request, reply, 'Silences')))
    })

    app.post(
      '/silences',
      {
        ...analyst,
        schema: {
          ...hidden,
          body: Type.Object({
            matchers: Type.String({ maxLength: 10_000 }),
            reason: Type.String({ maxLength: 2_000 }),
            duration: Type.Enum(Object.keys(silenceDurations)),
            owner: Type.String({ default: '', maxLength: 200 }),
            tenant: Type.String({ default: '', maxLength: 63 }),
            incident: Type.Optional(IncidentId.properties.id),
          }),
        },
      },
      async (request, reply) => {
        const person = personOf(request)
        const { matchers, duration, incident: id, ...given } = request.body
        // From an incident's page it is of the incident's tenant, whoever asks.
        const tenant = id === undefined ? given.tenant : (await incidentFor(desk, person, id)).incident.tenant
        const endsAt = desk.now() + (silenceDurations[duration] ?? 0) * 1_000_000
        await silence(desk, person, { ...given, tenant, matchers: matchers.split('\n'), endsAt })
        return reply.redirect(doneAt(id === undefined ? '/silences' : `/incidents/${id}`, 'silence'), 303)
      },
    )

    app.post(
      '/silences/:id/expire',
      { ...analyst, schema: { ...hidden, params: SilenceId } },
      async (request, reply) => {
        await endSilence(desk, personOf(request), request.params.id)
        return reply.redirect(doneAt('/silences', 'expire'), 303)
      },
    )
  }
