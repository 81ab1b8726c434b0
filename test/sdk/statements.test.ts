import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  approval,
  consent,
  Emitter,
  inConversation,
  instrument,
  type ProducerEvent,
  thirdPartyFlow,
} from '@watchkeeper/sdk'
import { z } from 'zod'
import { startCollector } from '../support/collector.js'

async function emitting(t: TestContext): Promise<{ emitter: Emitter; all: () => Promise<readonly ProducerEvent[]> }> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  return {
    emitter,
    async all() {
      await emitter.flush()
      return collector.events
    },
  }
}

const ofKind = (events: readonly ProducerEvent[], kind: string): ProducerEvent => {
  const found = events.filter((event) => event.kind === kind && event.side === 'client')
  assert.equal(found.length, 1, `expected one ${kind}, got ${found.length}`)
  return found[0] as ProducerEvent
}

describe('an approval', () => {
  async function payment(t: TestContext, approved: object): Promise<readonly ProducerEvent[]> {
    const { emitter, all } = await emitting(t)
    const server = new McpServer({ name: 'bank', version: '1' })
    server.registerTool('pay', { inputSchema: { to: z.string(), amount: z.number() } }, async ({ to }) => ({
      content: [{ type: 'text', text: `paid ${to}` }],
    }))
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    await inConversation('conv-1', async () => {
      approval(emitter, { subject: 'anna', decision: 'allowed', tool: 'pay', arguments: approved })
      const result = await client.callTool({ name: 'pay', arguments: { to: 'DE02 1203', amount: 12 } })
      approval(emitter, { side: 'unknown', decision: 'denied', tool: 'pay', result })
    })
    await client.close()
    return all()
  }

  test('has the digest of the call it allows, whatever the order of its members, and the result it refuses', async (t) => {
    const events = await payment(t, { amount: 12, to: 'DE02 1203' })
    const call = events.find(({ kind, tool }) => kind === 'call' && tool === 'pay')
    const given = ofKind(events, 'approval')
    assert.ok(given.argDigest !== '' && given.argDigest === call?.argDigest)
    assert.deepEqual(
      [given.decision, given.subject, given.tool, given.conversationId, given.resultDigest],
      ['allowed', 'anna', 'pay', 'conv-1', ''],
    )
    const refused = events.find(({ kind, side }) => kind === 'approval' && side === 'unknown')
    assert.ok(refused !== undefined && refused.resultDigest !== '' && refused.resultDigest === call?.resultDigest)
    assert.deepEqual([refused.decision, refused.argDigest], ['denied', ''])
    assert.ok(!JSON.stringify(events).includes('DE02'))
  })

  test('for other arguments has another digest', async (t) => {
    const events = await payment(t, { amount: 1200, to: 'DE02 1203' })
    const call = events.find(({ kind, tool }) => kind === 'call' && tool === 'pay')
    assert.notEqual(ofKind(events, 'approval').argDigest, call?.argDigest)
  })
})

describe('a consent', () => {
  const asked = { subject: 'anna', clientId: 'client-7', scopes: ['mail.read'], issuer: 'https://id.example' }

  test('says who, to which client, scopes and host; the rest of the redirect URI is a fingerprint', async (t) => {
    const { emitter, all } = await emitting(t)
    const redirectUri = 'https://app.example:8443/oauth/callback?flow=secret-flow'
    inConversation('conv-2', () => consent(emitter, { ...asked, redirectUri, decision: 'allowed' }))
    consent(emitter, { ...asked, side: 'server', redirectUri: `${redirectUri}x`, decision: 'denied' })
    const events = await all()
    const given = ofKind(events, 'consent')
    assert.deepEqual(
      [given.subject, given.oauthClientId, given.resource, given.issuer, given.decision, given.conversationId],
      ['anna', 'client-7', 'https://app.example:8443', 'https://id.example', 'allowed', 'conv-2'],
    )
    assert.deepEqual([given.scopesRequested, given.scopesGranted], [['mail.read'], ['mail.read']])
    const refused = events.find(({ side }) => side === 'server')
    assert.deepEqual([refused?.scopesRequested, refused?.scopesGranted], [['mail.read'], []])
    assert.match(given.detail['redirect_uri_fingerprint'] ?? '', /^[0-9a-f]{16}$/)
    assert.notEqual(given.detail['redirect_uri_fingerprint'], refused?.detail['redirect_uri_fingerprint'])
    assert.ok(!JSON.stringify(events).includes('secret-flow') && !JSON.stringify(events).includes('callback'))
  })

  test('to a redirect URI that is none is told all the same', async (t) => {
    const { emitter, all } = await emitting(t)
    consent(emitter, { ...asked, redirectUri: 'no uri', decision: 'allowed' })
    assert.equal(ofKind(await all(), 'consent').resource, '')
  })
})

test('a subject extractor that fails costs the name of the caller, not the record of the call', async (t) => {
  const { emitter, all } = await emitting(t)
  const server = new McpServer({ name: 'notes', version: '1' })
  server.registerTool('read', {}, async () => ({ content: [] }))
  instrument(server, {
    emitter,
    subject: ({ extra }) => (extra as { readonly claims: { readonly oid: string } }).claims.oid,
  })
  const client = new Client({ name: 'desk', version: '1' })
  const [left, right] = InMemoryTransport.createLinkedPair()
  const send = left.send.bind(left)
  const tokens = [{ claims: { oid: 'anna' } }, {}]
  left.send = (message) =>
    send(message, { authInfo: { token: 'secret-token', clientId: 'app', scopes: [], extra: tokens.shift() ?? {} } })
  await Promise.all([server.connect(right), client.connect(left)])
  await client.callTool({ name: 'read' })
  await client.close()
  const calls = (await all()).filter(({ kind }) => kind === 'call')
  assert.deepEqual(
    calls.map(({ method, subject, oauthClientId }) => [method, subject, oauthClientId]),
    [
      ['initialize', 'anna', 'app'],
      ['tools/call', '', 'app'],
    ],
  )
})

test('what a third party is asked for names the client and the redirect URI that a consent names', async (t) => {
  const { emitter, all } = await emitting(t)
  const asked = { clientId: 'desk', redirectUri: 'https://desk.example/callback', scopes: ['repo'] }
  inConversation('conv-1', () => {
    consent(emitter, { ...asked, decision: 'allowed' })
    thirdPartyFlow(emitter, {
      ...asked,
      serverName: 'code',
      issuer: 'https://login.code.example/authorize?x=secret-state',
    })
  })
  const events = await all()
  const [agreed, flow] = [ofKind(events, 'consent'), events.find(({ kind }) => kind === 'oauth_fetch')]
  assert.deepEqual(
    [flow?.side, flow?.conversationId, flow?.serverName, flow?.oauthClientId, flow?.scopesRequested, flow?.resource],
    ['server', 'conv-1', 'code', agreed.oauthClientId, ['repo'], 'https://login.code.example'],
  )
  assert.equal(flow?.detail['redirect_uri_fingerprint'], agreed.detail['redirect_uri_fingerprint'])
  assert.doesNotMatch(JSON.stringify(events), /secret-state|callback/)
})
