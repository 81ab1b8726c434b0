/** Several incidents in one message, links to our pages, and what tells two messages apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uids } from '../../dashboards/addresses.js'
import { callsAround } from '../../src/alert/around.js'
import { cef } from '../../src/alert/cef.js'
import { cloudEvent } from '../../src/alert/cloud-event.js'
import { digestOf } from '../../src/alert/digest.js'
import { eventIdOf } from '../../src/alert/event-id.js'
import { joinFindings } from '../../src/alert/joining.js'
import type { Notifier, Told } from '../../src/alert/notifiers/contract.js'
import { slack } from '../../src/alert/notifiers/slack.js'
import { teams } from '../../src/alert/notifiers/teams.js'
import { webhook } from '../../src/alert/notifiers/webhook.js'
import { detectionFinding } from '../../src/alert/ocsf.js'
import { roundupOf } from '../../src/alert/roundup.js'
import type { Finding } from '../../src/finding.js'
import { type Incident, investigation, linksOf } from '../../src/incidents.js'
import { auditEvent, baseTime as eventTime } from '../support/events.js'
import { baseTime, finding, second } from '../support/findings.js'
import { httpReceiver } from '../support/http-receiver.js'
import { openTestStore } from '../support/store.js'
import * as vendors from '../support/vendors.js'

const now = () => baseTime + 60 * second
const places = { console: 'https://watch.example/', grafana: 'https://grafana.example' }
const nasty = '<!channel> *b* [x](https://evil.example) \u202e</script>'

function incidentOf(given: Partial<Finding> & { readonly anchor: string }): Incident {
  const [made] = joinFindings([finding({ session: `c:${given.anchor}`, ...given })], [], now())
  assert.ok(made)
  return made.incident
}
const told: readonly Told[] = [
  { incident: incidentOf({ anchor: 'a', severity: 'low', title: nasty }), notice: 'opened' },
  { incident: incidentOf({ anchor: 'b', severity: 'critical' }), notice: 'updated' },
  { incident: incidentOf({ anchor: 'c', severity: 'low' }), notice: 'reminded' },
]

test('a roundup has the worst first, a line for each, and is the same message in any order', () => {
  const roundup = roundupOf(told, places)
  assert.equal(roundup.headline, '[CRITICAL] 3 incidents: 1 critical, 2 low')
  assert.match(roundup.timeline[0] ?? '', /^Update: critical · A call does what/)
  assert.equal(roundup.timeline.length, 3)
  assert.ok(roundup.timeline.some((line) => line.startsWith('Still open: low')))
  assert.equal(roundup.event, roundupOf(told.toReversed()).event)
  assert.notEqual(roundup.event, roundupOf(told.slice(1)).event)
  assert.doesNotMatch(JSON.stringify(roundup), /https:\/\/evil|\u202e/)
})

test('a step or a reminder is another event than the version that it is about, and so is the next one', () => {
  const incident = incidentOf({ anchor: 'a' })
  const later = { ...incident, updatedAt: incident.updatedAt + second }
  const ids = [
    eventIdOf(incident, 'opened'),
    eventIdOf(incident, 'reminded'),
    eventIdOf(later, 'reminded'),
    eventIdOf(incident, 'resolved'),
  ]
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(eventIdOf(incident, 'updated'), eventIdOf(later, 'opened'), 'a version is one event')
})

test('links lead to the console and to the investigation dashboard, and hold ids alone', () => {
  assert.equal(investigation, uids.investigation)
  const incident = incidentOf({ anchor: nasty, title: nasty })
  assert.deepEqual(linksOf(incident, places), [
    { name: 'Console', url: `https://watch.example/incidents/${incident.id}` },
    { name: 'Grafana', url: `https://grafana.example/d/watchkeeper-investigation?var-incident=${incident.id}` },
  ])
  assert.deepEqual(linksOf(incident, { console: '', grafana: '' }), [])
  const url = `https://watch.example/incidents/${incident.id}`
  assert.equal(digestOf(incident, 'opened', places).links[0]?.url, url)
  assert.equal(JSON.parse(cloudEvent(incident, 'opened', places)).data.links[0].url, url)
  assert.ok(cef(incident, 'opened', places).includes(`request=${url}`))
  assert.equal((detectionFinding(incident, 'opened', places)['finding_info'] as { src_url: string }).src_url, url)
})

for (const [kind, make, vendor] of [
  ['slack', (url: string): Notifier => slack({ name: 'chat', url: async () => url, now, places }), vendors.slack],
  ['teams', (url: string): Notifier => teams({ name: 'chat', url: async () => url, now, places }), vendors.teams],
] as const)
  test(`${kind} takes a roundup as it documents, with links that open our pages and nothing else`, async (t) => {
    const receiver = await httpReceiver(t, (response, request) => {
      response.writeHead(vendor(request)).end()
    })
    const answer = await make(receiver.url).deliverTogether?.(told, new AbortController().signal)
    assert.equal(answer?.type, 'delivered', JSON.stringify(answer))
    const [{ body } = { body: '' }] = receiver.received
    for (const { incident } of told) assert.ok(body.includes(`https://watch.example/incidents/${incident.id}`))
    // What Slack would act on is only text in a run of Teams.
    assert.doesNotMatch(body, kind === 'slack' ? /<!channel>|https:\/\/evil/ : /https:\/\/evil/)
  })

test('the webhook gets a batch of CloudEvents, each with its own id, signed as a whole', async (t) => {
  const receiver = await httpReceiver(t)
  const notifier = webhook({
    name: 'w',
    url: async () => receiver.url,
    secret: async () => 'whsec_c2VjcmV0',
    now,
    places,
  })
  const answer = await notifier.deliverTogether?.(told, new AbortController().signal)
  assert.equal(answer?.type, 'delivered')
  const [request] = receiver.received
  assert.ok(request)
  assert.match(String(request.headers['content-type']), /^application\/cloudevents-batch\+json/)
  assert.ok(request.headers['webhook-signature'])
  const batch = JSON.parse(request.body) as { id: string; type: string }[]
  assert.deepEqual(
    batch.map(({ id, type }) => [id, type.split('.').at(-1)]),
    told.map(({ incident, notice }) => [eventIdOf(incident, notice), notice]),
  )
})

test('a message tells the calls around the evidence, made safe', () => {
  const incident: Incident = {
    ...incidentOf({ anchor: 'a' }),
    around: { before: ['crm.list', nasty], after: ['mail.send'] },
  }
  const { timeline } = digestOf(incident, 'opened')
  assert.match(timeline[0] ?? '', /^before that: crm\.list, /)
  assert.match(timeline[1] ?? '', /^1\. \d\d:\d\d:\d\d source: /)
  assert.deepEqual(timeline.slice(3), ['after that: mail.send'])
  assert.doesNotMatch(timeline.join('\n'), /https:\/\/evil|\u202e/)
})

test('the calls around are those of its session before and after the evidence, and none where nobody can say', async (t) => {
  const store = await openTestStore(t)
  const at = (step: number) => eventTime + step * second
  const call = (step: number, tool: string, conversationId = 'own') =>
    auditEvent({ conversationId, traceId: '', tool, endedAt: at(step), startedAt: at(step) })
  const evidence = call(5, 'send')
  await store.insertEvents([
    ...[0, 1, 2, 3, 4].map((step) => call(step, `before_${step}`)),
    evidence,
    call(6, 'after_6'),
    call(6, 'elsewhere', 'another'),
  ])
  const incident = incidentOf({
    anchor: 'a',
    session: 'c:own',
    at: at(5),
    steps: [{ recordId: evidence.recordId, eventId: evidence.eventId, at: at(5), part: 'action', note: 'x' }],
  })
  assert.deepEqual(await callsAround(store, incident), {
    before: ['crm.before_2', 'crm.before_3', 'crm.before_4'],
    after: ['crm.after_6'],
  })
  const away = { query: () => Promise.reject(new Error('away')) }
  assert.deepEqual(await callsAround(away, incident), { before: [], after: [] })
})
