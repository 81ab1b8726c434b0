/**
 * The official SDKs, both versions, both eras of the protocol, over real pipes and sockets, watched on both sides. A witness on the wire says
 * what was done; the store must say the same: each request once from each side, in one conversation.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioV2 } from '@modelcontextprotocol/client/stdio'
import { getDefaultEnvironment, StdioClientTransport as StdioV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { Emitter, inConversation, instrument } from '@watchkeeper/sdk'
import { type Dsn, developmentDsn, formatDsn } from '@watchkeeper/sdk/dsn'
import { watchFetch, watchServer } from '@watchkeeper/sdk/http'
import { fastify } from 'fastify'
import { Hono } from 'hono'
import type { Store } from '../../src/store/index.js'
import {
  type AnyClient,
  clientV1,
  clientV2,
  type Passed,
  playAll,
  serverV1,
  serverV2,
  witness,
} from '../support/conformance.js'
import { express } from '../support/express.js'
import { listening } from '../support/listening.js'
import { testReceiver } from '../support/receiver.js'
import { fromRoot } from '../support/root.js'
import { openTestStore } from '../support/store.js'

interface World {
  readonly store: Store
  readonly dsn: Dsn
  /** Of the client's side and of the server's, where it is in this process. */
  readonly agent: Emitter
  readonly service: Emitter
  /** Once both sides have said all. */
  rows<Row>(sql: string): Promise<Row[]>
}

/** A receiver whose records go straight into a store. */
async function world(t: TestContext): Promise<World> {
  const store = await openTestStore(t)
  const receiver = await testReceiver(t, {
    publish: async (messages) => {
      await store.insertEvents(messages.flatMap((message) => (message.type === 'event' ? [message.event] : [])))
      for (const message of messages) assert.equal(message.type, 'event', JSON.stringify(message))
    },
  })
  receiver.clock.now = Date.now() * 1000
  const endpoint = await receiver.app.listen({ host: '127.0.0.1', port: 0 })
  const dsn = { ...developmentDsn, endpoint }
  const [agent, service] = [new Emitter({ dsn, flushEveryMs: 10 }), new Emitter({ dsn, flushEveryMs: 10 })]
  t.after(() => Promise.all([agent.close(0), service.close(0)]))
  return {
    store,
    dsn,
    agent,
    service,
    async rows(sql) {
      await Promise.all([agent.flush(), service.flush()])
      return await store.query(sql, {})
    },
  }
}

/** Starts a server, if it is in this process, and gives a transport to it. */
type Way = (t: TestContext, world: World) => Promise<object>

const stdio =
  (version: 'v1' | 'v2', name = 'desk'): Way =>
  async (_, { dsn }) => {
    const args = [fromRoot('dist/test/e2e/fixtures/stdio-host.js'), version, formatDsn(dsn), name]
    const parameters = { command: process.execPath, args, env: getDefaultEnvironment(), stderr: 'inherit' as const }
    return version === 'v1' ? new StdioV1(parameters) : new StdioV2(parameters)
  }

/** Sessions of SDK v1, each with a server of its own. */
function sessionsV1({ service }: World, name = 'desk') {
  const open = new Map<string, StreamableHTTPServerTransport>()
  return async (request: never, response: never, body: unknown): Promise<void> => {
    const id = (request as { readonly headers: Record<string, string> }).headers['mcp-session-id'] ?? ''
    let transport = open.get(id)
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (session) => void open.set(session, made),
      })
      await instrument(serverV1(name), { emitter: service }).connect(made as never)
      transport = made
    }
    await transport.handleRequest(request, response, body)
  }
}

const expressV1: Way = async (t, own) => {
  const handle = sessionsV1(own)
  const app = express()
  app.use(watchServer({ emitter: own.service, serverName: 'desk' }).express as never)
  app.use(express.json())
  app.all('/mcp', ((request: { body: unknown }, response: object) =>
    handle(request as never, response as never, request.body)) as never)
  return new HttpV1(new URL(`${await listening(t, app)}/mcp`), { fetch: watchFetch({ emitter: own.agent })() })
}

const fastifyV1: Way = async (t, own) => {
  const handle = sessionsV1(own)
  const app = fastify()
  app.addHook('onRequest', watchServer({ emitter: own.service, serverName: 'desk' }).fastify)
  app.all('/mcp', async (request, reply) => {
    reply.hijack()
    await handle(request.raw as never, reply.raw as never, request.body)
  })
  t.after(() => app.close())
  return new HttpV1(new URL(`${await app.listen({ host: '127.0.0.1', port: 0 })}/mcp`), {
    fetch: watchFetch({ emitter: own.agent })(),
  })
}

