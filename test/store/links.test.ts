import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Store } from '../../src/store/index.js'
import { auditEvent } from '../support/events.js'
import { openTestStore } from '../support/store.js'

const trace = (digit: string) => digit.repeat(32)

/** A record that carries just these keys. */
const seen = (conversationId: string, mcpSessionId: string, traceId: string, given = {}) =>
  auditEvent({ conversationId, mcpSessionId, traceId, ...given })

const sessions = async (store: Store, ...keys: string[]) =>
  (await store.resolveSessions(keys.map((key) => ({ tenant: 'acme', key })))).map(([session]) => session)

const sessionsInAudit = async (store: Store) =>
  (await store.query<{ session: string }>('SELECT DISTINCT session FROM audit ORDER BY session')).map(
    ({ session }) => session,
  )

describe('session links', () => {
  it('join the records of a trace to the conversation it was seen with, also records that came before', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([seen('', '', trace('1'))])
    await store.insertEvents([seen('conv', '', trace('1'))])
    assert.deepEqual(await sessionsInAudit(store), ['c:conv'])
    assert.deepEqual(await store.resolveSessions([{ tenant: 'acme', key: `t:${trace('1')}` }]), [
      ['c:conv', `t:${trace('1')}`],
    ])
  })

  it('lead through keys that were never seen together, in whatever order they came', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([seen('', 'legacy', trace('1'))])
    await store.insertEvents([seen('', 'legacy', trace('2'))])
    await store.insertEvents([seen('conv', '', trace('2'))])
    await store.insertEvents([seen('', '', trace('1'))])
    assert.deepEqual(await sessionsInAudit(store), ['c:conv'])
    const all = ['c:conv', 'm:legacy', `t:${trace('1')}`, `t:${trace('2')}`]
    for (const key of all) assert.deepEqual(await store.resolveSessions([{ tenant: 'acme', key }]), [all])
  })

  it('hold when one batch brings the two ends of a chain', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([seen('', 'legacy', trace('1')), seen('conv', '', trace('1')), seen('', 'legacy', '')])
    assert.deepEqual(await sessionsInAudit(store), ['c:conv'])
  })

  it('never make two conversations one: a shared trace stays with the first', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([seen('one', '', trace('1'))])
    await store.insertEvents([seen('two', '', trace('1'))])
    assert.deepEqual(await sessions(store, 'c:one', 'c:two', `t:${trace('1')}`), ['c:one', 'c:two', 'c:one'])
    assert.deepEqual(await store.resolveSessions([{ tenant: 'acme', key: 'c:two' }]), [['c:two']])
  })

  it("prefer an agent's word to a server's, whoever came first", async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([seen('lie', '', trace('1'), { role: 'server', owner: 'key-s' })])
    assert.deepEqual(await sessions(store, `t:${trace('1')}`), ['c:lie'])
    await store.insertEvents([seen('conv', '', trace('1'))])
    assert.deepEqual(await sessions(store, `t:${trace('1')}`), ['c:conv'])
  })

  it('stay within a tenant', async (t) => {
    const store = await openTestStore(t)
    await store.insertEvents([seen('conv', '', trace('1'), { tenant: 'other' })])
    assert.deepEqual(await sessions(store, `t:${trace('1')}`), [`t:${trace('1')}`])
  })

  it('are not needed: a key without any is a session of its own', async (t) => {
    const store = await openTestStore(t)
    const keys = ['c:x', 's:y', "t:'\0;DROP"].map((key) => ({ tenant: 'acme', key }))
    assert.deepEqual(await store.resolveSessions(keys), [['c:x'], ['s:y'], ["t:'\0;DROP"]])
  })

  it('are not written again with each batch', async (t) => {
    const store = await openTestStore(t)
    for (let times = 0; times < 3; times++) await store.insertEvents([seen('conv', 'legacy', trace('1'))])
    assert.deepEqual(await store.query('SELECT count() AS rows FROM session_links'), [{ rows: '4' }])
  })
})
