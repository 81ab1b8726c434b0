import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { gate } from '../support/gate.js'
import { startBroker } from '../support/kafka.js'
import { fromRoot } from '../support/root.js'
import { hasCode } from './contract.js'
import { kafkaBuses, nextPrefix } from './kafka-buses.js'
import { eventMessage, eventMessages, idOf, Kept } from './messages.js'

const deadlineMs = 8_000
const broker = process.env['KAFKA_BROKERS'] ? 'KAFKA_BROKERS is set: it is not killed' : await startBroker()
if (typeof broker === 'string') test('Kafka and SIGKILL', { skip: broker })
else {
  const { openBus, closeAll } = kafkaBuses(broker.address)
  const children: ChildProcess[] = []
  after(async () => {
    for (const child of children) child.kill('SIGKILL')
    await closeAll()
    await broker.stop()
  })

  test('Kafka: what a killed consumer had in hand goes to another; a slow handler meanwhile keeps what it has', async () => {
    const [slowPrefix, kafkaTopicPrefix] = [nextPrefix(), nextPrefix()]
    const slow = await openBus({ kafkaTopicPrefix: slowPrefix })
    const [begun, release] = [gate(), gate()]
    const keptSlowly = new Kept()
    const handed: string[][] = []
    await slow.publish(eventMessages(3), { deadlineMs })
    await slow.consume(async (batch) => {
      handed.push(batch.map(idOf))
      begun.open()
      await release.opened
      await keptSlowly.handler(batch)
    })
    await begun.opened

    const bus = await openBus({ kafkaTopicPrefix })
    await bus.publish(eventMessages(10), { deadlineMs })
    const child = spawn(
      process.execPath,
      [fromRoot('dist/test/bus/consume-and-hold.js'), broker.address, kafkaTopicPrefix],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    children.push(child)
    const [holds] = (await once(createInterface(child.stdout), 'line')) as [string]
    assert.equal(holds, '10 in hand')
    child.kill('SIGKILL')
    const kept = new Kept()
    await bus.consume(kept.handler)
    // The broker waits a whole session of the dead consumer; longer than that the slow one has held its batch.
    await kept.all(eventMessages(10).map(idOf))
    release.open()
    await keptSlowly.all(['0', '1', '2'])
    await slow.publish([eventMessage('next')], { deadlineMs })
    await keptSlowly.all(['next'])
    assert.deepEqual(handed, [['0', '1', '2'], ['next']])
  })

  test('Kafka: the broker is killed and comes back: publishers hear of it, nothing acknowledged is lost, work goes on by itself', async () => {
    const bus = await openBus()
    const kept = new Kept()
    await bus.consume(kept.handler)
    const shares = await bus.shares('detect')
    const acknowledged: string[] = []
    const refused: unknown[] = []
    let number = 0
    const publish = async (limit: number) => {
      const id = String(number++)
      await bus.publish([eventMessage(id, `trace-${id}`)], { deadlineMs: limit }).then(
        () => acknowledged.push(id),
        (error: unknown) => refused.push(error),
      )
    }
    for (let round = 0; round < 20; round += 1) await publish(deadlineMs)
    const underWay = Promise.all(Array.from({ length: 20 }, () => publish(deadlineMs)))
    await broker.kill()
    while (refused.length === 0 || bus.ready()) await publish(300)
    assert.ok(refused.every(hasCode('WK_BUS_UNAVAILABLE')))
    await broker.start()
    await underWay
    const before = acknowledged.length
    while (acknowledged.length < before + 20) await publish(deadlineMs)
    await kept.all(acknowledged)
    while (!bus.ready() || shares.owned().size < 16) await new Promise((resolve) => setTimeout(resolve, 50))
  })
}