const webV2 =
  (host: 'node' | 'hono'): Way =>
  async (t, own) => {
    const hooks = watchServer({ emitter: own.service, serverName: 'desk' })
    const { fetch: handler } = createMcpHandler(() => instrument(serverV2(), { emitter: own.service }))
    const app = new Hono()
    app.use(hooks.hono)
    app.all('/mcp', (context) => handler(context.req.raw))
    const served = host === 'hono' ? async (request: Request) => app.fetch(request) : hooks.web(handler)
    return new HttpV2(
      new URL(
        `${await listening(
          t,
          getRequestListener((request) => served(request)),
        )}/mcp`,
      ),
      {
        fetch: watchFetch({ emitter: own.agent })(),
      },
    )
  }

const ways: readonly (readonly [name: string, version: 'v1' | 'v2', mode: 'legacy' | 'auto', way: Way])[] = [
  ['SDK v1 over stdio', 'v1', 'legacy', stdio('v1')],
  ['SDK v2 over stdio, older protocol', 'v2', 'legacy', stdio('v2')],
  ['SDK v2 over stdio, 2026-07-28', 'v2', 'auto', stdio('v2')],
  ['SDK v1 over HTTP, Express', 'v1', 'legacy', expressV1],
  ['SDK v1 over HTTP, Fastify', 'v1', 'legacy', fastifyV1],
  ['SDK v2 over HTTP, web-standard handler, older protocol', 'v2', 'legacy', webV2('node')],
  ['SDK v2 over HTTP, web-standard handler, 2026-07-28', 'v2', 'auto', webV2('node')],
  ['SDK v2 over HTTP, Hono, 2026-07-28', 'v2', 'auto', webV2('hono')],
]

const said = (requests: readonly Passed[]): string[] =>
  requests.map(({ method, tool, outcome }) => [method, tool, outcome].filter((part) => part !== '').join(' ')).sort()

/** A watched client of either version, connected. */
async function connected(
  version: 'v1' | 'v2',
  mode: 'legacy' | 'auto',
  transport: object,
  agent: Emitter,
): Promise<AnyClient> {
  const client = version === 'v1' ? clientV1() : clientV2(mode)
  instrument(client as never, { emitter: agent })
  await client.connect(transport as never)
  return client as unknown as AnyClient
}

for (const [name, version, mode, way] of ways) {
  test(`${name}: each request once from each side, as the wire had it`, { timeout: 60_000 }, async (t) => {
    const own = await world(t)
    const transport = await way(t, own)
    const passed = witness(transport)
    await inConversation('conv-1', async () => {
      const client = await connected(version, mode, transport, own.agent)
      await playAll(client, version)
      await client.close()
    })
    const stated = said(passed)
    assert.ok(stated.length > 14)
    let rows: { side: string; method: string; tool: string; outcome: string; conversation: string; trace: string }[] =
      []
    // A server in a process of its own says its last when it ends.
    for (let tries = 0; tries < 50 && rows.length < 2 * stated.length; tries++) {
      await new Promise((done) => setTimeout(done, 100))
      rows = await own.rows(
        `SELECT side, method, tool, outcome, conversation_id AS conversation, trace_id AS trace FROM records WHERE kind = 'call'`,
      )
    }
    for (const side of ['client', 'server'])
      assert.deepEqual(said(rows.filter((row) => row.side === side)), stated, side)
    assert.deepEqual([...new Set(rows.map(({ conversation }) => conversation))], ['conv-1'])

    const traces = new Map<string, number>()
    for (const { trace, method } of rows) traces.set(`${method} ${trace}`, (traces.get(`${method} ${trace}`) ?? 0) + 1)
    assert.ok(
      [...traces.values()].every((count) => count % 2 === 0),
      'a request has one trace on both sides',
    )

    const [audited] = await own.rows<{ n: string; sessions: string }>(
      `SELECT count() AS n, uniqExact(session) AS sessions FROM audit WHERE kind = 'call'`,
    )
    assert.deepEqual([Number(audited?.n), Number(audited?.sessions)], [stated.length, 1])
    const definitions = await own.rows<{ side: string; tools: string[]; n: string }>(
      `SELECT side, arraySort(groupUniqArray(tool)) AS tools, count() AS n FROM records WHERE kind = 'tool_definition' GROUP BY side ORDER BY side`,
    )
    const tools = ['ask_model', 'ask_person', 'fail', 'look', 'wait'].filter(
      (tool) => version === 'v1' || tool !== 'ask_model',
    )
    assert.deepEqual(
      definitions.map((row) => [row.side, row.tools, Number(row.n)]),
      [
        ['client', tools, tools.length],
        ['server', tools, tools.length],
      ],
    )
  })
}

