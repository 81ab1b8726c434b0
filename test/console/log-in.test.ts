/** People log in: with the key of an account or at a provider, for a while, in one browser. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readConfig } from '../../src/config.js'
import { changeAccounts } from '../../src/console/accounts/file.js'
import { providerOf } from '../../src/console/provider.js'
import { refused, type TestConsole, testConsole } from '../support/console.js'
import { type Claims, Jar, testProvider } from '../support/provider.js'
import { temporaryFolder } from '../support/receiver.js'
import { visit } from '../support/visit.js'

const accounts = { mia: { role: 'analyst', tenant: 'acme' } } as const
const list = '/api/incidents'

async function loggedIn(desk: TestConsole) {
  const person = visit(desk)
  await person.get('/log-in')
  const reply = await person.post('/log-in', { key: String(desk.keys['mia']), next: '/incidents?severity=high' })
  assert.equal(reply.statusCode, 303)
  assert.equal(reply.headers.location, '/incidents?severity=high')
  return person
}

test('who is not logged in is led to the log-in and from there to where they went', async (t) => {
  const desk = await testConsole(t, { accounts })
  const reply = await visit(desk).get('/incidents/9b2c6f1e-0000-4000-8000-000000000000?a=b')
  assert.equal(reply.statusCode, 303)
  assert.equal(reply.headers.location, '/log-in?next=%2Fincidents%2F9b2c6f1e-0000-4000-8000-000000000000%3Fa%3Db')
})

test('the key of an account opens a session, and logging out ends it', async (t) => {
  const desk = await testConsole(t, { accounts })
  const person = await loggedIn(desk)
  assert.equal((await person.get(list)).statusCode, 200)
  assert.equal(refused(await person.get(`${list}?tenant=globex`)), '403 other_tenant')
  assert.equal((await person.get('/log-in?next=/detectors')).headers.location, '/detectors')
  const { csrf } = (await person.get('/api/me')).json()
  assert.equal((await person.post('/log-out', { csrf })).statusCode, 303)
  assert.equal(refused(await person.get(list)), '401 no_log_in')
})

test('a wrong key opens nothing, and the form says so', async (t) => {
  const person = visit(await testConsole(t, { accounts }))
  await person.get('/log-in')
  const reply = await person.post('/log-in', { key: 'wkc_00000000_nothing' })
  assert.equal(reply.statusCode, 401)
  assert.match(reply.body, /This is no valid key/)
  assert.equal(refused(await person.get(list)), '401 no_log_in')
})

test('a session outlives a restart and is good at another replica of the same secret, and at no other', async (t) => {
  const dataDir = await temporaryFolder(t)
  const first = await testConsole(t, { accounts, config: { dataDir } })
  const person = await loggedIn(first)
  const asked = { url: list, headers: { cookie: person.jar.header } }
  const again = await testConsole(t, { config: { dataDir }, kept: first.store })
  assert.equal((await again.inject(asked)).statusCode, 200)
  const stranger = await testConsole(t, { accounts, config: { consoleSecret: 'x'.repeat(32) }, kept: first.store })
  assert.equal(refused(await stranger.inject(asked)), '401 no_log_in')
})

test('a session ends by itself, and with its account', async (t) => {
  const desk = await testConsole(t, { accounts })
  const person = await loggedIn(desk)
  desk.clock.now += 9 * 3_600_000_000
  assert.equal((await person.get(list)).statusCode, 200)
  await changeAccounts(desk.accountsFile, (file) => ({
    ...file,
    accounts: file.accounts.map((one) => ({ ...one, revokedAt: '2026-11-24T00:00:00Z' })),
  }))
  desk.clock.now += 1_000_000
  assert.equal(refused(await person.get(list)), '401 no_log_in')

  const other = await testConsole(t, { accounts, kept: desk.store })
  const late = await loggedIn(other)
  other.clock.now += 11 * 3_600_000_000
  assert.equal(refused(await late.get(list)), '401 no_log_in')
})

test('a cookie that was changed is none', async (t) => {
  const desk = await testConsole(t, { accounts })
  const person = await loggedIn(desk)
  const cookie = person.jar.header
  const changed = cookie.slice(0, -3) + (cookie.endsWith('AAA') ? 'BBB' : 'AAA')
  assert.equal(refused(await desk.inject({ url: list, headers: { cookie: changed } })), '401 no_log_in')
})

test('cookies are for this host, not for scripts, and over https where the console is', async (t) => {
  const plain = await visit(await testConsole(t, { accounts })).get('/log-in')
  assert.match(String(plain.headers['set-cookie']), /^watchkeeper=.*HttpOnly; SameSite=Lax/)
  const desk = await testConsole(t, { accounts, config: { consoleUrl: 'https://watch.example' } })
  const secure = await visit(desk).get('/log-in')
  assert.match(String(secure.headers['set-cookie']), /^__Host-watchkeeper=.*Path=\/;.*HttpOnly; Secure; SameSite=Lax/)
  assert.match(String(secure.headers['strict-transport-security']), /max-age=\d+/)
})

test('a log-in leads to no other host, whatever its link says', async (t) => {
  const desk = await testConsole(t, { accounts })
  for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', '/a\nb']) {
    const person = visit(desk)
    await person.get('/log-in')
    const reply = await person.post('/log-in', { key: String(desk.keys['mia']), next })
    assert.equal(reply.headers.location, '/', next)
  }
})

test('guesses of keys are held back for each address, and others still log in', async (t) => {
  const desk = await testConsole(t, { accounts })
  const person = visit(desk)
  await person.get('/log-in')
  const guess = async () => (await person.post('/log-in', { key: 'wkc_00000000_x' })).statusCode
  const codes = []
  for (let n = 0; n < 21; n++) codes.push(await guess())
  assert.deepEqual(codes, [...Array(20).fill(401), 429])
  const elsewhere = await desk.inject({ url: '/log-in', remoteAddress: '10.1.1.1' })
  assert.equal(elsewhere.statusCode, 200)
})

test('a form of another page is refused: without token, with another session’s, from another site', async (t) => {
  const desk = await testConsole(t, { accounts })
  const other = visit(desk)
  await other.get('/log-in')
  const person = visit(desk)
  await person.get('/log-in')
  const key = String(desk.keys['mia'])
  assert.equal((await person.post('/log-in', { key, csrf: '' })).statusCode, 403)
  assert.equal((await person.post('/log-in', { key, csrf: other.csrf })).statusCode, 403)
  assert.equal((await person.post('/log-in', { key }, { origin: 'https://evil.example' })).statusCode, 403)
  assert.equal((await person.post('/log-in', { key }, { origin: 'null' })).statusCode, 403)
  assert.equal(
    (await person.post('/log-in', { key }, { origin: 'http://localhost:8318', host: 'localhost:8318' })).statusCode,
    303,
  )
})

const consoleUrl = 'http://127.0.0.1:8318'

async function atProvider(
  t: TestContext,
  people: Readonly<Record<string, Claims>>,
  config: Readonly<Record<string, string>> = {},
) {
  const provider = await testProvider(t, { redirect: `${consoleUrl}/log-in/callback`, people })
  const settings = readConfig({
    WATCHKEEPER_CONSOLE_URL: consoleUrl,
    WATCHKEEPER_OIDC_ISSUER: provider.issuer,
    WATCHKEEPER_OIDC_CLIENT_SECRET: 'a client secret of the tests',
    ...config,
  })
  const { dataDir: _, ...given } = settings
  return { provider, desk: await testConsole(t, { config: given }) }
}

/** From the link on our page through the provider and back; returns the address that the provider sends the browser to. */
async function throughProvider(person: ReturnType<typeof visit>): Promise<string> {
  const start = await person.get('/log-in/provider?next=/detectors')
  assert.equal(start.statusCode, 303, start.body)
  const jar = new Jar()
  let at = new URL(String(start.headers.location))
  for (let hops = 0; hops < 10; hops++) {
    const reply = await fetch(at, { redirect: 'manual', headers: { cookie: jar.header } })
    jar.take(reply.headers.getSetCookie())
    const location = reply.headers.get('location')
    assert.ok(location, `the provider answers ${reply.status}: ${await reply.text()}`)
    at = new URL(location, at)
    if (at.origin === consoleUrl) return at.pathname + at.search
  }
  throw new Error('the provider never comes back')
}

