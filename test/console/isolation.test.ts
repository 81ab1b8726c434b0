/**
 * No account sees another tenant's data and none does more than its role, on any route: the routes are read off the API's own
 * description, so that one more cannot be forgotten.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Incident, keepSilence } from '../../src/incidents.js'
import { keepIncidents, keepRefused, testConsole } from '../support/console.js'
import { auditEvent } from '../support/events.js'
import { baseTime, finding, findingRow } from '../support/findings.js'

const accounts = {
  mallory: { role: 'admin', tenant: 'globex' },
  vera: { role: 'viewer', tenant: 'acme' },
  ann: { role: 'analyst', tenant: 'acme' },
  ada: { role: 'admin', tenant: 'acme' },
} as const

/** In every text of acme's that a route could show. */
const mark = 'acme-only'
const silenceId = '7f0c2c5e-1111-4111-8111-111111111111'

async function world(t: TestContext) {
  const desk = await testConsole(t, { accounts })
  const { store, clock } = desk
  await store.insertEvents([
    auditEvent({
      tenant: 'acme',
      endedAt: baseTime,
      subject: `${mark}-subject`,
      serverName: `${mark}-server`,
      tool: `${mark}-tool`,
      sessionKey: `${mark}-session`,
      scopesGranted: [`${mark}-scope`],
    }),
  ])
  await store.refreshRollups()
  const text = {
    title: `${mark} title`,
    summary: `${mark} summary`,
    subject: `${mark}-subject`,
    server: `${mark}-server`,
  }
  const found = finding({ anchor: 'a', ...text, session: `${mark}-session` })
  await store.insert('findings', [findingRow(found)])
  const [incident] = await keepIncidents(store, [found])
  assert.ok(incident)
  await keepSilence(store, {
    id: silenceId,
    tenant: 'acme',
    version: 1,
    matchers: [`server="${mark}"`],
    owner: 'ann',
    reason: mark,
    startsAt: baseTime,
    endsAt: clock.now + 3_600_000_000,
    actor: 'ann',
    at: baseTime,
  })
  await keepRefused(store, incident, { receiver: 'chat', reason: mark })
  const { paths } = (await desk.ask('ada', '/api/openapi.json')).json() as { paths: Paths }
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method): Route => ({ path, method })),
  )
  return { ...desk, incident, routes }
}

type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>

interface Route {
  readonly path: string
  readonly method: string
}

/** The address of acme's own thing. */
function addressOf(path: string, incident: Incident): string {
  const values: Readonly<Record<string, string>> = {
    '/api/incidents/{id}': incident.id,
    '/api/silences/{id}': silenceId,
    '/api/risk/{kind}': 'subjects',
    '/api/detectors/{id}': 'injected-action',
  }
  return path.replace(/\{(\w+)\}/g, (whole, name: string, at: number) => {
    if (name === 'tenant') return 'acme'
    if (name === 'key') return `${mark}-session`
    const value = values[path.slice(0, at) + whole]
    assert.ok(value, `this test does not know what stands for ${whole} in ${path}`)
    return value
  })
}

/** A good body of each route that takes one. */
const bodies: Readonly<Record<string, object>> = {
  '/api/incidents/{id}/actions': { action: 'comment', text: 'hello' },
  '/api/incidents/{id}/exclusion': { reason: 'a drill', expires: '2026-12-24' },
  '/api/incidents/{id}/send-again': { receiver: 'chat' },
  '/api/silences': { matchers: ['severity="low"'], reason: 'a drill', endsAt: baseTime + 7_200_000_000 },
  '/api/silences/{id}/expire': {},
}

test('as an admin of another tenant no route shows or changes anything of it', async (t) => {
  const { ask, routes, incident } = await world(t)
  assert.ok(routes.length >= 13, `${routes.length}`)
  for (const { path, method } of routes) {
    const body = method === 'post' ? bodies[path] : undefined
    assert.ok(method === 'get' || body, `this test has no body for ${path}`)
    const address = addressOf(path, incident)
    for (const url of method === 'get' ? [address, `${address}?tenant=acme`] : [address]) {
      const reply = await ask('mallory', url, body)
      assert.ok(!reply.body.includes(mark), `${method} ${url} shows ${reply.body}`)
      assert.notEqual(reply.statusCode, 500, url)
      if (path.includes('{') && !/\/(risk|detectors)\//.test(path)) assert.equal(reply.statusCode, 404, url)
    }
  }
  assert.deepEqual((await ask('ann', `/api/incidents/${incident.id}/history`)).json().history, [])
  const dead = (await ask('ann', '/api/deliveries/dead')).json().deliveries
  assert.deepEqual([dead.length, dead[0].outcome, dead[0].attempts], [1, 'refused', 1])
  const { silences } = (await ask('ann', '/api/silences')).json()
  assert.deepEqual([silences.length, silences[0].version], [1, 1])
})

test('what those may see whose it is does hold the mark: the test before can fail', async (t) => {
  const { ask, routes, incident } = await world(t)
  const shown: string[] = []
  for (const { path, method } of routes)
    if (method === 'get' && (await ask('ada', addressOf(path, incident))).body.includes(mark)) shown.push(path)
  for (const path of [
    '/api/incidents',
    '/api/incidents/{id}',
    '/api/silences',
    '/api/deliveries/dead',
    '/api/incidents/{id}/deliveries',
    '/api/inventory/servers',
    '/api/inventory/tools',
    '/api/inventory/scopes',
    '/api/inventory/subjects',
    '/api/risk/{kind}',
  ])
    assert.ok(shown.includes(path), `${path} shows nothing: ${shown}`)
})

test('viewers read and change nothing, analysts act, and nobody without an account does anything', async (t) => {
  const { ask, inject, routes, incident } = await world(t)
  for (const { path, method } of routes) {
    const url = addressOf(path, incident)
    const anonymous = await inject({
      method: method === 'get' ? 'GET' : 'POST',
      url,
      ...(bodies[path] && { payload: bodies[path] }),
    })
    assert.equal(anonymous.statusCode, 401, `${method} ${path}`)
    const body = method === 'post' ? (bodies[path] ?? {}) : undefined
    const viewer = await ask('vera', url, body)
    if (method === 'get') assert.equal(viewer.statusCode, 200, `${path}: ${viewer.body}`)
    else {
      assert.equal(viewer.statusCode, 403, `${method} ${path}`)
      const analyst = await ask('ann', url, body)
      assert.ok(analyst.statusCode < 300, `${path}: ${analyst.body}`)
    }
  }
})
