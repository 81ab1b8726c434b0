/** Accounts by the command line, as a running service takes them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/landing.js'
import { freshSettings } from '../support/recorded-run.js'
import { service, watchkeeper } from '../support/service.js'

test('an account is made, listed and revoked, and a running console follows without a restart', async (t) => {
  const settings = await freshSettings(t)
  const url = `http://127.0.0.1:${settings['WATCHKEEPER_CONSOLE_PORT']}/api/me`
  const keeper = service(t, settings)
  await keeper.start()
  assert.ok(keeper.log.some(({ msg }) => /the console has no accounts/.test(String(msg))))
  assert.equal((await fetch(url)).status, 200, 'this machine is served while there is none')

  const made = await watchkeeper(
    ['accounts', 'create', '--name', 'Mia Chen', '--role', 'analyst', '--tenant', 'acme'],
    settings,
  )
  assert.equal(made.code, 0, made.stderr)
  const key = made.stdout.trim()
  assert.match(key, /^wkc_[0-9a-f]{8}_[\w-]{43}$/)
  assert.match(made.stderr, /account [0-9a-f]{8} of Mia Chen \(analyst\) for tenant acme/)
  const asked = (authorization?: string) =>
    fetch(url, authorization === undefined ? {} : { headers: { authorization } })
  await until(
    async () => (await asked()).status,
    (status) => status === 401,
  )
  const me = (await (await asked(`Bearer ${key}`)).json()) as object
  assert.deepEqual(me, { name: 'Mia Chen', role: 'analyst', tenant: 'acme', csrf: '' })

  const id = key.slice(4, 12)
  const list = await watchkeeper(['accounts', 'list'], settings)
  assert.match(list.stdout, new RegExp(`${id} +Mia Chen +analyst +acme .* valid`))
  assert.ok(!list.stdout.includes(key.slice(13)))
  assert.equal((await watchkeeper(['accounts', 'revoke', id], settings)).code, 0)
  await until(
    async () => (await asked(`Bearer ${key}`)).status,
    (status) => status === 401,
  )
  assert.equal((await asked()).status, 401, 'a revoked account is one: the door stays closed')
  assert.equal(await keeper.stop(), 0)
})

test('what accounts cannot be is told with what they can', async (t) => {
  const settings = await freshSettings(t)
  const cases: readonly [readonly string[], RegExp][] = [
    [[], /followed by create, list or revoke/],
    [['create', '--role', 'admin'], /--name is/],
    [['create', '--name', '\u202eevil', '--role', 'admin'], /--name is/],
    [['create', '--name', 'mia', '--role', 'boss'], /--role is one of viewer, analyst, admin/],
    [['create', '--name', 'mia', '--role', 'admin', '--tenant', 'A B'], /--tenant is/],
    [['create', '--name', 'mia', '--role', 'admin', '--not-after', 'soon'], /--not-after is a time/],
    [['revoke', '00000000'], /there is no account/],
  ]
  for (const [words, says] of cases) {
    const { code, stderr } = await watchkeeper(['accounts', ...words], settings)
    assert.equal(code, 64, words.join(' '))
    assert.match(stderr, says)
  }
  const create = ['accounts', 'create', '--name', 'mia', '--role', 'admin']
  assert.equal((await watchkeeper(create, settings)).code, 0)
  const twice = await watchkeeper(create, settings)
  assert.equal(twice.code, 64)
  assert.match(twice.stderr, /there is an account mia already/)
})