test('people log in at a provider: name, role and tenant are claims of theirs', async (t) => {
  const { provider, desk } = await atProvider(t, {
    mia: { watchkeeper_role: 'analyst', watchkeeper_tenant: 'acme', preferred_username: 'mia@acme.example' },
  })
  assert.equal(refused(await desk.inject({ url: list })), '401 no_log_in')
  provider.logInAs = 'mia'
  const person = visit(desk)
  const reply = await person.get(await throughProvider(person))
  assert.equal(reply.statusCode, 303, reply.body)
  assert.equal(reply.headers.location, '/detectors')
  const me = (await person.get('/api/me')).json()
  assert.deepEqual({ ...me, csrf: '' }, { name: 'mia@acme.example', role: 'analyst', tenant: 'acme', csrf: '' })
})

test('groups of a provider are roles by the setting, the highest of several; a tenant by the setting where it names none', async (t) => {
  const { provider, desk } = await atProvider(
    t,
    { max: { groups: ['soc', 'leads', 'others'] }, eve: { groups: ['others'] } },
    {
      WATCHKEEPER_OIDC_ROLE_CLAIM: 'groups',
      WATCHKEEPER_OIDC_ROLES: 'viewer=soc,admin=leads',
      WATCHKEEPER_OIDC_TENANT: '*',
    },
  )
  provider.logInAs = 'max'
  const max = visit(desk)
  await max.get(await throughProvider(max))
  const me = (await max.get('/api/me')).json()
  assert.deepEqual({ ...me, csrf: '' }, { name: 'max', role: 'admin', tenant: '*', csrf: '' })
  provider.logInAs = 'eve'
  const eve = visit(desk)
  const reply = await eve.get(await throughProvider(eve))
  assert.equal(reply.statusCode, 403)
  assert.match(reply.body, /no role here/)
  assert.equal(refused(await eve.get(list)), '401 no_log_in')
})

