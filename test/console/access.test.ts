/** Who may ask the console at all: keys, roles, tenants, and this machine while there are no accounts. */
import assert from 'node:assert/strict'
import { rm, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { addAccount, keepIncidents, refused, testConsole } from '../support/console.js'
import { finding } from '../support/findings.js'

const list = '/api/incidents'

test('without accounts this machine is served, and no one else', async (t) => {
  const { inject } = await testConsole(t)
  assert.equal((await inject({ url: list })).statusCode, 200)
  assert.equal(refused(await inject({ url: list, remoteAddress: '10.0.0.7' })), '503 no_accounts')
  // A name that an attacker resolves to 127.0.0.1.
  assert.equal(refused(await inject({ url: list, headers: { host: 'evil.example' } })), '503 no_accounts')
  // A proxy on this machine, which brings requests of others.
  assert.equal(refused(await inject({ url: list, headers: { 'x-forwarded-for': '10.0.0.7' } })), '503 no_accounts')
  assert.equal(refused(await inject({ url: list, headers: { authorization: 'Bearer wkc_1' } })), '401 wrong_key')
})

test('the first account closes the door for those without one, at once and without a restart', async (t) => {
  const { inject, clock, accountsFile } = await testConsole(t)
  const key = await addAccount(accountsFile, { name: 'mia', role: 'viewer', tenant: '*' })
  clock.now += 1_000_000
  assert.equal(refused(await inject({ url: list })), '401 no_log_in')
  assert.equal((await inject({ url: list, headers: { authorization: `Bearer ${key}` } })).statusCode, 200)
})

test('accounts whose file goes away still hold: the door does not open again', async (t) => {
  const { inject, ask, clock, accountsFile } = await testConsole(t, { accounts: { mia: { role: 'viewer' } } })
  await rm(accountsFile)
  clock.now += 1_000_000
  assert.equal(refused(await inject({ url: list })), '401 no_log_in')
  assert.equal((await ask('mia', list)).statusCode, 200)
})

test('a key that is past its end, or of nobody, is refused without saying why', async (t) => {
  const { ask, inject, keys } = await testConsole(t, {
    accounts: { old: { role: 'admin', notAfter: '2026-11-20T00:00:00Z' }, mia: { role: 'viewer' } },
  })
  assert.equal(refused(await ask('old', list)), '401 wrong_key')
  const forged = `${String(keys['mia']).slice(0, -4)}AAAA`
  const reply = await inject({ url: list, headers: { authorization: `Bearer ${forged}` } })
  assert.equal(refused(reply), '401 wrong_key')
  assert.equal(reply.headers['www-authenticate'], 'Bearer')
})

test('the file of accounts holds no key and is its owner’s alone', async (t) => {
  const { accountsFile, keys } = await testConsole(t, { accounts: { mia: { role: 'viewer' } } })
  const { readFile } = await import('node:fs/promises')
  assert.ok(!(await readFile(accountsFile, 'utf8')).includes(String(keys['mia'])))
  assert.equal((await stat(accountsFile)).mode & 0o777, 0o600)
})

test('an account sees its tenant alone: another one’s incidents are not there', async (t) => {
  const { ask, store } = await testConsole(t, {
    accounts: {
      acme: { role: 'admin', tenant: 'acme' },
      globex: { role: 'admin', tenant: 'globex' },
      all: { role: 'viewer' },
    },
  })
  const [mine] = await keepIncidents(store, [finding({ anchor: 'a' })])
  await keepIncidents(store, [finding({ anchor: 'b', tenant: 'globex' })])
  const tenantsOf = async (name: string, query = '') => {
    const { incidents } = (await ask(name, `${list}${query}`)).json() as { incidents: { tenant: string }[] }
    return incidents.map(({ tenant }) => tenant).sort()
  }
  assert.deepEqual(await tenantsOf('acme'), ['acme'])
  assert.deepEqual(await tenantsOf('all'), ['acme', 'globex'])
  assert.deepEqual(await tenantsOf('all', '?tenant=globex'), ['globex'])
  assert.equal(refused(await ask('acme', `${list}?tenant=globex`)), '403 other_tenant')
  assert.equal((await ask('acme', `${list}/${mine?.id}`)).statusCode, 200)
  assert.equal(refused(await ask('globex', `${list}/${mine?.id}`)), '404 not_found')
  assert.equal(refused(await ask('globex', `${list}/${mine?.id}/history`)), '404 not_found')
})

test('more requests than the rate are told when to come again, for each account on its own', async (t) => {
  const { ask } = await testConsole(t, {
    config: { consoleRate: 3 },
    accounts: { busy: { role: 'viewer' }, calm: { role: 'viewer' } },
  })
  for (let n = 0; n < 3; n++) assert.equal((await ask('busy', list)).statusCode, 200)
  const reply = await ask('busy', list)
  assert.equal(refused(reply), '429 over_rate')
  assert.ok(Number(reply.headers['retry-after']) > 0)
  assert.equal((await ask('calm', list)).statusCode, 200)
})

test('wrong keys are held to the rate as well', async (t) => {
  const { inject } = await testConsole(t, { config: { consoleRate: 2 }, accounts: { mia: { role: 'viewer' } } })
  const guess = () => inject({ url: list, headers: { authorization: 'Bearer wkc_00000000_x' } })
  assert.deepEqual(
    [refused(await guess()), refused(await guess()), refused(await guess())],
    ['401 wrong_key', '401 wrong_key', '429 over_rate'],
  )
})

test('every answer tells browsers what they may do with it', async (t) => {
  const { inject } = await testConsole(t)
  for (const url of [list, '/api/nothing-here', '/api/openapi.json']) {
    const { headers } = await inject({ url })
    assert.match(String(headers['content-security-policy']), /default-src 'none'/, url)
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['cache-control'], 'no-store')
  }
})

test('health stays open beside the console', async (t) => {
  const { inject } = await testConsole(t, { accounts: { mia: { role: 'viewer' } } })
  assert.equal((await inject({ url: '/livez' })).statusCode, 200)
  assert.equal((await inject({ url: '/metrics', remoteAddress: '10.0.0.7' })).statusCode, 200)
})
