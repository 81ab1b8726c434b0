import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { Client as ClientV2, StreamableHTTPClientTransport as HttpTransportV2 } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { Emitter, inConversation, instrument, instrumentOutbound, type ProducerEvent } from '@watchkeeper/sdk'
import { z } from 'zod'
import { type Collector, startCollector } from '../../support/collector.js'
import { type Downstream, startDownstream } from '../../support/downstream.js'
import { listening } from '../../support/listening.js'

const anna = 'token-of-anna-4f1c9d7e2b'
const boris = 'token-of-boris-93ab55c01e'
const own = 'token-of-the-service-77d0'

type Reach = (token: string, downstream: Downstream) => Promise<unknown>

interface Bench {
  readonly collector: Collector
  readonly emitter: Emitter
  readonly downstream: Downstream
  connect(token: string): Promise<Client>
  outbound(): Promise<readonly ProducerEvent[]>
}

/** A real MCP server on HTTP whose tool turns to a downstream host as `reach` does. `verified`: the SDK is told the token. */
async function bench(t: TestContext, reach: Reach, { verified = true, watch = true } = {}): Promise<Bench> {
  const collector = await startCollector()
  const downstream = await startDownstream()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
  const stop = watch ? instrumentOutbound({ emitter }) : () => {}
  const http = createServer(async (request, response) => {
    const token = (request.headers.authorization ?? '').slice('Bearer '.length)
    const auth: AuthInfo = { token, clientId: 'desk', scopes: ['notes'], extra: { sub: token.slice(9, 13) } }
    const server = instrument(new McpServer({ name: 'gateway', version: '1' }), { emitter })
    server.registerTool('relay', { inputSchema: { n: z.number().optional() } }, async () => {
      await reach(token, downstream)
      return { content: [{ type: 'text', text: 'done' }] }
    })
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport as Parameters<typeof server.connect>[0])
    await transport.handleRequest(verified ? Object.assign(request, { auth }) : request, response)
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`)
  const clients: Client[] = []
  t.after(async () => {
    stop()
    for (const client of clients) await client.close()
    await emitter.close(0)
    http.closeAllConnections()
    http.close()
    await downstream.close()
    await collector.close()
  })
  return {
    collector,
    emitter,
    downstream,
    async connect(token) {
      const client = new Client({ name: 'desk', version: '1' })
      clients.push(client)
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Parameters<Client['connect']>[0])
      return client
    },
    async outbound() {
      await emitter.flush()
      return collector.events.filter(({ kind }) => kind === 'outbound')
    },
  }
}

function only(events: readonly ProducerEvent[]): ProducerEvent {
  assert.equal(events.length, 1, `expected one event, got ${events.length}`)
  return events[0] as ProducerEvent
}

const viaFetch =
  (headers: (token: string) => Record<string, string>, query: (token: string) => string = () => ''): Reach =>
  async (token, { url }) => {
    const response = await fetch(`${url}/api${query(token)}`, { headers: headers(token) })
    await response.text()
  }

const viaHttp =
  (headers: (token: string) => Record<string, string>, agent?: HttpAgent): Reach =>
  async (token, { port }) => {
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path: '/api',
      headers: headers(token),
      ...(agent && { agent }),
    })
    request.end()
    const [response] = await once(request, 'response')
    response.resume()
    await once(response, 'end')
  }

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })
const basic = (token: string): string => `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`

describe('a downstream request that is made for a call', () => {
  const ways: readonly (readonly [name: string, reach: Reach, credential: string, client: string])[] = [
    ['fetch with the token of the caller', viaFetch(bearer), 'inbound', 'undici'],
    ['http.request with the token of the caller', viaHttp(bearer), 'inbound', 'http'],
    ['the token of the caller as an API key', viaFetch((token) => ({ 'X-API-Key': token })), 'inbound', 'undici'],
    ['the token of the caller as a password', viaHttp((token) => ({ Authorization: basic(token) })), 'inbound', 'http'],
    ['the token of the caller in a cookie', viaHttp((token) => ({ cookie: `a=b; sid=${token}` })), 'inbound', 'http'],
    ['the token of the caller under an own name', viaFetch((token) => ({ 'x-on-behalf': token })), 'inbound', 'undici'],
    [
      'the token of the caller in the query',
      viaFetch(
        () => ({}),
        (token) => `?a=1&access_token=${token}`,
      ),
      'inbound',
      'undici',
    ],
    ['fetch with a token of the service', viaFetch(() => bearer(own)), 'other', 'undici'],
    ['http.request with a token of the service', viaHttp(() => bearer(own)), 'other', 'http'],
    ['fetch without any', viaFetch(() => ({ 'x-request-id': 'a-request-of-its-own' })), 'none', 'undici'],
    ['http.request without any', viaHttp(() => ({})), 'none', 'http'],
  ]
  for (const [name, reach, credential, client] of ways)
    test(`${name}: ${credential}`, async (t) => {
      const { connect, outbound, collector, downstream } = await bench(t, reach)
      const desk = await connect(anna)
      await inConversation('conv-1', () => desk.callTool({ name: 'relay', arguments: {} }))
      const told = only(await outbound())
      assert.deepEqual([told.detail['credential'], told.detail['http_client']], [credential, client])
      assert.deepEqual([told.destinations, told.detail['port']], [['127.0.0.1'], String(downstream.port)])
      const call = only(collector.events.filter(({ kind, tool }) => kind === 'call' && tool === 'relay'))
      assert.equal(told.causedBy, call.eventId)
      assert.deepEqual(
        [told.tool, told.method, told.requestId, told.traceId, told.serverName, told.tokenFingerprint, told.subject],
        ['relay', 'tools/call', call.requestId, call.traceId, 'gateway', call.tokenFingerprint, 'anna'],
      )
      assert.equal(downstream.paths.length, 1, 'the request went out')
      assert.ok(!JSON.stringify(collector.events).includes(anna), 'no token is in what was sent')
    })

  test('is compared with what came over HTTP where no verifier told the SDK of a token', async (t) => {
    const { connect, outbound } = await bench(t, viaFetch(bearer), { verified: false })
    await (await connect(anna)).callTool({ name: 'relay', arguments: {} })
    assert.equal(only(await outbound()).detail['credential'], 'inbound')
  })

  test('is told once for each host and credential of a call, again for the next call', async (t) => {
    const { connect, outbound, downstream } = await bench(t, async (token, to) => {
      for (let n = 0; n < 3; n++) await viaFetch(bearer)(token, to)
      await viaFetch(() => bearer(own))(token, to)
    })
    const client = await connect(anna)
    await client.callTool({ name: 'relay', arguments: {} })
    await client.callTool({ name: 'relay', arguments: {} })
    const told = (await outbound()).map(({ detail }) => detail['credential'])
    assert.deepEqual(told, ['inbound', 'other', 'inbound', 'other'])
    assert.equal(downstream.paths.length, 8)
  })

  test("with another caller's token is not taken for its own caller's", async (t) => {
    const { connect, outbound } = await bench(
      t,
      viaFetch(() => bearer(anna)),
    )
    await (await connect(boris)).callTool({ name: 'relay', arguments: {} })
    const told = only(await outbound())
    assert.deepEqual([told.subject, told.detail['credential']], ['bori', 'other'])
  })

  const crowd = async (t: TestContext, reach: Reach): Promise<readonly ProducerEvent[]> => {
    const { connect, outbound, collector } = await bench(t, reach)
    const [annas, borises] = [await connect(anna), await connect(boris)]
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n < 10 ? annas : borises).callTool({ name: 'relay', arguments: { n } })),
    )
    const told = await outbound()
    const calls = new Map(collector.events.filter(({ kind }) => kind === 'call').map((call) => [call.eventId, call]))
    for (const event of told) {
      assert.equal(event.detail['credential'], 'inbound')
      assert.equal(calls.get(event.causedBy)?.subject, event.subject)
    }
    for (const subject of ['anna', 'bori'])
      assert.ok(
        told.some((event) => event.subject === subject),
        subject,
      )
    return told
  }

  test('of two callers at once is told of the right one, although they share a socket of node:http', async (t) => {
    const agent = new HttpAgent({ keepAlive: true, maxSockets: 1 })
    t.after(() => agent.destroy())
    const told = await crowd(t, viaHttp(bearer, agent))
    assert.equal(new Set(told.map(({ causedBy }) => causedBy)).size, 20, 'and of the right call')
    assert.ok(told.every(({ detail }) => detail['attribution'] === 'context'))
  })

  test('of two callers at once is told of the right one, although a pool of undici makes them wait', async (t) => {
    await fetch('data:,') // Node makes its dispatcher with the first fetch.
    const symbol = Symbol.for('undici.globalDispatcher.1')
    const { constructor: Agent } = (globalThis as unknown as Record<symbol, object>)[symbol] as object
    const dispatcher = Reflect.construct(Agent, [{ connections: 2 }]) as { destroy(): Promise<void> }
    t.after(() => dispatcher.destroy())
    const told = await crowd(t, async (token, { url }) => {
      const init = { headers: bearer(token), dispatcher } as RequestInit
      await (await fetch(`${url}/api`, init)).text()
    })
    // The context was lost on the way: only the token could tell.
    assert.ok(told.some(({ detail }) => detail['attribution'] === 'token'))
  })
})

describe('nothing is told', () => {
  test('of a request that no call asked for, nor of the deliveries of the SDK itself', async (t) => {
    const { connect, outbound, downstream, emitter, collector } = await bench(t, async () => {
      emitter.emit({ kind: 'user_message', facts: {} })
      await emitter.flush()
    })
    await viaFetch(() => bearer(own))(own, downstream)
    await (await connect(anna)).callTool({ name: 'relay', arguments: {} })
    assert.deepEqual(await outbound(), [])
    assert.ok(collector.requests.length > 1, 'the SDK delivered from inside of the call')
  })

  test('once it was ended, and a second instrumentation of one emitter adds nothing', async (t) => {
    const { connect, outbound, emitter } = await bench(t, viaFetch(bearer), { watch: false })
    const [first, second] = [instrumentOutbound({ emitter }), instrumentOutbound({ emitter })]
    const client = await connect(anna)
    await client.callTool({ name: 'relay', arguments: {} })
    assert.equal((await outbound()).length, 1)
    second()
    await client.callTool({ name: 'relay', arguments: {} })
    assert.equal((await outbound()).length, 2)
    first()
    await client.callTool({ name: 'relay', arguments: {} })
    assert.equal((await outbound()).length, 2)
  })
})

describe('SDK v2, both eras', () => {
  for (const mode of ['legacy', 'auto'] as const)
    for (const verified of [true, false])
      test(`${mode}, ${verified ? 'with' : 'without'} a verified token: inbound`, async (t) => {
        const collector = await startCollector()
        const downstream = await startDownstream()
        const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
        t.after(instrumentOutbound({ emitter }))
        const { fetch: mcp } = createMcpHandler(() => {
          const server = new McpServerV2({ name: 'gateway', version: '2' })
          server.registerTool('relay', {}, async () => {
            await viaFetch(() => bearer(anna))(anna, downstream)
            return { content: [{ type: 'text', text: 'done' }] }
          })
          return instrument(server, { emitter })
        })
        const authInfo = { token: anna, clientId: 'desk', scopes: [] }
        const origin = await listening(
          t,
          getRequestListener((request) => mcp(request, verified ? { authInfo } : {})),
        )
        const client = new ClientV2({ name: 'desk', version: '2' }, { versionNegotiation: { mode } })
        const requestInit = { headers: bearer(anna) }
        await client.connect(new HttpTransportV2(new URL(`${origin}/mcp`), { requestInit }))
        await client.callTool({ name: 'relay', arguments: {} })
        await client.close()
        await emitter.flush()
        const told = only(collector.events.filter(({ kind }) => kind === 'outbound'))
        assert.deepEqual(
          [told.detail['credential'], told.detail['attribution'], told.tool, told.serverName],
          ['inbound', 'context', 'relay', 'gateway'],
        )
        await emitter.close(0)
        await Promise.all([collector.close(), downstream.close()])
      })
})
