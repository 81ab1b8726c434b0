/** The pages over HTTP: who sees them, what their forms do, where these lead. What a page looks like is tested beside the pages. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { keepIncidents, keepRefused, testConsole } from '../support/console.js'
import { asItIs, everyPage } from '../support/console-pages.js'
import { auditEvent } from '../support/events.js'
import { finding } from '../support/findings.js'
import { visit } from '../support/visit.js'

const accounts = {
  vera: { role: 'viewer', tenant: 'acme' },
  ann: { role: 'analyst', tenant: 'acme' },
  ada: { role: 'admin', tenant: '*' },
  mallory: { role: 'admin', tenant: 'globex' },
} as const

const hostile = `<img src=x onerror=alert(1)>"'&`

async function world(t: TestContext) {
  const desk = await testConsole(t, { accounts, config: { grafanaUrl: 'https://grafana.example/' } })
  await desk.store.insertEvents([
    auditEvent({ tenant: 'acme', sessionKey: 'conversation-1', serverName: hostile, tool: hostile, subject: hostile }),
  ])
  await desk.store.refreshRollups()
  const [incident] = await keepIncidents(desk.store, [
    finding({
      anchor: 'a',
      title: hostile,
      summary: hostile,
      server: hostile,
      subject: hostile,
      session: 'conversation-1',
    }),
  ])
  assert.ok(incident)
  const as = async (name: keyof typeof accounts) => {
    const person = visit(desk)
    await person.get('/log-in')
    await person.post('/log-in', { key: String(desk.keys[name]) })
    return person
  }
  return { ...desk, incident, as, at: `/incidents/${incident.id}` }
}

test('every page is shown, with its text as text and nothing that the policy of content forbids', async (t) => {
  const { as, at } = await world(t)
  const person = await as('ada')
  assert.equal((await person.get('/')).headers.location, '/incidents')
  const pages = [
    '/incidents',
    at,
    '/sessions/acme/conversation-1',
    '/inventory',
    '/scopes',
    '/scopes?unused=1',
    '/detectors',
    '/detectors/injected-action',
    '/silences',
  ]
  for (const url of pages) {
    const reply = await person.get(url)
    assert.equal(reply.statusCode, 200, `${url}: ${reply.body}`)
    assert.match(String(reply.headers['content-type']), /^text\/html/)
    assert.ok(!reply.body.includes('<img'), url)
    assert.doesNotMatch(reply.body, /<style|<script(?! src="\/assets)| style=| on\w+="/, url)
    assert.match(reply.body, /action="\/log-out"/)
  }
  for (const url of ['/incidents', at, '/sessions/acme/conversation-1', '/inventory'])
    assert.match((await person.get(url)).body, /&lt;img src=x/, url)
  assert.match(
    (await person.get(at)).body,
    /href="https:\/\/grafana\.example\/d\/watchkeeper-investigation\?var-incident=/,
  )
})

test('style and script are files of ours, and not sent twice', async (t) => {
  const { inject } = await testConsole(t, { accounts })
  for (const url of ['/assets/console.css', '/assets/console.js', '/assets/icon.svg']) {
    const { statusCode, headers, body } = await inject({ url })
    assert.equal(statusCode, 200)
    assert.ok(body.length > 100)
    assert.equal((await inject({ url, headers: { 'if-none-match': String(headers['etag']) } })).statusCode, 304)
  }
})

test('another tenant’s incident, session and list are not there', async (t) => {
  const { as, at } = await world(t)
  const mallory = await as('mallory')
  for (const url of [at, '/sessions/acme/conversation-1']) {
    const reply = await mallory.get(url)
    assert.equal(reply.statusCode, 404, url)
    assert.ok(!reply.body.includes('img src'), url)
  }
  for (const url of ['/incidents', '/inventory', '/scopes', '/detectors', '/silences'])
    assert.ok(!(await mallory.get(url)).body.includes('img src'), url)
  assert.equal((await mallory.post(`${at}/actions`, { action: 'acknowledge' })).statusCode, 404)
})

test('a form leads back to its page, which says what was done', async (t) => {
  const { as, at, ask, incident } = await world(t)
  const person = await as('ann')
  await person.get(at)
  const reply = await person.post(`${at}/actions`, {
    action: 'verdict',
    value: 'true_positive',
    text: 'seen',
    version: '1',
  })
  assert.equal(reply.statusCode, 303, reply.body)
  assert.equal(reply.headers.location, `${at}?done=verdict`)
  assert.match((await person.get(String(reply.headers.location))).body, /The verdict was kept/)
  const { history } = (await ask('vera', `/api/incidents/${incident.id}/history`)).json()
  assert.deepEqual([history[0].actor, history[0].by, history[0].text], ['ann', 'person', 'seen'])
  assert.doesNotMatch(
    (await person.get(`${at}?done=Call+0900+now`)).body,
    /0900/,
    'a link puts no words into our mouth',
  )
})

test('what a receiver refused is sent again from the page, once; others may not ask for it', async (t) => {
  const { as, at, ask, store, incident } = await world(t)
  await keepRefused(store, incident, { receiver: 'chat', reason: 'answered 404' })
  const person = await as('ann')
  assert.match((await person.get(at)).body, /Send again/)
  const reply = await person.post(`${at}/send-again`, { receiver: 'chat' })
  assert.equal(reply.headers.location, `${at}?done=again`, reply.body)
  const page = (await person.get(String(reply.headers.location))).body
  assert.match(page, /It will be sent again/)
  assert.doesNotMatch(page, /Send again/)
  assert.equal((await person.post(`${at}/send-again`, { receiver: 'chat' })).statusCode, 409)
  assert.equal((await ask('vera', `/api${at}/send-again`, { receiver: 'chat' })).statusCode, 403)
  const { deliveries } = (await ask('vera', `/api${at}/deliveries`)).json()
  assert.deepEqual([deliveries[0].outcome, deliveries[0].reason], ['again', 'asked for by ann'])
})

test('every form and every link of every page leads to a route that is there', async (t) => {
  const { app } = await testConsole(t, {
    accounts,
    // It need not answer: its routes are there.
    config: { oidcIssuer: 'http://127.0.0.1:9', oidcClientId: 'console', consoleUrl: 'http://127.0.0.1:8318' },
  })
  await app.ready()
  const pages = [...everyPage(asItIs).values()].join('')
  const addresses = (method: 'GET' | 'POST', marks: RegExp) =>
    [...pages.matchAll(marks)].map(([, path = '']) => [method, path.replace(/[?#].*/, '')] as const)
  const wanted = [
    ...addresses('POST', /<form method="post" action="([^"]+)"/g),
    ...addresses('GET', /<form[^>]* method="get"[^>]* action="([^"]+)"/g),
    ...addresses('GET', / href="(\/[^"]*)"/g),
  ]
  assert.ok(wanted.some(([, path]) => path.endsWith('/send-again')))
  assert.ok(wanted.length > 40, `${wanted.length}`)
  const patternOf = (path: string): string =>
    path
      .replace(/^\/(incidents|silences|detectors)\/[^/]+/, '/$1/:id')
      .replace(/^\/sessions\/[^/]+\/[^/]+/, '/sessions/:tenant/:key')
  for (const [method, path] of wanted) assert.ok(app.hasRoute({ method, url: patternOf(path) }), `${method} ${path}`)
})

