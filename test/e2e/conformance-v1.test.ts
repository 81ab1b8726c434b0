/** The official SDK v1 against itself, both sides watched: what was done is in the store, once from each side. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { Emitter, inConversation } from '@watchkeeper/sdk'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import {
  allRows,
  assertDefinitions,
  assertEachOnce,
  assertJoined,
  assertOneConversation,
  Logbook,
} from '../support/conformance/acts.js'
import { everything } from '../support/conformance/script.js'
import { deskV1 } from '../support/conformance/v1.js'
import { type Kept, keeping } from '../support/kept.js'
import { until } from '../support/landing.js'
import { fromRoot } from '../support/root.js'

function emitterOf(t: TestContext, kept: Kept): Emitter {
  const emitter = new Emitter({ dsn: kept.dsn, flushEveryMs: 10 })
  t.after(() => emitter.close(0))
  return emitter
}

const world = { unknownTool: 'tool_error', askingBack: 'request' } as const

test('SDK v1 over stdio: two processes, one conversation, each request once from each side', {
  timeout: 60_000,
}, async (t) => {
  const kept = await keeping(t)
  const agent = emitterOf(t, kept)
  const log = new Logbook()
  const conversation = randomUUID()
  await inConversation(conversation, async () => {
    const server = fromRoot('dist/test/support/conformance/stdio-v1.js')
    const args = [server, formatDsn(kept.dsn)]
    const transport = new StdioClientTransport({ command: process.execPath, args, env: getDefaultEnvironment() })
    t.after(() => transport.close())
    const desk = await deskV1(agent, transport)
    await everything(desk, log, world)
    await desk.close()
  })
  await agent.flush()
  // The server's last word is that its connection was closed.
  const rows = await until(
    () => allRows(kept),
    (all) => all.filter(({ detail }) => detail['phase'] === 'closed').length >= 2,
    20_000,
  )
  assertEachOnce(rows, log, agent.producerId)
  assertJoined(rows)
  assertOneConversation(rows, conversation)
  assertDefinitions(rows, log)
  const connections = rows.filter(({ kind }) => kind === 'connection')
  assert.deepEqual(connections.map(({ side, detail }) => `${side} ${detail['phase']}`).sort(), [
    'client closed',
    'client opened',
    'server closed',
    'server opened',
  ])
})
