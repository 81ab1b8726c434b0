/** One conversation over several servers, and clients and servers of different SDK versions. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serveV1 } from '../support/conformance/hosts-v1.js'
import { serveV2 } from '../support/conformance/hosts-v2.js'
import { denied, everything } from '../support/conformance/script.js'
import { talking } from '../support/conformance/talk.js'
import { webDeskV1 } from '../support/conformance/v1.js'
import { webDeskV2 } from '../support/conformance/v2.js'

const timeout = 60_000

test('one conversation with two servers is one session, and the denial at one of them belongs to it', {
  timeout,
}, async (t) => {
  const { agent, log, hold, checked, emitter } = await talking(t)
  const notes = await serveV1(t, { emitter: emitter(), host: 'Express', name: 'notes' })
  const mail = await serveV2(t, { emitter: emitter(), host: 'Hono', era: 'auto', name: 'mail' })
  await hold(async () => {
    const reader = await webDeskV1(t, agent, notes.url, notes.logins.issue(['mcp']))
    log.did('initialize')
    await reader.call('read_note')
    log.did('tools/call', 'read_note')
    await denied(await webDeskV2(t, agent, mail.url, { era: 'auto', token: mail.logins.issue(['mcp']) }), log)
    await reader.call('fail')
    log.did('tools/call', 'fail', 'tool_error')
  })
  const rows = await checked()
  const decisions = rows.filter(({ kind }) => kind === 'authorization')
  const told = (of: string) =>
    decisions
      .filter(({ side }) => side === of)
      .map(({ server_name, server_address, decision, tool }) => [server_name || server_address, decision, tool])
  assert.deepEqual(told('server'), [
    ['notes', 'allowed', ''],
    ['mail', 'allowed', ''],
    ['mail', 'challenged', 'send_mail'],
  ])
  assert.deepEqual(told('client'), [
    [notes.url.host, 'allowed', ''],
    [mail.url.host, 'allowed', ''],
    [mail.url.host, 'challenged', 'send_mail'],
  ])
})

test('a client of SDK v1 and a server of v2: each request once from each side', { timeout }, async (t) => {
  const { agent, log, hold, checked, emitter } = await talking(t)
  const { url } = await serveV2(t, { emitter: emitter(), host: 'Hono', era: 'legacy' })
  await hold(async () => {
    const world = { unknownTool: 'protocol_error', askingBack: 'request' } as const
    await everything(await webDeskV1(t, agent, url), log, world)
  })
  await checked()
})

test('a client of SDK v2 and a server of v1: each request once from each side', { timeout }, async (t) => {
  const { agent, log, hold, checked, emitter } = await talking(t)
  const { url } = await serveV1(t, { emitter: emitter(), host: 'Fastify' })
  await hold(async () => {
    const world = { unknownTool: 'tool_error', askingBack: 'request' } as const
    await everything(await webDeskV2(t, agent, url, { era: 'legacy' }), log, world)
  })
  await checked()
})