test('a form is refused without its token, to a viewer, and for a step that is none; the page says why', async (t) => {
  const { as, at } = await world(t)
  const ann = await as('ann')
  await ann.get(at)
  assert.equal((await ann.post(`${at}/actions`, { action: 'acknowledge', csrf: 'x' })).statusCode, 403)
  assert.equal((await ann.post(`${at}/actions`, { action: 'explode' })).statusCode, 400)
  assert.equal((await ann.post(`${at}/actions`, { action: 'reopen' })).statusCode, 409)
  const vera = await as('vera')
  assert.doesNotMatch((await vera.get(at)).body, /action="\/incidents\/[^"]+\/actions"/)
  const reply = await vera.post(`${at}/actions`, { action: 'acknowledge' })
  assert.equal(reply.statusCode, 403)
  assert.match(reply.body, /takes the role analyst/)
})

test('a silence from an incident is of the incident’s tenant, also by somebody of all', async (t) => {
  const { as, at, ask, incident } = await world(t)
  const ada = await as('ada')
  await ada.get(at)
  const fields = {
    matchers: 'detector="injected-action"\r\n',
    duration: '4h',
    reason: 'a drill',
    incident: incident.id,
  }
  const reply = await ada.post('/silences', fields)
  assert.equal(reply.headers.location, `${at}?done=silence`, reply.body)
  const { silences } = (await ask('vera', '/api/silences')).json()
  assert.equal(silences[0].tenant, 'acme')
  const ann = await as('ann')
  assert.match((await ann.get('/silences')).body, /a drill/)
  const ended = await ann.post(`/silences/${silences[0].id}/expire`, {})
  assert.equal(ended.headers.location, '/silences?done=expire')
  assert.deepEqual((await ask('vera', '/api/silences')).json().silences, [])
})

test('the list begins with what is not done, and a filter shows the rest', async (t) => {
  const { as, at } = await world(t)
  const ann = await as('ann')
  await ann.get(at)
  await ann.post(`${at}/actions`, { action: 'resolve' })
  assert.ok(!(await ann.get('/incidents')).body.includes('img src'))
  assert.ok((await ann.get('/incidents?status=resolved&sort=updated')).body.includes('img src'))
  assert.equal((await ann.get('/incidents?severity=grave')).statusCode, 400)
})

test('without accounts the pages work on this machine, and say so', async (t) => {
  const desk = await testConsole(t)
  const [incident] = await keepIncidents(desk.store, [finding({ anchor: 'a' })])
  const person = visit(desk)
  const at = `/incidents/${incident?.id}`
  assert.match((await person.get(at)).body, /no accounts yet/)
  assert.equal(
    (await person.post(`${at}/actions`, { action: 'acknowledge' })).headers.location,
    `${at}?done=acknowledge`,
  )
  const stranger = await desk.inject({ url: at, remoteAddress: '10.0.0.7' })
  assert.equal(stranger.statusCode, 503)
  assert.match(stranger.body, /watchkeeper accounts create/)
})
