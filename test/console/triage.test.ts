/** What people do with incidents and silences over the API. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepIncidents, refused, testConsole } from '../support/console.js'
import { baseTime, finding } from '../support/findings.js'
import { visit } from '../support/visit.js'

const accounts = {
  vera: { role: 'viewer', tenant: 'acme' },
  ann: { role: 'analyst', tenant: 'acme' },
  ada: { role: 'admin', tenant: '*' },
  gus: { role: 'analyst', tenant: 'globex' },
} as const

const hour = 3_600_000_000

async function withIncident(t: Parameters<typeof testConsole>[0]) {
  const desk = await testConsole(t, { accounts })
  const [incident] = await keepIncidents(desk.store, [finding({ anchor: 'a' })])
  assert.ok(incident)
  return { ...desk, incident, actions: `/api/incidents/${incident.id}/actions` }
}

test('from acknowledging to a verdict, each step is told with who did it, and the list follows', async (t) => {
  const { ask, incident, actions } = await withIncident(t)
  const steps = [
    { action: 'acknowledge' },
    { action: 'assign', value: 'ann' },
    { action: 'comment', text: 'looks <b>real</b>' },
    { action: 'verdict', value: 'true_positive', text: 'the mail went out' },
    { action: 'resolve' },
  ]
  for (const step of steps) {
    const reply = await ask('ann', actions, step)
    assert.equal(reply.statusCode, 200, reply.body)
  }
  const { history, state } = (await ask('vera', `/api/incidents/${incident.id}`)).json()
  assert.deepEqual(
    history.map(({ action, value, text, actor, by, version }: Record<string, unknown>) => [
      action,
      value,
      text,
      actor,
      by,
      version,
    ]),
    [
      ['acknowledge', '', '', 'ann', 'api_key', 1],
      ['assign', 'ann', '', 'ann', 'api_key', 1],
      ['comment', '', 'looks <b>real</b>', 'ann', 'api_key', 1],
      ['verdict', 'true_positive', 'the mail went out', 'ann', 'api_key', 1],
      ['resolve', '', '', 'ann', 'api_key', 1],
    ],
  )
  const wanted = {
    status: 'resolved',
    assignee: 'ann',
    verdict: 'true_positive',
    by: 'ann',
    comments: 1,
    reopened: false,
  }
  assert.deepEqual({ ...wanted, ...state }, { ...state, ...wanted })
  const listed = (await ask('vera', '/api/incidents?status=resolved')).json()
  assert.equal(listed.incidents[0].verdict, 'true_positive')
  assert.deepEqual((await ask('vera', '/api/incidents?status=open')).json().incidents, [])
})

test('a step that the state does not allow is a conflict, and one sent twice is one', async (t) => {
  const { ask, actions } = await withIncident(t)
  const step = { action: 'acknowledge', id: '9b2c6f1e-0000-4000-8000-000000000000' }
  assert.equal((await ask('ann', actions, step)).statusCode, 200)
  const again = await ask('ann', actions, step)
  assert.equal(again.statusCode, 200)
  assert.equal(again.json().history.length, 1)
  assert.equal(refused(await ask('ann', actions, { action: 'acknowledge' })), '409 conflict')
  assert.equal(refused(await ask('ann', actions, { action: 'reopen' })), '200 undefined')
  assert.equal(refused(await ask('ann', actions, { action: 'reopen' })), '409 conflict')
})

test('what is not a step is refused by one clear error, and nothing is kept of it', async (t) => {
  const { ask, incident, actions } = await withIncident(t)
  const bodies: readonly [object, RegExp][] = [
    [{}, /body must have required property 'action'/],
    [{ action: 'delete' }, /body\.action must be equal to one of the allowed values/],
    [{ action: 'exclude' }, /body\.action must be equal/],
    [{ action: 'comment' }, /a comment needs text/],
    [{ action: 'comment', text: ' ' }, /a comment needs text/],
    [{ action: 'comment', text: 'x'.repeat(4001) }, /body\.text must NOT have more than 4000 characters/],
    [{ action: 'verdict', value: 'maybe' }, /a verdict is true_positive/],
    [{ action: 'acknowledge', version: 2 }, /has only 1 version/],
    [{ action: 'acknowledge', tenant: 'globex' }, /body must NOT have additional properties/],
    [{ action: 'acknowledge', actor: 'somebody else' }, /body must NOT have additional properties/],
  ]
  for (const [body, message] of bodies) {
    const reply = await ask('ann', actions, body)
    assert.equal(refused(reply), '400 bad_input', JSON.stringify(body))
    assert.match(reply.json().error.message, message)
  }
  assert.deepEqual((await ask('ann', `/api/incidents/${incident.id}/history`)).json().history, [])
})

test('evidence that came after what was seen reopens what is resolved', async (t) => {
  const { ask, actions, store, incident } = await withIncident(t)
  const { keepVersions } = await import('../../src/incidents.js')
  await keepVersions(store, [{ ...incident, version: 2, updatedAt: baseTime + hour }])
  const { state } = (await ask('ann', actions, { action: 'resolve', version: 1 })).json()
  assert.deepEqual([state.status, state.reopened], ['open', true])
})

test('a session’s change over the API takes its token, and its history says it was a person', async (t) => {
  const desk = await withIncident(t)
  const person = visit(desk)
  await person.get('/log-in')
  await person.post('/log-in', { key: String(desk.keys['ann']) })
  const { csrf } = (await person.get('/api/me')).json()
  const send = (headers: Readonly<Record<string, string>>) =>
    desk.inject({
      method: 'POST',
      url: desk.actions,
      headers: { cookie: person.jar.header, 'content-type': 'application/json', ...headers },
      payload: { action: 'acknowledge' },
    })
  assert.equal(refused(await send({})), '403 wrong_csrf')
  assert.equal(refused(await send({ 'x-csrf-token': 'wrong' })), '403 wrong_csrf')
  assert.equal(refused(await send({ 'x-csrf-token': csrf, origin: 'https://evil.example' })), '403 wrong_csrf')
  const reply = await send({ 'x-csrf-token': csrf })
  assert.equal(reply.json().history[0].by, 'person')
})

test('without accounts a program of this machine may change things, a page of another site may not', async (t) => {
  const { inject, store } = await testConsole(t)
  const [incident] = await keepIncidents(store, [finding({ anchor: 'a' })])
  const send = (headers: Readonly<Record<string, string>>, payload: string) =>
    inject({ method: 'POST', url: `/api/incidents/${incident?.id}/actions`, headers, payload })
  const json = '{"action":"acknowledge"}'
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal(refused(await send(form, 'action=acknowledge')), '403 wrong_csrf')
  const type = { 'content-type': 'application/json' }
  assert.equal(refused(await send({ ...type, origin: 'https://evil.example' }, json)), '403 wrong_csrf')
  assert.equal(refused(await send({ ...type, 'sec-fetch-site': 'cross-site' }, json)), '403 wrong_csrf')
  assert.equal(refused(await send({ 'content-type': 'text/plain' }, json)).slice(0, 3), '403')
  assert.equal((await send(type, json)).statusCode, 200)
})

test('a silence is made, listed and ended, each by whom it is told', async (t) => {
  const { ask, clock } = await withIncident(t)
  const given = { matchers: ['detector="injected-action"', ' '], reason: 'a drill', endsAt: clock.now + hour }
  const reply = await ask('ann', '/api/silences', given)
  assert.equal(reply.statusCode, 201, reply.body)
  const made = reply.json()
  assert.deepEqual(
    [made.tenant, made.owner, made.actor, made.matchers, made.active],
    ['acme', 'ann', 'ann', given.matchers.slice(0, 1), true],
  )
  assert.equal((await ask('vera', '/api/silences')).json().silences.length, 1)
  assert.equal((await ask('gus', '/api/silences')).json().silences.length, 0)
  assert.equal(refused(await ask('gus', `/api/silences/${made.id}/expire`, {})), '404 not_found')
  const ended = await ask('ann', `/api/silences/${made.id}/expire`, {})
  assert.equal(ended.json().active, false)
  assert.equal(refused(await ask('ann', `/api/silences/${made.id}/expire`, {})), '409 conflict')
  assert.equal((await ask('vera', '/api/silences')).json().silences.length, 0)
  assert.equal((await ask('vera', '/api/silences?over=true')).json().silences[0].version, 2)
})

test('a silence of all tenants is seen by all and ended by those of all', async (t) => {
  const { ask, clock } = await withIncident(t)
  const body = { matchers: ['severity="low"'], reason: 'migration', endsAt: clock.now + hour }
  const { id, tenant } = (await ask('ada', '/api/silences', body)).json()
  assert.equal(tenant, '')
  assert.equal((await ask('gus', '/api/silences')).json().silences[0].id, id)
  assert.equal(refused(await ask('gus', `/api/silences/${id}/expire`, {})), '403 not_allowed')
  assert.equal(refused(await ask('gus', '/api/silences', { ...body, tenant: 'acme' })), '403 other_tenant')
  assert.equal((await ask('ada', `/api/silences/${id}/expire`, {})).statusCode, 200)
})

test('all faults of a silence are told at once', async (t) => {
  const { ask, clock } = await withIncident(t)
  const reply = await ask('ann', '/api/silences', {
    matchers: ['colour=red', 'tool=~"("'],
    reason: ' ',
    endsAt: clock.now - hour,
  })
  assert.equal(refused(reply), '400 bad_input')
  const { faults } = reply.json().error
  assert.equal(faults.length, 5, faults.join('\n'))
})
