import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ClickHouseError } from '@clickhouse/client'
import { ClickHouse } from '../../src/store/client.js'
import { insertFault, insertFaults } from '../../src/store/faults.js'
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
    for (const text of ["'; DROP TABLE events; --", '\\', '{x:String}', '\n\nSELECT 1', 'ü😀'])
      assert.deepEqual(await store.query('SELECT {text:String} AS text', { text }), [{ text }])
  })
})
