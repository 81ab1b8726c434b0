import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import type { DeadLetter } from '../../src/bus/index.js'
import { command as deadLetters } from '../../src/cli/dead-letters.js'
import { WatchkeeperError } from '../../src/errors.js'
import type { Store } from '../../src/store/index.js'
import { storeSink } from '../../src/store/sink.js'
import { Telemetry } from '../../src/telemetry.js'
import { commandIo } from '../support/command-io.js'
import { auditEvent } from '../support/events.js'
import { eventRecord, logsRequest, span, tracesRequest } from '../support/otlp.js'
import { receivedAt, type TestReceiver, testReceiver } from '../support/receiver.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

interface Setup {
  readonly receiver: TestReceiver
  readonly store: Store
  readonly url: string
  run(...args: string[]): Promise<{ exit: number; stdout: string; stderr: string }>
}

/** A listening receiver whose bus is the store, and the command with the settings of that store. */
async function setup(t: TestContext): Promise<Setup> {
  const config = await testStoreConfig()
  const store = await openTestStore(t, { config })
  const log = pino({ level: 'silent' })
  const sink = storeSink({ store, log, telemetry: new Telemetry(), now: () => receivedAt })
  const receiver = await testReceiver(t, { publish: (messages) => sink(messages, new AbortController().signal) })
  const environment = {
    WATCHKEEPER_CLICKHOUSE_URL: config.clickhouseUrl,
    WATCHKEEPER_CLICKHOUSE_USER: config.clickhouseUser,
    WATCHKEEPER_CLICKHOUSE_PASSWORD: config.clickhousePassword,
    WATCHKEEPER_CLICKHOUSE_DATABASE: config.clickhouseDatabase,
    WATCHKEEPER_LOG_LEVEL: 'silent',
  }
  return {
    receiver,
    store,
    url: await receiver.app.listen({ host: '127.0.0.1', port: 0 }),
    async run(...args) {
      const io = commandIo(environment)
      return { exit: await deadLetters.run(args, io), ...io.output }
    },
  }
}

const letter = (given: Partial<DeadLetter>): DeadLetter => ({
  id: '00000000-0000-8000-8000-000000000001',
  tenant: 'default',
  owner: 'development',
  role: 'agent',
  stage: 'receive',
  reason: 'receiver_fault',
  explanation: 'a fault of the receiver',
  at: receivedAt,
  body: '{}',
  signal: 'logs',
  ...given,
})

const countEvents = async (store: Store): Promise<number> => {
  const [row] = await store.query<{ n: string }>('SELECT count() AS n FROM audit')
  return Number(row?.n)
}

test('what was not understood can be listed by reason and shown, and a retry of the sender is one letter', async (t) => {
  const { receiver, run } = await setup(t)
  const unknown = { ...eventRecord({ eventId: 'e' }), eventName: 'watchkeeper.sabotage' }
  const noIds = span({ name: 'tools/call a', attributes: { 'mcp.method.name': 'tools/call' }, traceId: '' })
  for (let time = 0; time < 2; time += 1) {
    await receiver.send('/v1/logs', logsRequest([unknown]))
    await receiver.send('/v1/traces', tracesRequest([noIds]))
  }
  const all = await run('list')
  assert.equal(all.stdout.trim().split('\n').length, 2)
  assert.match(all.stderr, /2 dead letters/)
  const some = await run('list', '--reason', 'unknown_event', '--json')
  const listed = JSON.parse(some.stdout) as DeadLetter
  assert.deepEqual(
    [listed.reason, listed.tenant, listed.owner, listed.signal, listed.at],
    ['unknown_event', 'default', 'development', 'logs', receivedAt],
  )
  const shown = await run('show', listed.id)
  const { body } = JSON.parse(shown.stdout) as {
    body: { resourceLogs: { scopeLogs: { logRecords: { eventName: string }[] }[] }[] }
  }
  assert.equal(body.resourceLogs[0]?.scopeLogs[0]?.logRecords[0]?.eventName, 'watchkeeper.sabotage')
})

test('a letter that is replayed twice is one record', async (t) => {
  const { store, url, run } = await setup(t)
  const body = JSON.stringify(logsRequest([eventRecord({ eventId: 'once' })]))
  const call = span({ name: 'tools/call a', attributes: { 'mcp.method.name': 'tools/call' } })
  await store.insertDeadLetters([
    letter({ body }),
    letter({
      id: '00000000-0000-8000-8000-000000000002',
      signal: 'traces',
      body: JSON.stringify(tracesRequest([call])),
    }),
  ])
  for (let time = 0; time < 2; time += 1) {
    const { exit, stdout } = await run('replay', '--all', '--to', url)
    assert.deepEqual([exit, stdout], [0, '2 understood, 0 not\n'])
    assert.equal(await countEvents(store), 2)
  }
})

test('what the store had refused goes to the store again', async (t) => {
  const { store, run } = await setup(t)
  const event = auditEvent()
  await store.insertDeadLetters([letter({ stage: 'store', signal: 'event', body: JSON.stringify(event) })])
  for (let time = 0; time < 2; time += 1) {
    assert.equal((await run('replay', '00000000-0000-8000-8000-000000000001')).exit, 0)
    assert.equal(await countEvents(store), 1)
  }
})

test('a letter that is still not understood is told of, and so is one of another tenant', async (t) => {
  const { receiver, store, url, run } = await setup(t)
  const unknown = { ...eventRecord({ eventId: 'e' }), eventName: 'watchkeeper.sabotage' }
  await receiver.send('/v1/logs', logsRequest([unknown]))
  const again = await run('replay', '--all', '--reason', 'unknown_event', '--to', url)
  assert.deepEqual([again.exit, again.stdout], [1, '0 understood, 1 not\n'])
  assert.match(again.stderr, /unknown_event/)
  await store.insertDeadLetters([letter({ tenant: 'other' })])
  const other = await run('replay', '--all', '--tenant', 'other', '--to', url)
  assert.equal(other.exit, 1)
  assert.match(other.stderr, /is of tenant other/)
})

test('text of a record cannot rewrite the terminal', async (t) => {
  const { store, run } = await setup(t)
  const nasty = 'red \u001b[31m \u009b \u202e \r\n \u2028 end'
  await store.insertDeadLetters([letter({ explanation: nasty, body: JSON.stringify({ nasty }) })])
  for (const { stdout } of [await run('list'), await run('show', '00000000-0000-8000-8000-000000000001')]) {
    assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\u2028]/u)
    assert.match(stdout, /u\{?202e/)
  }
})

test('wrong words are a usage fault', async (t) => {
  const { run } = await setup(t)
  const wrong = [
    [],
    ['burn'],
    ['show'],
    ['show', 'not-there'],
    ['replay'],
    ['replay', 'x', '--all'],
    ['replay', 'not-there', '--to', 'http://127.0.0.1:1'],
    ['list', 'x'],
    ['list', '--limit', '0'],
  ]
  for (const args of wrong) {
    await assert.rejects(
      run(...args),
      (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE',
      args.join(' '),
    )
  }
})

test('a receiver that is away is a fault, and nothing is lost', async (t) => {
  const { store, run } = await setup(t)
  await store.insertDeadLetters([letter({ body: JSON.stringify(logsRequest([])) })])
  await assert.rejects(
    run('replay', '--all', '--to', 'http://127.0.0.1:1'),
    (error) => error instanceof WatchkeeperError && error.code === 'WK_RECEIVER_UNAVAILABLE',
  )
  assert.equal((await run('list')).stdout.trim().split('\n').length, 1)
})
