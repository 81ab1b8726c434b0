import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import type { AuditEvent } from '../../src/audit-event.js'
import { type ErrorCode, WatchkeeperError } from '../../src/errors.js'
import type { Store } from '../../src/store/index.js'
import { storeSink } from '../../src/store/sink.js'
import { Telemetry } from '../../src/telemetry.js'
import { auditEvent, baseTime } from '../support/events.js'
import { failing } from '../support/live.js'
import { openTestStore } from '../support/store.js'

const batchOf = (events: readonly AuditEvent[]) => events.map((event) => ({ type: 'event' as const, event }))
const sinkOf = (store: Store) =>
  storeSink({ store, log: pino({ level: 'silent' }), telemetry: new Telemetry(), now: () => baseTime })
const going = new AbortController().signal

const kept = async (store: Store) =>
  (await store.query<{ event_id: string }>('SELECT event_id FROM audit ORDER BY event_id')).map((row) => row.event_id)
const letters = async (store: Store) =>
  store.query<{ reason: string; stage: string; body: string }>('SELECT reason, stage, body FROM dead_letter')

describe('the end of the bus', () => {
  it('sets a record aside that the engine refuses for what it is, and keeps all others', async (t) => {
    const store = await openTestStore(t)
    const events = Array.from({ length: 9 }, (_, index) =>
      auditEvent({ eventId: `e${index}`, ...(index === 4 ? { argBytes: 0.5 } : {}) }),
    )
    await sinkOf(store)(batchOf(events), going)
    assert.deepEqual(await kept(store), ['e0', 'e1', 'e2', 'e3', 'e5', 'e6', 'e7', 'e8'])
    const [letter, ...more] = await letters(store)
    assert.equal(more.length, 0)
    assert.deepEqual([letter?.stage, letter?.reason], ['store', 'refused_by_store'])
    assert.deepEqual(JSON.parse(letter?.body ?? ''), JSON.parse(JSON.stringify(events[4])))
  })

  for (const [what, code, ended] of [
    ['an engine that is away', 'WK_STORE_UNAVAILABLE', false],
    ['nobody who waits for the batch any more', 'WK_STORE_REFUSED', true],
  ] as const satisfies readonly (readonly [string, ErrorCode, boolean])[]) {
    it(`gives the whole batch back for ${what}: nothing becomes a dead letter`, async (t) => {
      const store = await openTestStore(t)
      let attempts = 0
      const away = failing(store, {
        insertEvents: async () => {
          attempts++
          throw new WatchkeeperError(code, 'no')
        },
      })
      const signal = ended ? AbortSignal.abort() : going
      await assert.rejects(
        async () => sinkOf(away)(batchOf([auditEvent(), auditEvent()]), signal),
        (error) => error instanceof WatchkeeperError && error.code === code,
      )
      assert.equal(attempts, 1)
      assert.deepEqual(await letters(store), [])
    })
  }
})
