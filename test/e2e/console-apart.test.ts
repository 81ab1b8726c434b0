/** The console as a process of its own, beside the one that owns the store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../support/landing.js'
import { freshSettings } from '../support/recorded-run.js'
import { freePort, service } from '../support/service.js'

test('the role console alone serves from the store of another process, and while that is away says so', async (t) => {
  const settings = await freshSettings(t)
  const keeper = service(t, settings, ['--role', 'receive,store,detect,alert'])
  await keeper.start()
  const port = String(await freePort())
  const desk = service(t, { ...settings, WATCHKEEPER_CONSOLE_PORT: port }, ['--role', 'console'])
  await desk.start()
  const ask = async (path: string) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`)
    return { status: reply.status, body: await reply.text() }
  }
  assert.deepEqual(JSON.parse((await ask('/api/incidents')).body), { incidents: [], more: false })
  assert.match((await ask('/incidents')).body, /No incident fits/)
  const elsewhere = await fetch(`http://127.0.0.1:${settings['WATCHKEEPER_CONSOLE_PORT']}/api/incidents`)
  assert.equal(elsewhere.status, 404, 'a process without the role has health alone')

  await keeper.kill()
  const away = await ask('/api/incidents')
  assert.equal(away.status, 503, away.body)
  assert.equal(JSON.parse(away.body).error.code, 'not_ready')
  await keeper.start()
  await until(
    async () => (await ask('/api/incidents')).status,
    (status) => status === 200,
  )
  assert.equal(await desk.stop(), 0)
})
