import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { Emitter, inConversation, instrument, type ProducerEvent } from '@watchkeeper/sdk'
import { watchFetch, watchServer } from '@watchkeeper/sdk/http'
import {
  type AuthorizationServer,
  authorizationServer,
  clientId,
  clientSecret,
} from '../../support/authorization-server.js'
import { type Collector, startCollector } from '../../support/collector.js'
import { type ExpressRequest, type ExpressResponse, express } from '../../support/express.js'
import { listening } from '../../support/listening.js'

interface World {
  readonly collector: Collector
  readonly logins: AuthorizationServer
  readonly url: URL
  readonly clientSide: Emitter
  connect(options?: { readonly token?: string }): Promise<Client>
  all(): Promise<readonly ProducerEvent[]>
}

/** Asks for one scope more with each log-in; SDK v1 leaves a challenge's scopes to its host in this flow. */
class SteppingUp extends ClientCredentialsProvider {
  readonly #wanted = ['mcp', 'files:write']
  #logins = 0

  override prepareTokenRequest(): URLSearchParams {
    return super.prepareTokenRequest(this.#wanted.slice(0, ++this.#logins).join(' '))
  }
}

const scopeOfTool: Readonly<Record<string, string>> = { write_file: 'files:write' }

/** An MCP server of SDK v1 on Express that asks for the scope `mcp`, and for one tool for another. */
async function world(t: TestContext): Promise<World> {
  const collector = await startCollector()
  t.after(() => collector.close())
  const [clientSide, serverSide] = [0, 1].map(() => new Emitter({ dsn: collector.dsn, flushEveryMs: 10 })) as [
    Emitter,
    Emitter,
  ]
  const logins = authorizationServer()
  const app = express()
  const base = await listening(t, app)
  const hooks = watchServer({ emitter: serverSide, serverName: 'files', resource: `${base}/mcp` })

  app.use(express.text({ type: 'application/x-www-form-urlencoded' }))
  app.use((request: ExpressRequest, response: ExpressResponse, next: () => void) => {
    const answer = logins.answer(base, request.path, String(request.body ?? ''))
    if (answer === undefined) next()
    else response.json(answer)
  })
  app.use(hooks.express)
  app.use(
    requireBearerAuth({
      verifier: hooks.verifier(logins.verifier((message) => new InvalidTokenError(message))),
      requiredScopes: ['mcp'],
      resourceMetadataUrl: `${base}/.well-known/oauth-protected-resource/mcp`,
    }),
  )
  app.use(express.json())
  app.use((request: ExpressRequest, response: ExpressResponse, next: () => void) => {
    const { params } = (request.body ?? {}) as { readonly params?: { readonly name?: string } }
    const needed = scopeOfTool[params?.name ?? '']
    const { scopes = [] } = (request.auth ?? {}) as { readonly scopes?: readonly string[] }
    if (needed === undefined || scopes.includes(needed)) return next()
    response.set('WWW-Authenticate', `Bearer error="insufficient_scope", scope="${needed}"`).status(403).json({})
  })
  app.all('/mcp', async (request: ExpressRequest, response: ExpressResponse) => {
    const server = instrument(new McpServer({ name: 'files', version: '1' }), { emitter: serverSide })
    for (const name of ['read_file', 'write_file'])
      server.registerTool(name, {}, async () => ({ content: [{ type: 'text', text: 'done' }] }))
    const transport = new StreamableHTTPServerTransport({})
    await server.connect(transport as Transport)
    await transport.handleRequest(request as never, response, request.body)
  })

  const url = new URL(`${base}/mcp`)
  return {
    collector,
    logins,
    url,
    clientSide,
    async connect({ token } = {}) {
      const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter: clientSide })
      const transport = new StreamableHTTPClientTransport(url, {
        fetch: watchFetch({ emitter: clientSide, serverName: 'files' })(),
        ...(token === undefined
          ? { authProvider: new SteppingUp({ clientId, clientSecret, expectedIssuer: base }) }
          : { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
      })
      t.after(() => client.close())
      await client.connect(transport as Transport)
      return client
    },
    async all() {
      await Promise.all([clientSide.flush(), serverSide.flush()])
      return collector.events
    },
  }
}

const of = (events: readonly ProducerEvent[], side: string, kind: string, method = 'tools/call') =>
  events.filter((event) => event.side === side && event.kind === kind && event.method === method)

function only(events: readonly ProducerEvent[]): ProducerEvent {
  assert.equal(events.length, 1, `expected one event, got ${events.length}`)
  return events[0] as ProducerEvent
}

describe('SDK v1 on Express', () => {
  test('a step-up is told by both sides: the challenge, the growth it caused, in the conversation of the call', async (t) => {
    const { connect, all, url } = await world(t)
    const client = await inConversation('conv-1', () => connect())
    await inConversation('conv-1', () => client.callTool({ name: 'write_file' }))
    const events = await all()
    for (const side of ['client', 'server']) {
      const challenge = only(of(events, side, 'authorization').filter(({ decision }) => decision === 'challenged'))
      assert.deepEqual(challenge.scopes, ['mcp'], side)
      assert.deepEqual(challenge.scopesChallenged, ['files:write'])
      assert.deepEqual([challenge.errorType, challenge.detail['challenge_error']], ['403', 'insufficient_scope'])
      assert.equal(challenge.tool, 'write_file')
      const growth = only(of(events, side, 'elevation'))
      assert.deepEqual(growth.scopes, ['mcp'])
      assert.deepEqual(growth.scopesGranted, ['mcp', 'files:write'])
      assert.equal(growth.causedBy, challenge.eventId)
      assert.notEqual(growth.tokenFingerprint, challenge.tokenFingerprint)
      assert.ok(growth.startedAt > challenge.endedAt)
      for (const event of [challenge, growth]) {
        assert.equal(event.conversationId, 'conv-1')
        assert.equal(event.expectedAudience, url.href)
        assert.equal(event.serverName, 'files')
      }
    }
    const call = only(of(events, 'client', 'call'))
    assert.equal(call.outcome, 'ok')
    const challenges = events.filter(({ tool, decision }) => tool === 'write_file' && decision === 'challenged')
    assert.deepEqual(new Set(challenges.map(({ traceId }) => traceId)), new Set([call.traceId]))
    assert.deepEqual(new Set(challenges.map(({ requestId }) => requestId)), new Set([call.requestId]))
    assert.equal(new Set(challenges.map(({ tokenFingerprint }) => tokenFingerprint)).size, 1)
  })

  test('the first log-in is a challenge and a token that is taken, and no growth', async (t) => {
    const { connect, all } = await world(t)
    await inConversation('conv-2', () => connect())
    const events = await all()
    assert.deepEqual(of(events, 'client', 'elevation', 'initialize'), [])
    assert.deepEqual(of(events, 'server', 'elevation', 'initialize'), [])
    for (const side of ['client', 'server']) {
      const [challenge, login] = of(events, side, 'authorization', 'initialize')
      assert.deepEqual([challenge?.decision, challenge?.errorType], ['challenged', '401'], side)
      assert.equal(challenge?.tokenFingerprint, '')
      assert.deepEqual([login?.decision, login?.scopes], ['allowed', ['mcp']])
      assert.equal(login?.conversationId, 'conv-2')
      assert.match(login?.tokenFingerprint ?? '', /^[0-9a-f]{16}$/)
      assert.match(login?.detail['token_expires_at'] ?? '', /^20\d\d-/)
    }
    const login = of(events, 'server', 'authorization', 'initialize').at(-1)
    assert.deepEqual([login?.subject, login?.oauthClientId, login?.issuer], ['dana', clientId, 'https://login.example'])
  })

  test('a call that is refused is a denied call at its client', async (t) => {
    const { connect, all, logins } = await world(t)
    const client = await connect({ token: logins.issue(['mcp']) })
    await assert.rejects(client.callTool({ name: 'write_file' }))
    const events = await all()
    const call = only(of(events, 'client', 'call'))
    assert.deepEqual([call.outcome, call.errorType, call.tool], ['denied', '403', 'write_file'])
    assert.deepEqual(of(events, 'server', 'call'), [])
    const refused = only(of(events, 'server', 'authorization').filter(({ decision }) => decision === 'challenged'))
    assert.deepEqual([refused.requestId, refused.traceId], [call.requestId, call.traceId])
  })

  test('a token that is not accepted is denied, and says nothing about who its bearer is', async (t) => {
    const { connect, all } = await world(t)
    const claims = Buffer.from(JSON.stringify({ sub: 'root', scope: 'admin' })).toString('base64url')
    await assert.rejects(
      inConversation('conv-3', () => connect({ token: `eyJhbGciOiJub25lIn0.${claims}.c2lnbmF0dXJl` })),
    )
    const refused = only(of(await all(), 'server', 'authorization', 'initialize'))
    assert.deepEqual(
      [refused.decision, refused.errorType, refused.detail['challenge_error']],
      ['denied', '401', 'invalid_token'],
    )
    assert.deepEqual([refused.subject, refused.scopes], ['', []])
    assert.equal(refused.conversationId, 'conv-3')
  })

  test('a token that is taken is told once for each conversation, not with each request', async (t) => {
    const { connect, all, logins } = await world(t)
    const client = await inConversation('conv-a', () => connect({ token: logins.issue(['mcp']) }))
    for (const conversation of ['conv-a', 'conv-b', 'conv-a'])
      await inConversation(conversation, () => client.callTool({ name: 'read_file' }))
    const events = await all()
    for (const side of ['client', 'server']) {
      const allowed = events.filter((event) => event.kind === 'authorization' && event.side === side)
      const conversations = allowed.map(({ conversationId }) => conversationId).filter((id) => id !== '')
      assert.deepEqual(conversations, ['conv-a', 'conv-b'], side)
    }
  })

  test('no token and no secret is in anything that is sent', async (t) => {
    const { connect, all, logins, collector } = await world(t)
    const client = await connect()
    await client.callTool({ name: 'write_file' })
    const events = await all()
    const sent = JSON.stringify(events)
    assert.ok(events.some(({ kind }) => kind === 'elevation'))
    assert.ok(logins.secrets.length >= 3)
    for (const secret of logins.secrets) assert.ok(!sent.includes(secret), 'a secret was sent')
    assert.ok(!sent.includes('opaque-'))
    assert.ok(collector.requests.length > 0)
  })
})
