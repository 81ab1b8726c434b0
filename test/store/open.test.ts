import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, it, type TestContext } from 'node:test'
import { pino } from 'pino'
import { openReader, openScratchStore, openStore } from '../../src/store/index.js'
import { auditEvent } from '../support/events.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

const log = pino({ level: 'silent' })
const now = () => Date.now() * 1000

/** Settings of an embedded store on a folder of its own. */
async function embeddedConfig(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-open-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  return { ...(await testStoreConfig()), clickhouseUrl: '', clickhouseDatabase: 'watchkeeper', dataDir }
}

describe('the embedded store', () => {
  it('is there again with all its records after it was closed', async (t) => {
    const config = await embeddedConfig(t)
    const event = auditEvent()
    const first = await openStore({ config, log, now })
    await first.insertEvents([event])
    await first.close()
    const again = await openStore({ config, log, now })
    t.after(() => again.close())
    assert.deepEqual(await again.query('SELECT event_id FROM audit'), [{ event_id: event.eventId }])
  })

  it('is shared with a second command beside the service, which leaves the engine running', async (t) => {
    const config = await embeddedConfig(t)
    const service = await openStore({ config, log, now })
    t.after(() => service.close())
    const beside = await openStore({ config, log, now })
    await beside.insertEvents([auditEvent()])
    await beside.close()
    assert.deepEqual(await service.query('SELECT count() AS n FROM audit'), [{ n: '1' }])
  })

  it('lets a reader ask in any format, and change nothing', async (t) => {
    const config = await embeddedConfig(t)
    const service = await openStore({ config, log, now })
    t.after(() => service.close())
    await service.insertEvents([auditEvent({ tool: 'x' })])
    const reader = await openReader({ config, log })
    t.after(() => reader.close())
    assert.equal(await text(await reader.read('SELECT tool FROM audit;\n', 'CSV')), '"x"\n')
    assert.equal(await text(await reader.read('SELECT {n:UInt8} AS n', 'JSONEachRow', { n: 7 })), '{"n":7}\n')
    await assert.rejects(reader.read('DROP TABLE events', 'CSV'))
    await assert.rejects(reader.read("SELECT * FROM file('/etc/passwd', 'LineAsString')", 'CSV'))
    await assert.rejects(reader.read('SELECT 1', 'CSV; DROP TABLE events'), { code: 'WK_USAGE' })
    assert.deepEqual(await service.query('SELECT count() AS n FROM audit'), [{ n: '1' }])
  })

  it('of a backtest keeps what is long expired, and is gone when it is closed', async () => {
    const scratch = await openScratchStore({ log, now })
    const receivedAt = Date.UTC(2020, 0) * 1000
    const event = auditEvent({
      endedAt: receivedAt,
      receivedAt,
      argFingerprints: [{ kind: 'number', hash: '00000000000000ff', leaf: 0 }],
    })
    await scratch.insertEvents([event])
    const request = { tenant: 'acme', keys: ['c:conv-1'], from: receivedAt - 1, to: receivedAt + 1, limit: 10 }
    assert.deepEqual(await scratch.sessionEvents([request]), [[event]])
    await scratch.close()
    await assert.rejects(scratch.ping(), { code: 'WK_STORE_UNAVAILABLE' })
  })
})

describe('a store on a server', () => {
  it('lets a reader only read, whoever its user is', async (t) => {
    const config = await testStoreConfig()
    const store = await openTestStore(t, { config })
    await store.insertEvents([auditEvent({ tool: 'x' })])
    const reader = await openReader({ config, log })
    t.after(() => reader.close())
    assert.equal(await text(await reader.read('SELECT tool FROM audit', 'CSV')), '"x"\n')
    await assert.rejects(reader.read('DROP TABLE events', 'CSV'))
    assert.deepEqual(await store.query('SELECT count() AS n FROM audit'), [{ n: '1' }])
  })

  for (const [readonly, sets] of [
    ['0', '1'],
    ['1', null],
    ['2', null],
  ] as const) {
    it(`changes no setting of a reader that the server refuses to change: readonly = ${readonly}`, async (t) => {
      const asked: { user: string | string[] | undefined; setting: string | null }[] = []
      const server = createServer(async (request, response) => {
        const sql = await text(request)
        const setting = new URL(request.url ?? '', 'http://server').searchParams.get('readonly')
        asked.push({ user: request.headers.authorization, setting })
        response.end(sql.includes('system.settings') ? `${JSON.stringify({ value: readonly })}\n` : '1\n')
      }).listen(0, '127.0.0.1')
      t.after(() => server.close())
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const config = await testStoreConfig({
        clickhouseUrl: `http://127.0.0.1:${port}`,
        clickhouseReaderUser: 'analyst',
        clickhouseReaderPassword: 'p',
      })
      const reader = await openReader({ config, log })
      t.after(() => reader.close())
      assert.equal(await text(await reader.read('SELECT 1', 'CSV')), '1\n')
      assert.equal(await text(await reader.read('SELECT 1', 'CSV')), '1\n')
      const user = `Basic ${Buffer.from('analyst:p').toString('base64')}`
      assert.deepEqual(
        asked,
        [null, sets, sets].map((setting) => ({ user, setting })),
        'asked once, and by the reader',
      )
    })
  }

  it('refuses a name of a database that is none', async () => {
    const config = await testStoreConfig({ clickhouseDatabase: 'x; DROP DATABASE y' })
    await assert.rejects(openStore({ config, log, now }), { code: 'WK_CONFIG' })
  })
})
