import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import {
  Client,
  ClientCredentialsProvider,
  InsufficientScopeError,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import {
  createMcpHandler,
  McpServer,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
  requireScopes,
} from '@modelcontextprotocol/server'
import { Emitter, inConversation, instrument, type ProducerEvent } from '@watchkeeper/sdk'
import { type ServerHooks, watchFetch, watchServer } from '@watchkeeper/sdk/http'
import { Hono } from 'hono'
import {
  type AuthorizationServer,
  authorizationServer,
  clientId,
  clientSecret,
} from '../../support/authorization-server.js'
import { type Collector, startCollector } from '../../support/collector.js'
import { listening } from '../../support/listening.js'

type Handler = (request: Request) => Promise<Response>

/** Where a server's hook is mounted. */
type Mounting = (hooks: ServerHooks, parts: { readonly gated: Handler; readonly base: string }) => Handler

const mountings: Readonly<Record<string, Mounting>> = {
  'a web-standard handler': (hooks, { gated }) => hooks.web(gated),
  Hono: (hooks, { gated }) => {
    const app = new Hono()
    app.use(hooks.hono)
    app.all('/mcp', (context) => gated(context.req.raw))
    return async (request) => app.fetch(request)
  },
  'a gate and the handler behind it, each by itself': (_, { gated }) => gated,
}

class SteppingUp extends ClientCredentialsProvider {
  readonly #wanted = ['mcp', 'files:write']
  #logins = 0

  override prepareTokenRequest(): URLSearchParams {
    return super.prepareTokenRequest(this.#wanted.slice(0, ++this.#logins).join(' '))
  }
}

interface World {
  readonly collector: Collector
  readonly logins: AuthorizationServer
  emitter(): Emitter
  /** Starts an MCP server and returns its URL. */
  serve(name: string, mounting: string): Promise<URL>
  connect(url: URL, options?: { readonly token?: string; readonly mode?: 'legacy' | 'auto' }): Promise<Client>
  all(): Promise<readonly ProducerEvent[]>
}

async function world(t: TestContext): Promise<World> {
  const collector = await startCollector()
  t.after(() => collector.close())
  const emitters: Emitter[] = []
  const emitter = (): Emitter => {
    const made = new Emitter({ dsn: collector.dsn, flushEveryMs: 10 })
    emitters.push(made)
    t.after(() => made.close(0))
    return made
  }
  const clientSide = emitter()
  const logins = authorizationServer()
  return {
    collector,
    logins,
    emitter,
    async serve(name, mounting) {
      const serverSide = emitter()
      const hooks = watchServer({ emitter: serverSide, serverName: name })
      let handler: Handler = async () => new Response()
      const base = await listening(
        t,
        getRequestListener((request) => handler(request)),
      )
      const { fetch: mcp } = createMcpHandler(() => {
        const server = instrument(new McpServer({ name, version: '2' }), { emitter: serverSide })
        server.registerTool('read_file', {}, async () => ({ content: [{ type: 'text', text: 'read' }] }))
        server.registerTool('write_file', { scopeChallenge: requireScopes('files:write') }, async () => ({
          content: [{ type: 'text', text: 'written' }],
        }))
        return server
      })
      const verifier = hooks.verifier(logins.verifier((text) => new OAuthError(OAuthErrorCode.InvalidToken, text)))
      const required = requireBearerAuth({
        verifier,
        requiredScopes: ['mcp'],
        resourceMetadataUrl: `${base}/.well-known/oauth-protected-resource/mcp`,
      })
      const apart = mounting.startsWith('a gate')
      const gate = apart ? hooks.gate(required) : required
      const served = apart ? hooks.web(mcp) : mcp
      const gated: Handler = async (request) => {
        const known = await gate(request)
        return known instanceof Response ? known : served(request, { authInfo: known })
      }
      const mounted = (mountings[mounting] as Mounting)(hooks, { gated, base })
      handler = async (request) => {
        const { pathname } = new URL(request.url)
        const answer = pathname === '/mcp' ? undefined : logins.answer(base, pathname, await request.text())
        return answer === undefined ? mounted(request) : Response.json(answer)
      }
      return new URL(`${base}/mcp`)
    },
    async connect(url, { token, mode = 'legacy' } = {}) {
      const client = instrument(new Client({ name: 'desk', version: '2' }, { versionNegotiation: { mode } }), {
        emitter: clientSide,
      })
      t.after(() => client.close())
      const authProvider = new SteppingUp({ clientId, clientSecret, expectedIssuer: url.origin })
      await client.connect(
        new StreamableHTTPClientTransport(url, {
          fetch: watchFetch({ emitter: clientSide })(),
          ...(token === undefined
            ? { authProvider }
            : { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
        }),
      )
      return client
    },
    async all() {
      // What is told of an accepted token comes after its answer.
      await new Promise((resolve) => setImmediate(resolve))
      await Promise.all(emitters.map((one) => one.flush()))
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

for (const mounting of Object.keys(mountings))
  for (const mode of ['legacy', 'auto'] as const)
    test(`SDK v2, ${mode}, ${mounting}: a step-up is told by both sides, once, in the conversation of the call`, async (t) => {
      const { serve, connect, all } = await world(t)
      const url = await serve('files', mounting)
      await inConversation('conv-1', async () => {
        const client = await connect(url, { mode })
        await client.callTool({ name: 'write_file' })
      })
      const events = await all()
      const call = only(of(events, 'client', 'call'))
      assert.equal(call.outcome, 'ok')
      for (const side of ['client', 'server']) {
        const challenge = only(of(events, side, 'authorization').filter(({ decision }) => decision === 'challenged'))
        assert.deepEqual(challenge.scopes, ['mcp'], side)
        assert.deepEqual(challenge.scopesChallenged, ['files:write'])
        const growth = only(of(events, side, 'elevation'))
        assert.deepEqual([growth.scopes, growth.scopesGranted], [['mcp'], ['mcp', 'files:write']])
        assert.equal(growth.causedBy, challenge.eventId)
        for (const event of [challenge, growth]) {
          assert.equal(event.conversationId, 'conv-1')
          assert.deepEqual([event.tool, event.traceId, event.requestId], ['write_file', call.traceId, call.requestId])
        }
        const logins = events.filter((event) => event.kind === 'authorization' && event.side === side)
        assert.deepEqual(
          logins.map(({ decision, errorType }) => [decision, errorType]),
          [
            ['challenged', '401'],
            ['allowed', ''],
            ['challenged', '403'],
            ['allowed', ''],
          ],
          side,
        )
      }
    })

describe('SDK v2', () => {
  test('a call that is refused is a denied call at its client, and none at its server', async (t) => {
    const { serve, connect, all, logins } = await world(t)
    const client = await connect(await serve('files', 'a web-standard handler'), { token: logins.issue(['mcp']) })
    await assert.rejects(client.callTool({ name: 'write_file' }), InsufficientScopeError)
    const events = await all()
    const call = only(of(events, 'client', 'call'))
    assert.deepEqual([call.outcome, call.errorType], ['denied', '403'])
    assert.deepEqual(of(events, 'server', 'call'), [])
    for (const side of ['client', 'server'])
      assert.equal(
        only(of(events, side, 'authorization').filter(({ errorType }) => errorType === '403')).tool,
        'write_file',
      )
  })

  test('one session across two servers: denials and growth of both belong to it, and to their own server', async (t) => {
    const { serve, connect, all, logins } = await world(t)
    const [files, mail] = [await serve('files', 'Hono'), await serve('mail', 'a web-standard handler')]
    await inConversation('conv-9', async () => {
      const reader = await connect(files, { token: logins.issue(['mcp']) })
      await reader.callTool({ name: 'read_file' })
      await assert.rejects(reader.callTool({ name: 'write_file' }))
      const writer = await connect(mail, { token: logins.issue(['mcp', 'files:write']) })
      await writer.callTool({ name: 'write_file' })
    })
    const events = (await all()).filter(({ kind }) => kind === 'authorization')
    assert.ok(events.every(({ conversationId }) => conversationId === 'conv-9'))
    const told = events.filter(({ side }) => side === 'server')
    assert.deepEqual(told.map(({ serverName, decision, scopes }) => [serverName, decision, scopes.join(' ')]).sort(), [
      ['files', 'allowed', 'mcp'],
      ['files', 'challenged', 'mcp'],
      ['mail', 'allowed', 'mcp files:write'],
    ])
    const clients = events.filter(({ side }) => side === 'client')
    assert.deepEqual(
      clients.map(({ serverAddress }) => serverAddress).sort(),
      [files.host, files.host, mail.host].sort(),
    )
  })
})
