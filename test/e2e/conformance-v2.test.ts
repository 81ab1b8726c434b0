/** The official SDK v2 against itself in both eras, both sides watched: what was done is in the store, once from each side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import { assertSteppedUp, type Row } from '../support/conformance/acts.js'
import { hostsV2, serveV2 } from '../support/conformance/hosts-v2.js'
import { denied, everything, type World } from '../support/conformance/script.js'
import { closed, phasesOf, talking } from '../support/conformance/talk.js'
import { deskV2, type Era, eras, webDeskV2 } from '../support/conformance/v2.js'
import { fromRoot } from '../support/root.js'

const worldOf = (era: Era): World => ({
  unknownTool: 'protocol_error',
  askingBack: era === 'legacy' ? 'request' : 'input_required',
})
const timeout = 60_000

/**
 * Before it connects, this SDK asks a second process of the same server which era it speaks, on a transport that nobody
 * else is shown, and kills it: what that process had to say may be cut off.
 */
function withoutProbe(rows: readonly Row[]): readonly Row[] {
  const calls = rows.filter(({ kind }) => kind === 'call')
  const busy = new Set(calls.filter(({ method }) => method !== 'server/discover').map(({ producer_id }) => producer_id))
  return rows.filter(({ producer_id }) => busy.has(producer_id))
}

for (const era of eras) {
  test(`SDK v2 over stdio, ${era}: each request once from each side, of two processes`, { timeout }, async (t) => {
    const { kept, agent, log, hold, checked } = await talking(t)
    await hold(async () => {
      const args = [fromRoot('dist/test/support/conformance/stdio-v2.js'), formatDsn(kept.dsn)]
      const transport = new StdioClientTransport({ command: process.execPath, args, env: getDefaultEnvironment() })
      t.after(() => transport.close())
      const desk = await deskV2(agent, transport, era, { probesApart: true })
      await everything(desk, log, worldOf(era))
      await desk.close()
    })
    const rows = await checked({ enough: closed(1), known: withoutProbe })
    assert.deepEqual(phasesOf(rows), ['client closed', 'client opened', 'server closed', 'server opened'])
  })

  for (const host of Object.keys(hostsV2))
    test(`SDK v2 over HTTP on ${host}, ${era}: requests, denials and growth once from each side`, {
      timeout,
    }, async (t) => {
      const { agent, log, hold, checked, emitter } = await talking(t)
      const { url, logins } = await serveV2(t, { emitter: emitter(), host, era })
      await hold(async () => {
        const desk = await webDeskV2(t, agent, url, { era })
        await everything(desk, log, worldOf(era))
        const other = await webDeskV2(t, agent, url, { era, token: logins.issue(['mcp']) })
        await denied(other, log)
        await desk.close()
        await other.close()
      })
      assertSteppedUp(await checked())
    })
}
