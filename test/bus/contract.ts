/** What holds for every home of the bus; each home's test file runs it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bus, BusMessage } from '../../src/bus/index.js'
import type { ConfigOverrides } from '../../src/config.js'
import { WatchkeeperError } from '../../src/errors.js'
import { type Gate, gate } from '../support/gate.js'
import { eventMessage, eventMessages, idOf, Kept } from './messages.js'

const deadlineMs = 8_000
export const hasCode = (code: string) => (error: unknown) => error instanceof WatchkeeperError && error.code === code

/** `open` gives a started bus of its own (nothing in it) that is closed after the test. */
export function busContract(home: string, open: (overrides?: ConfigOverrides) => Promise<Bus>): void {
  test(`${home}: what was published reaches the handler whole`, async () => {
    const bus = await open()
    const kept = new Kept()
    await bus.consume(kept.handler)
    const letter: BusMessage = {
      type: 'dead-letter',
      letter: {
        id: 'letter-1',
        tenant: 'acme',
        owner: 'key-1',
        role: 'server',
        stage: 'receive',
        reason: 'unknown',
        explanation: 'a line\nbreak, a NUL \0 and \u{1f9ed}',
        at: 1,
        body: '{}',
        signal: 'logs',
      },
    }
    const event = eventMessage('a')
    await bus.publish([event, letter], { deadlineMs })
    await kept.all(['a', 'letter-1'])
    assert.deepEqual(new Set(kept.messages), new Set([event, letter]))
  })

  test(`${home}: messages of one trace stay in order, and a batch has no more than the stated rows`, async () => {
    const bus = await open({ storeBatchRows: 7 })
    const kept = new Kept()
    const sizes: number[] = []
    await bus.consume(async (batch) => {
      sizes.push(batch.length)
      await kept.handler(batch)
    })
    for (let first = 0; first < 60; first += 20) await bus.publish(eventMessages(20, first), { deadlineMs })
    const ids = eventMessages(60).map(idOf)
    await kept.all(ids)
    assert.deepEqual(kept.ids, ids)
    assert.ok(Math.max(...sizes) <= 7, `batches of ${sizes}`)
  })

  test(`${home}: a batch whose handler failed is given again, the same, before anything else`, async () => {
    const bus = await open()
    const seen: string[][] = []
    const kept = new Kept()
    await bus.consume(async (batch) => {
      seen.push(batch.map(idOf))
      if (seen.length < 3) throw new Error('the store is not there')
      await kept.handler(batch)
    })
    await bus.publish(eventMessages(3), { deadlineMs })
    await kept.all(['0', '1', '2'])
    assert.deepEqual(seen, [seen[0], seen[0], seen[0]])
  })

  test(`${home}: beyond its bound publishing is refused at once, and works again when there is room`, async () => {
    const bus = await open({ busMaxBytes: 1_048_576 })
    const held = await holding(bus)
    const publishing = [0, 1, 2, 3].map((each) =>
      bus.publish([eventMessage(String(each), 'trace', 400_000)], { deadlineMs }).then(
        () => 'kept',
        (error: unknown) => (hasCode('WK_BUS_FULL')(error) ? 'full' : error),
      ),
    )
    // The refusals come first: nothing has been acknowledged yet.
    assert.equal(await publishing[3], 'full')
    held.open()
    assert.deepEqual(await Promise.all(publishing), ['kept', 'kept', 'full', 'full'])
    await bus.publish([eventMessage('later', 'trace', 400_000)], { deadlineMs })
  })

  test(`${home}: a load larger than the bound is taken when it is alone`, async () => {
    const bus = await open({ busMaxBytes: 1_048_576 })
    const kept = new Kept()
    await bus.consume(kept.handler)
    await bus.publish(
      [0, 1, 2].map((each) => eventMessage(String(each), 'trace', 600_000)),
      { deadlineMs },
    )
    await kept.all(['0', '1', '2'])
  })

  test(`${home}: stopping waits for the batch in hand and hands out no other`, async () => {
    const bus = await open({ storeBatchRows: 1 })
    const begun = gate()
    const release = gate()
    const kept = new Kept()
    const stop = await bus.consume(async (batch) => {
      begun.open()
      await release.opened
      await kept.handler(batch)
    })
    const publishing = Promise.allSettled(
      [0, 1].map((id) => bus.publish([eventMessage(String(id))], { deadlineMs: 500 })),
    )
    await begun.opened
    const stopped = stop()
    release.open()
    await stopped
    assert.deepEqual(kept.ids, ['0'])
    await publishing
  })

  test(`${home}: after close nothing is taken, and closing twice does no harm`, async () => {
    const bus = await open()
    await bus.close()
    await assert.rejects(bus.publish([eventMessage('a')], { deadlineMs }), hasCode('WK_BUS_UNAVAILABLE'))
    assert.equal(bus.ready(), false)
    await bus.close()
  })

  test(`${home}: close waits until what was published is acknowledged`, async () => {
    const bus = await open()
    const kept = new Kept()
    await bus.consume(kept.handler)
    const publishing = bus.publish(eventMessages(100), { deadlineMs })
    await bus.close()
    await publishing
  })
}

/** A consumer that keeps nothing until the gate is opened. */
async function holding(bus: Bus): Promise<Gate> {
  const release = gate()
  await bus.consume(() => release.opened)
  return release
}
