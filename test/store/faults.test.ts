import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { ClickHouseError } from '@clickhouse/client'
import { ClickHouse } from '../../src/store/client.js'
import { insertFault, insertFaults } from '../../src/store/faults.js'
import { text } from '../../src/store/native.js'
import { auditEvent } from '../support/events.js'
import { openTestStore } from '../support/store.js'

const engineError = (code: number, message = 'secret value of an event') =>
  new ClickHouseError({ message, code: String(code), type: 'X' })

describe('faults of an insert', () => {
  it('set a record aside only for what is wrong with the record itself', () => {
    for (const [code, { decision }] of insertFaults) {
      const fault = insertFault(engineError(code), 'events')
      assert.equal(fault.retryable, decision === 'retry', String(code))
      assert.equal(fault.code, decision === 'retry' ? 'WK_STORE_UNAVAILABLE' : 'WK_STORE_REFUSED')
    }
  })

  it('are tried again when the code is one we do not know, so that nothing is lost by mistake', () => {
    assert.equal(insertFault(engineError(987_654), 'events').retryable, true)
  })

  it('never tell what stood in the record', () => {
    for (const code of [27, 252, 987_654]) {
      const fault = insertFault(engineError(code), 'events')
      assert.doesNotMatch(`${fault.message} ${String(fault.cause)}`, /secret/)
    }
  })

  it('are tried again when nobody answers', async (t) => {
    const db = new ClickHouse({ url: 'http://127.0.0.1:1', user: 'default', password: '', database: 'default' })
    t.after(() => db.close())
    await assert.rejects(db.ping(), { code: 'WK_STORE_UNAVAILABLE' })
    await assert.rejects(db.query('SELECT 1'), { code: 'WK_STORE_UNAVAILABLE' })
  })

  it('are tried again when a table is missing', async (t) => {
    const store = await openTestStore(t)
    await store.command('DROP TABLE events SYNC')
    await assert.rejects(store.insertEvents([auditEvent()]), { code: 'WK_STORE_UNAVAILABLE' })
  })
})

describe('faults of a query', () => {
  it('say what was wrong', async (t) => {
    const store = await openTestStore(t)
    await assert.rejects(store.query('SELECT nonsense FROM audit'), { code: 'WK_STORE_QUERY', message: /nonsense/ })
  })

  it('are errors and not short answers when there are too many rows', async (t) => {
    const store = await openTestStore(t)
    assert.equal((await store.query('SELECT number FROM numbers(10)', {}, { maxRows: 10 })).length, 10)
    await assert.rejects(store.query('SELECT number FROM numbers(11)', {}, { maxRows: 10 }), {
      code: 'WK_STORE_QUERY',
      message: /more rows than allowed/,
    })
  })

  it('come when it takes too long or the caller gives up', async (t) => {
    const store = await openTestStore(t)
    const endless = 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)'
    await assert.rejects(store.query(endless, {}, { timeoutMs: 300 }), { code: 'WK_STORE_QUERY', message: /too long/ })
    const gone = new AbortController()
    const asked = store.query(endless, {}, { signal: gone.signal })
    gone.abort()
    await assert.rejects(asked)
  })
})

describe('bound values', () => {
  it('are values, whatever they look like', async (t) => {
    const store = await openTestStore(t)
    for (const text of ["'; DROP TABLE events; --", '\\', '{x:String}', '\n\nSELECT 1', 'ü😀', 'a\0b', '\\\0', '\\0']) {
      assert.deepEqual(await store.query('SELECT {text:String} AS text', { text }), [{ text }])
      const list = [text, text]
      assert.deepEqual(await store.query('SELECT {list:Array(String)} AS list', { list }), [{ list }])
    }
  })
})

describe('an insert that failed', () => {
  /** A server that says what it is told to, and keeps the tokens it was sent. */
  async function sayingServer(t: TestContext, ...answers: (number | 'ok')[]) {
    const tokens: (string | null)[] = []
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        tokens.push(new URL(request.url ?? '/', 'http://x').searchParams.get('insert_deduplication_token'))
        const code = answers.shift() ?? 'ok'
        if (code !== 'ok') response.writeHead(500, { 'X-ClickHouse-Exception-Code': String(code) })
        response.end(code === 'ok' ? '' : `Code: ${code}. DB::Exception: secret. (SOME_NAME)`)
      })
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const db = new ClickHouse({ url: `http://127.0.0.1:${port}`, user: 'x', password: '', database: 'x' })
    t.after(async () => {
      await db.close()
      server.close()
    })
    const insert = (token?: string) => db.insert('notes', { text: text() }, [{ text: 'x' }], token)
    return { tokens, insert }
  }

  it('is sent again under the same token when that may help', async (t) => {
    const { tokens, insert } = await sayingServer(t, 252, 'ok')
    await insert('token-1')
    assert.deepEqual(tokens, ['token-1', 'token-1'])
  })

  it('is not sent again when the record is at fault', async (t) => {
    const { tokens, insert } = await sayingServer(t, 27, 'ok')
    await assert.rejects(insert('token-1'), { code: 'WK_STORE_REFUSED' })
    assert.equal(tokens.length, 1)
  })

  it('is not sent again without a token: it could be a second copy', async (t) => {
    const { tokens, insert } = await sayingServer(t, 252, 'ok')
    await assert.rejects(insert(), { code: 'WK_STORE_UNAVAILABLE' })
    assert.equal(tokens.length, 1)
  })

  it("is the caller's again after three attempts", async (t) => {
    const { tokens, insert } = await sayingServer(t, 252, 252, 252, 'ok')
    await assert.rejects(insert('token-1'), { code: 'WK_STORE_UNAVAILABLE' })
    assert.equal(tokens.length, 3)
  })
})