test('who belongs to no tenant, and whom the provider refuses, does not get in', async (t) => {
  const { provider, desk } = await atProvider(t, { mia: { watchkeeper_role: 'analyst' } })
  for (const logInAs of ['mia', '']) {
    provider.logInAs = logInAs
    const person = visit(desk)
    assert.equal((await person.get(await throughProvider(person))).statusCode, 403, logInAs)
    assert.equal(refused(await person.get(list)), '401 no_log_in')
  }
})

test('what comes back counts once, in the browser that went, with the state it went with', async (t) => {
  const { provider, desk } = await atProvider(t, { mia: { watchkeeper_role: 'admin', watchkeeper_tenant: '*' } })
  provider.logInAs = 'mia'
  const person = visit(desk)
  const back = await throughProvider(person)
  assert.equal((await visit(desk).get(back)).statusCode, 400, 'another browser')
  const forged = new URL(back, consoleUrl)
  forged.searchParams.set('state', 'of somebody else')
  const other = visit(desk)
  await throughProvider(other)
  assert.equal((await other.get(forged.pathname + forged.search)).statusCode, 502, 'another state')
  assert.equal((await person.get(back)).statusCode, 303)
  assert.equal((await person.get(back)).statusCode, 400, 'twice')
})

test('a provider that does not answer is a clear page and not a fault of ours', async (t) => {
  const { desk } = await atProvider(t, {}, { WATCHKEEPER_OIDC_ISSUER: 'http://127.0.0.1:9' })
  const reply = await visit(desk).get('/log-in/provider')
  assert.equal(reply.statusCode, 502)
  assert.match(reply.body, /does not answer/)
})

test('a provider is reached by https, and has to know where to send people back to', () => {
  const of = (settings: Readonly<Record<string, string>>) => () => providerOf(readConfig(settings))
  const code = 'WK_CONFIG'
  assert.throws(of({ WATCHKEEPER_OIDC_ISSUER: 'https://id.example' }), { code })
  const here = { WATCHKEEPER_CONSOLE_URL: 'https://watch.example' }
  assert.throws(of({ ...here, WATCHKEEPER_OIDC_ISSUER: 'http://id.example' }), { code })
  assert.ok(of({ ...here, WATCHKEEPER_OIDC_ISSUER: 'https://id.example' })())
})
