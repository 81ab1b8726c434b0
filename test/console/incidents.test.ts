/** The API of incidents: what is answered, how input is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepIncidents, refused, testConsole } from '../support/console.js'
import { baseTime, evidence, finding } from '../support/findings.js'

test('an incident is answered with its evidence, state, history and next steps', async (t) => {
  const { inject, store } = await testConsole(t)
  const hostile = '<script>alert(1)</script> \u202e'
  const [incident] = await keepIncidents(store, [
    finding({ anchor: 'a', title: hostile, steps: [evidence('a', baseTime, 'action', hostile)] }),
  ])
  const reply = await inject({ url: `/api/incidents/${incident?.id}` })
  assert.equal(reply.statusCode, 200, reply.body)
  assert.match(String(reply.headers['content-type']), /^application\/json/)
  const told = reply.json()
  assert.equal(told.title, hostile)
  assert.equal(told.timeline[0].note, hostile)
  assert.deepEqual(told.findings[0].score, { score: 0.93 })
  assert.deepEqual(told.findings[0].tags.mcp, ['MCP06:2025'])
  assert.equal(told.state.status, 'open')
  assert.deepEqual(told.history, [])
  assert.ok(told.nextSteps.length > 0)
})

test('the list filters, sorts and pages', async (t) => {
  const { inject, store } = await testConsole(t)
  const severities = ['low', 'critical', 'high', 'medium'] as const
  for (const [at, severity] of severities.entries())
    await keepIncidents(
      store,
      [finding({ anchor: severity, session: `s${at}`, severity, title: `about ${severity}` })],
      baseTime + at,
    )
  const asked = async (query: string) => {
    const { incidents, more } = (await inject({ url: `/api/incidents${query}` })).json()
    return [incidents.map(({ severity }: { severity: string }) => severity).join(' '), more]
  }
  assert.deepEqual(await asked(''), ['medium high critical low', false])
  assert.deepEqual(await asked('?sort=severity'), ['critical high medium low', false])
  assert.deepEqual(await asked('?severity=low&severity=high'), ['high low', false])
  assert.deepEqual(await asked('?severity=low'), ['low', false])
  assert.deepEqual(await asked('?limit=2'), ['medium high', true])
  assert.deepEqual(await asked('?limit=2&offset=2'), ['critical low', false])
  assert.deepEqual(await asked('?text=ABOUT%20CRIT'), ['critical', false])
  assert.deepEqual(await asked('?status=resolved'), ['', false])
})

test('bad input is refused with one clear error that names the place', async (t) => {
  const { inject } = await testConsole(t)
  const asked: readonly [string, RegExp][] = [
    ['?severity=grave', /querystring\.severity\.0 must be equal to one of the allowed values/],
    ['?limit=many', /querystring\.limit must be integer/],
    ['?limit=100000', /querystring\.limit must be <= 200/],
    ['?severty=low', /querystring must NOT have additional properties/],
    ['/no-uuid', /params\.id must match format "uuid"/],
    ["/' OR 1=1 --", /params\.id must match format "uuid"/],
  ]
  for (const [query, message] of asked) {
    const reply = await inject({ url: `/api/incidents${encodeURI(query)}` })
    assert.equal(refused(reply), '400 bad_input', query)
    assert.match(reply.json().error.message, message)
  }
  assert.equal(refused(await inject({ url: '/api/incidents/9b2c6f1e-0000-4000-8000-000000000000' })), '404 not_found')
  assert.equal(refused(await inject({ url: '/api/%' })), '400 bad_input')
})

test('while the store is being opened the answer is to come again', async (t) => {
  const { inject } = await testConsole(t, { store: () => undefined })
  assert.equal(refused(await inject({ url: '/api/incidents' })), '503 not_ready')
})