test('one conversation across two servers of both SDKs is one session', { timeout: 60_000 }, async (t) => {
  const own = await world(t)
  await inConversation('conv-2', async () => {
    for (const version of ['v1', 'v2'] as const) {
      const client = await connected(version, 'auto', await stdio(version, `desk-${version}`)(t, own), own.agent)
      await client.callTool({ name: 'look', arguments: { id: 1 } })
      await client.close()
    }
  })
  let rows: { session: string; servers: string[]; n: string }[] = []
  for (let tries = 0; tries < 50 && Number(rows[0]?.n ?? 0) < 4; tries++) {
    await new Promise((done) => setTimeout(done, 100))
    rows = await own.rows(
      `SELECT session, arraySort(groupUniqArray(server_name)) AS servers, count() AS n FROM records WHERE tool = 'look' GROUP BY session`,
    )
  }
  assert.deepEqual(
    rows.map(({ session, servers, n }) => [session, servers, Number(n)]),
    [['c:conv-2', ['desk-v1', 'desk-v2'], 4]],
  )
})

test('a scope that is missing, and then granted: the denial and the elevation, once from each side, in their conversation', async (t) => {
  const own = await world(t)
  const hooks = watchServer({ emitter: own.service, serverName: 'desk' })
  const handle = sessionsV1(own)
  const scopesOf = (token: string): string[] => token.split('.').slice(1)
  const app = express()
  app.use(hooks.express as never)
  app.use(express.json())
  // As `requireBearerAuth` does, with a scope that only one tool needs.
  app.use(((
    request: { headers: Record<string, string>; body?: { params?: { name?: string } }; auth?: object },
    response: never,
    next: () => void,
  ) => {
    const token = (request.headers['authorization'] ?? '').replace('Bearer ', '')
    request.auth = {
      token,
      clientId: 'agent',
      scopes: scopesOf(token),
      expiresAt: Date.now() / 1000 + 60,
      extra: { sub: 'dana' },
    }
    const answer = response as {
      status(code: number): { set(name: string, value: string): { json(body: object): void } }
    }
    if (request.body?.params?.name === 'fail' && !scopesOf(token).includes('write'))
      answer
        .status(403)
        .set('WWW-Authenticate', 'Bearer error="insufficient_scope", scope="read write"')
        .json({ error: 'insufficient_scope' })
    else next()
  }) as never)
  app.all('/mcp', ((request: { body: unknown }, response: object) =>
    handle(request as never, response as never, request.body)) as never)
  let token = 't1.read'
  const watched = watchFetch({ emitter: own.agent, serverName: 'desk', subject: 'dana' })()
  const fetch = (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token}`)
    return watched(url, { ...init, headers })
  }
  const transport = new HttpV1(new URL(`${await listening(t, app)}/mcp`), { fetch })
  await inConversation('conv-3', async () => {
    const client = await connected('v1', 'legacy', transport, own.agent)
    await client.callTool({ name: 'look', arguments: { id: 1 } })
    await assert.rejects(client.callTool({ name: 'fail', arguments: {} }))
    token = 't2.read.write'
    await client.callTool({ name: 'fail', arguments: {} })
    await client.close()
  })
  const rows = await own.rows<{ side: string; kind: string; what: string; n: string }>(
    `SELECT side, kind, multiIf(kind = 'elevation', arrayStringConcat(arraySort(scopes_granted), ' '), arrayStringConcat(arraySort(scopes_challenged), ' ')) AS what, count() AS n
     FROM records
     WHERE conversation_id = 'conv-3' AND (kind = 'elevation' OR (kind = 'authorization' AND decision IN ('denied', 'challenged')))
     GROUP BY side, kind, what ORDER BY kind, side`,
  )
  assert.deepEqual(
    rows.map(({ side, kind, what, n }) => [kind, side, what, Number(n)]),
    [
      ['authorization', 'client', 'read write', 1],
      ['authorization', 'server', 'read write', 1],
      ['elevation', 'client', 'read write', 1],
      ['elevation', 'server', 'read write', 1],
    ],
  )
  const calls = await own.rows<{ side: string; outcome: string }>(
    `SELECT side, outcome FROM records WHERE kind = 'call' AND tool = 'fail' ORDER BY side, outcome`,
  )
  assert.deepEqual(
    calls.map(({ side, outcome }) => `${side} ${outcome}`),
    ['client denied', 'client tool_error', 'server tool_error'],
  )
})
