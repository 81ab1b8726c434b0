/** The official SDK v1 against itself, both sides watched: what was done is in the store, once from each side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import { assertSteppedUp } from '../support/conformance/acts.js'
import { hostsV1, serveV1 } from '../support/conformance/hosts-v1.js'
import { denied, everything } from '../support/conformance/script.js'
import { closed, phasesOf, talking } from '../support/conformance/talk.js'
import { deskV1, webDeskV1 } from '../support/conformance/v1.js'
import { fromRoot } from '../support/root.js'

const world = { unknownTool: 'tool_error', askingBack: 'request' } as const
const timeout = 60_000

test('SDK v1 over stdio: two processes, one conversation, each request once from each side', { timeout }, async (t) => {
  const { kept, agent, log, hold, checked } = await talking(t)
  await hold(async () => {
    const args = [fromRoot('dist/test/support/conformance/stdio-v1.js'), formatDsn(kept.dsn)]
    const transport = new StdioClientTransport({ command: process.execPath, args, env: getDefaultEnvironment() })
    t.after(() => transport.close())
    const desk = await deskV1(agent, transport)
    await everything(desk, log, world)
    await desk.close()
  })
  const rows = await checked({ enough: closed(1) })
  assert.deepEqual(phasesOf(rows), ['client closed', 'client opened', 'server closed', 'server opened'])
})

for (const host of Object.keys(hostsV1))
  test(`SDK v1 over HTTP on ${host}: requests, denials and growth once from each side`, { timeout }, async (t) => {
    const { agent, log, hold, checked, emitter } = await talking(t)
    const { url, logins } = await serveV1(t, { emitter: emitter(), host })
    await hold(async () => {
      const desk = await webDeskV1(t, agent, url)
      await everything(desk, log, world)
      const other = await webDeskV1(t, agent, url, logins.issue(['mcp']))
      await denied(other, log)
      await desk.close()
      await other.close()
    })
    assertSteppedUp(await checked())
  })
