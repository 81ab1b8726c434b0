import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { deliveriesOf, latestIncidents } from '../../src/incidents.js'
import type { StoreConfig } from '../../src/store/index.js'
import { finding, findingRow } from '../support/findings.js'
import { answers, type HttpReceiver, httpReceiver } from '../support/http-receiver.js'
import { fromRoot } from '../support/root.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

function alerting(t: TestContext, config: StoreConfig, receiver: HttpReceiver): ChildProcess {
  const script = fromRoot('dist/test/support/alert-process.js')
  const child = spawn(process.execPath, [script, JSON.stringify(config), receiver.url], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

test('a process killed between the answer and the receipt loses nothing: the next one sends the same id again', async (t) => {
  const config = await testStoreConfig()
  const store = await openTestStore(t, { config })
  const receiver = await httpReceiver(t)
  const now = Date.now() * 1000

  const first = alerting(t, config, receiver)
  const firstEnd = once(first, 'exit')
  // Killed with the request in its hands: the receiver has the incident, its sender will never know.
  receiver.answer = () => void first.kill('SIGKILL')
  await store.insert('findings', [findingRow(finding({ anchor: 'a', at: now, foundAt: now }))])
  assert.deepEqual(await firstEnd, [null, 'SIGKILL'])
  assert.equal(receiver.received.length, 1)
  assert.deepEqual(await deliveriesOf(store, await latestIncidents(store, 10)), [])

  const again = new Promise<void>((resolve) => {
    receiver.answer = (response) => {
      answers.ok(response)
      resolve()
    }
  })
  const second = alerting(t, config, receiver)
  const secondEnd = once(second, 'exit')
  await again
  second.stdin?.end()
  assert.deepEqual(await secondEnd, [0, null])

  const incidents = await latestIncidents(store, 10)
  assert.equal(incidents.length, 1)
  const id = `${incidents[0]?.id}.1`
  assert.deepEqual(receiver.ids(), [id, id])
  assert.deepEqual(
    (await deliveriesOf(store, incidents)).map(({ outcome, attempts }) => [outcome, attempts]),
    [['delivered', 1]],
  )
})
