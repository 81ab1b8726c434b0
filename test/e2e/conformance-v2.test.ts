/** The official SDK v2 against itself in both eras, both sides watched: what was done is in the store, once from each side. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Emitter, inConversation } from '@watchkeeper/sdk'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import {
  allRows,
  assertDefinitions,
  assertEachOnce,
  assertJoined,
  assertOneConversation,
  Logbook,
  type Row,
} from '../support/conformance/acts.js'
import { everything, type World } from '../support/conformance/script.js'
import { deskV2, type Era, eras } from '../support/conformance/v2.js'
import { type Kept, keeping } from '../support/kept.js'
import { until } from '../support/landing.js'
import { fromRoot } from '../support/root.js'

function emitterOf(t: TestContext, kept: Kept): Emitter {
  const emitter = new Emitter({ dsn: kept.dsn, flushEveryMs: 10 })
  t.after(() => emitter.close(0))
  return emitter
}

const worldOf = (era: Era): World => ({
  unknownTool: 'protocol_error',
  askingBack: era === 'legacy' ? 'request' : 'input_required',
})

/**
 * Before it connects, this SDK asks a second process of the same server which era it speaks, on a transport that nobody
 * else is shown, and kills it: what that process had to say may be cut off.
 */
function withoutProbe(rows: readonly Row[]): readonly Row[] {
  const calls = rows.filter(({ kind }) => kind === 'call')
  const busy = new Set(calls.filter(({ method }) => method !== 'server/discover').map(({ producer_id }) => producer_id))
  return rows.filter(({ producer_id }) => busy.has(producer_id))
}

for (const era of eras)
  test(`SDK v2 over stdio, ${era}: two processes, one conversation, each request once from each side`, {
    timeout: 60_000,
  }, async (t) => {
    const kept = await keeping(t)
    const agent = emitterOf(t, kept)
    const log = new Logbook()
    const conversation = randomUUID()
    await inConversation(conversation, async () => {
      const server = fromRoot('dist/test/support/conformance/stdio-v2.js')
      const args = [server, formatDsn(kept.dsn)]
      const transport = new StdioClientTransport({ command: process.execPath, args, env: getDefaultEnvironment() })
      t.after(() => transport.close())
      const desk = await deskV2(agent, transport, era, { probesApart: true })
      await everything(desk, log, worldOf(era))
      await desk.close()
    })
    await agent.flush()
    const rows = await until(
      () => allRows(kept).then(withoutProbe),
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
