import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import type { AuditEvent } from '../../src/audit-event.js'
import { openStore } from '../../src/store/index.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

let tenants = 0

/** Calls of which every side tells, as an event or a span, some of them twice. */
const deliveries = fc
  .array(
    fc.record({
      call: fc.nat(5),
      teller: fc.constantFrom('client event', 'client span', 'server event'),
      writer: fc.nat(1),
      cut: fc.boolean(),
    }),
    { minLength: 2, maxLength: 40 },
  )
  .filter((list) => list.length > 0)

it('several writers at once, with copies and sides in any order and cut, show each call once', async (t) => {
  const config = await testStoreConfig()
  const now = () => Date.now() * 1000
  const one = await openTestStore(t, { config })
  const two = await openStore({ config, log: pino({ level: 'silent' }), now })
  t.after(() => two.close())
  await fc.assert(
    fc.asyncProperty(deliveries, async (list) => {
      const tenant = `tenant-${tenants++}`
      const told = ({ call, teller }: (typeof list)[number]): AuditEvent => {
        const [side, form] = teller.split(' ')
        return auditEvent({
          tenant,
          eventId: `${teller} ${call}`,
          requestId: String(call),
          spanId: teller === 'client span' ? `a${call}`.padEnd(16, '0') : `b${call}`.padEnd(16, '0'),
          side: side as AuditEvent['side'],
          form: form as AuditEvent['form'],
          role: side === 'server' ? 'server' : 'agent',
          owner: side === 'server' ? 'key-s' : 'key-c',
          endedAt: baseTime + call * second,
        })
      }
      const write = async (writer: number) => {
        let batch: AuditEvent[] = []
        const store = writer === 0 ? one : two
        for (const delivery of list.filter((item) => item.writer === writer)) {
          batch.push(told(delivery))
          if (!delivery.cut) continue
          await store.insertEvents(batch)
          batch = []
        }
        await store.insertEvents(batch)
      }
      await Promise.all([write(0), write(1)])

      const calls = [...new Set(list.map(({ call }) => call))]
      const winner = (call: number) =>
        ['client event', 'server event', 'client span'].find((teller) =>
          list.some((item) => item.call === call && item.teller === teller),
        )
      const shown = await one.query<{ event_id: string }>(
        'SELECT event_id FROM audit WHERE tenant = {tenant:String} ORDER BY event_id',
        { tenant },
      )
      assert.deepEqual(
        shown.map(({ event_id }) => event_id),
        calls.map((call) => `${winner(call)} ${call}`).sort(),
      )
      const distinct = new Set(list.map(({ call, teller }) => `${teller} ${call}`))
      assert.deepEqual(await one.query('SELECT count() AS n FROM records WHERE tenant = {tenant:String}', { tenant }), [
        { n: String(distinct.size) },
      ])
    }),
    { numRuns: 10 },
  )
})
