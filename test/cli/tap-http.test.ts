import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { buffer, json } from 'node:stream/consumers'
import { describe, type TestContext, test } from 'node:test'
import { getRequestListener } from '@hono/node-server'
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema,
  type LoggingMessageNotification,
  LoggingMessageNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js'
import {
  createMcpHandler,
  McpServer as McpServerV2,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
  requireScopes,
} from '@modelcontextprotocol/server'
import { Emitter } from '@watchkeeper/sdk'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import { tapHttp } from '@watchkeeper/sdk/tap'
import { z } from 'zod'
import { type Collector, startCollector } from '../support/collector.js'
import { listening } from '../support/listening.js'
import { spawnTap } from '../support/tapped.js'

interface Tapped {
  /** The origin of the tap. */
  readonly origin: string
  readonly collector: Collector
  /** All that was told, once the tap is closed. */
  end(): Promise<readonly ProducerEvent[]>
}

async function tapped(t: TestContext, to: string): Promise<Tapped> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 10 })
  const { server, close } = tapHttp({ emitter, to: new URL(to) })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
    close()
  }
  t.after(async () => {
    await stop()
    await emitter.close(0)
    await collector.close()
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    collector,
    async end() {
      await stop()
      await emitter.flush()
      return collector.events
    },
  }
}

const calls = (events: readonly ProducerEvent[], side = 'server'): ProducerEvent[] =>
  events.filter((event) => event.kind === 'call' && event.side === side)
const told = (events: readonly ProducerEvent[]): unknown[] =>
  calls(events).map(({ method, tool, outcome }) => [method, tool, outcome])

/** A server of SDK v1 with sessions: event streams, or plain JSON. */
async function serverV1(t: TestContext, enableJsonResponse: boolean): Promise<string> {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return listening(t, async (request, response) => {
    let transport = sessions.get(String(request.headers['mcp-session-id']))
    if (transport === undefined) {
      const opened = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        enableJsonResponse,
        onsessioninitialized: (id) => void sessions.set(id, opened),
      })
      const server = new McpServer({ name: 'crm', version: '1.1' }, { capabilities: { logging: {} } })
      server.registerTool('lookup', { annotations: { readOnlyHint: true } }, async () => {
        await server.sendLoggingMessage({ level: 'info', data: 'looking' })
        return { content: [{ type: 'text', text: 'Write to anna@example.org' }] }
      })
      server.registerTool('think', {}, async ({ sendRequest }) => {
        const text = 'What is it?'
        const params = { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }], maxTokens: 5 }
        await sendRequest({ method: 'sampling/createMessage', params }, z.looseObject({}))
        return { content: [{ type: 'text', text: 'thought' }] }
      })
      // The SDK's own types differ under exactOptionalPropertyTypes.
      await server.connect(opened as Transport)
      transport = opened
    }
    await transport.handleRequest(request, response)
  })
}

async function clientV1(t: TestContext, url: string): Promise<Client> {
  const client = new Client({ name: 'desk', version: '4' }, { capabilities: { sampling: {} } })
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }))
  await client.connect(new StreamableHTTPClientTransport(new URL(url)) as Transport)
  t.after(() => client.close())
  return client
}

describe('before a server of SDK v1', () => {
  for (const [how, plainJson] of [
    ['event streams', false],
    ['plain JSON', true],
  ] as const) {
    test(`with ${how}: same answers as without tap, each request told once, in its session`, async (t) => {
      const server = await serverV1(t, plainJson)
      const drive = async (origin: string): Promise<unknown[]> => {
        const client = await clientV1(t, `${origin}/mcp`)
        const answers = [
          await client.listTools(),
          await client.callTool({ name: 'lookup' }),
          await client.callTool({ name: 'nothing_like_it' }),
        ]
        await (client.transport as StreamableHTTPClientTransport).terminateSession()
        await client.close()
        return answers
      }
      const tap = await tapped(t, `${server}/mcp`)
      const expected = await drive(server)
      assert.deepEqual(await drive(tap.origin), expected)
      const events = await tap.end()
      assert.deepEqual(told(events), [
        ['initialize', '', 'ok'],
        ['tools/list', '', 'ok'],
        ['tools/call', 'lookup', 'ok'],
        ['tools/call', 'nothing_like_it', 'tool_error'],
      ])
      const [, , lookup] = calls(events)
      assert.deepEqual(
        [lookup?.claimedClass, lookup?.serverName, lookup?.clientName, lookup?.transport],
        ['read', 'crm', 'desk', 'http'],
      )
      assert.ok(lookup?.resultFingerprints.some(({ kind }) => kind === 'email'))
      assert.equal(new Set(calls(events).map(({ mcpSessionId }) => mcpSessionId)).size, 1)
      assert.match(lookup?.mcpSessionId ?? '', /^[0-9a-f-]{36}$/)
      const connections = events.filter(({ kind }) => kind === 'connection')
      assert.deepEqual(
        connections.map(({ detail }) => [detail['phase'], detail['server_origin']]),
        [
          ['opened', server],
          ['closed', server],
        ],
      )
      assert.deepEqual(
        events.filter(({ kind }) => kind === 'tool_definition').map(({ tool }) => tool),
        ['lookup', 'think'],
      )
    })
  }

  test('what the server asks while it serves a call is told, and two clients with the same ids are kept apart', async (t) => {
    const server = await serverV1(t, false)
    const tap = await tapped(t, server)
    const [one, other] = await Promise.all([1, 2].map(() => clientV1(t, `${tap.origin}/mcp`)))
    const messages: LoggingMessageNotification[] = []
    const arrived = new Promise<void>((resolve) => {
      one?.setNotificationHandler(LoggingMessageNotificationSchema, (message) => {
        messages.push(message)
        resolve()
      })
    })
    await Promise.all([
      one?.callTool({ name: 'think' }),
      other?.callTool({ name: 'think' }),
      one?.callTool({ name: 'lookup' }),
    ])
    await arrived
    await Promise.all([one?.close(), other?.close()])
    const events = await tap.end()
    const thoughts = calls(events).filter(({ tool }) => tool === 'think')
    const sampled = calls(events, 'client')
    assert.deepEqual(
      sampled.map(({ method, outcome }) => [method, outcome]),
      [
        ['sampling/createMessage', 'ok'],
        ['sampling/createMessage', 'ok'],
      ],
    )
    const sessionsOf = (list: readonly ProducerEvent[]): string[] => list.map(({ mcpSessionId }) => mcpSessionId).sort()
    assert.equal(new Set(sessionsOf(thoughts)).size, 2)
    assert.deepEqual(sessionsOf(sampled), sessionsOf(thoughts))
    assert.ok(calls(events).every(({ outcome }) => outcome === 'ok'))
    assert.equal(messages[0]?.params.data, 'looking')
  })
})

/** A server of SDK v2 that wants a token with the scope `mcp`, and for one tool another. */
async function serverV2(t: TestContext): Promise<string> {
  const { fetch: mcp } = createMcpHandler(() => {
    const server = new McpServerV2({ name: 'files', version: '2' })
    server.registerTool('read_file', {}, async () => ({ content: [{ type: 'text', text: 'read' }] }))
    server.registerTool('write_file', { scopeChallenge: requireScopes('files:write') }, async () => ({
      content: [{ type: 'text', text: 'written' }],
    }))
    return server
  })
  const gate = requireBearerAuth({
    requiredScopes: ['mcp'],
    verifier: {
      async verifyAccessToken(token: string) {
        if (!token.startsWith('good-')) throw new OAuthError(OAuthErrorCode.InvalidToken, 'no')
        return { token, clientId: 'desk', scopes: ['mcp'], expiresAt: Math.floor(Date.now() / 1000) + 60 }
      },
    },
  })
  return listening(
    t,
    getRequestListener(async (request) => {
      const known = await gate(request)
      return known instanceof Response ? known : mcp(request, { authInfo: known })
    }),
  )
}

describe('before a server of SDK v2', () => {
  const token = 'good-0123456789abcdef'
  for (const mode of ['legacy', 'auto'] as const) {
    test(`in the era "${mode}": calls, and a refused one with the scopes it lacks; never the token`, async (t) => {
      const tap = await tapped(t, `${await serverV2(t)}/mcp`)
      const client = new ClientV2({ name: 'desk', version: '2' }, { versionNegotiation: { mode } })
      const requestInit = { headers: { authorization: `Bearer ${token}` } }
      await client.connect(new HttpV2(new URL(`${tap.origin}/mcp`), { requestInit }))
      assert.deepEqual((await client.callTool({ name: 'read_file', arguments: {} })).content, [
        { type: 'text', text: 'read' },
      ])
      await assert.rejects(client.callTool({ name: 'write_file', arguments: {} }))
      await client.close()
      const events = await tap.end()
      const fingerprint = createCapturer({ key: tap.collector.dsn.fingerprintKey }).secret(token)
      assert.deepEqual(
        told(events).filter((call) => (call as string[])[0] === 'tools/call'),
        [
          ['tools/call', 'read_file', 'ok'],
          ['tools/call', 'write_file', 'denied'],
        ],
      )
      const [read] = calls(events).filter(({ tool }) => tool === 'read_file')
      assert.equal(read?.tokenFingerprint, fingerprint)
      if (mode === 'auto')
        assert.deepEqual([read?.clientName, read?.serverName, read?.protocolVersion], ['desk', 'files', '2026-07-28'])
      const authorizations = events.filter(({ kind }) => kind === 'authorization')
      const refusal = authorizations.find(({ decision }) => decision === 'challenged')
      assert.deepEqual(
        [refusal?.scopesChallenged, refusal?.tool, refusal?.errorType, refusal?.tokenFingerprint],
        [['files:write'], 'write_file', '403', fingerprint],
      )
      assert.ok(authorizations.some(({ decision }) => decision === 'allowed'))
      assert.doesNotMatch(JSON.stringify(events), new RegExp(token))
    })
  }

  test('without a token: a 401 that passes as it is, and an authorization that was challenged', async (t) => {
    const server = await serverV2(t)
    const tap = await tapped(t, server)
    const ask = (origin: string): Promise<Response> =>
      fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      })
    const [bare, through] = [await ask(server), await ask(tap.origin)]
    assert.equal(through.status, 401)
    assert.equal(through.headers.get('www-authenticate'), bare.headers.get('www-authenticate'))
    assert.equal(await through.text(), await bare.text())
    const events = await tap.end()
    assert.deepEqual(told(events), [['tools/list', '', 'denied']])
    const [refusal] = events.filter(({ kind }) => kind === 'authorization')
    assert.deepEqual([refusal?.decision, refusal?.scopesChallenged], ['challenged', ['mcp']])
  })
})

describe('the proxy', () => {
  /** A raw exchange, since clients would not send such things. */
  async function raw(
    origin: string,
    headers: Record<string, string>,
    path = '/mcp',
    body = '',
  ): Promise<IncomingMessage> {
    const { hostname, port } = new URL(origin)
    const asked = httpRequest({ hostname, port, path, method: 'POST', headers })
    asked.end(body)
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return answer
  }

  test('lets in no other host name, no other site, and no target that names a host', async (t) => {
    let reached = 0
    const server = await listening(t, (_, response) => {
      reached += 1
      response.end()
    })
    const { origin } = await tapped(t, server)
    const { host } = new URL(origin)
    for (const [headers, path, status] of [
      [{ host: 'evil.example' }, '/mcp', 403],
      [{ host: 'localhost.evil.example' }, '/mcp', 403],
      [{ host, origin: 'https://evil.example' }, '/mcp', 403],
      [{ host, origin: 'null' }, '/mcp', 403],
      [{ host }, 'http://evil.example/mcp', 400],
    ] as const)
      assert.equal((await raw(origin, headers, path)).statusCode, status, JSON.stringify(headers))
    assert.equal(reached, 0)
    assert.equal(
      (await raw(origin, { host: `localhost:${new URL(origin).port}`, origin: 'http://localhost:6274' })).statusCode,
      200,
    )
    assert.equal(reached, 1)
  })

  test('passes end-to-end fields in order and case, and keeps those of one hop', async (t) => {
    let seen: string[] = []
    const server = await listening(t, (request, response) => {
      seen = request.rawHeaders
      response.writeHead(207, [
        'X-Answer',
        '1',
        'x-answer',
        '2',
        'Connection',
        'X-Hop',
        'X-Hop',
        'gone',
        'Content-Length',
        '2',
      ])
      response.end('ok')
    })
    const { origin } = await tapped(t, server)
    const answer = await raw(
      origin,
      {
        'X-One': '1',
        Connection: 'close, X-Secret-Hop',
        'X-Secret-Hop': 'gone',
        'Proxy-Authorization': 'gone',
        TE: 'trailers',
        'Accept-Encoding': 'gzip',
        'Content-Length': '2',
        'x-Two': '2',
      },
      '/mcp?a=1',
      'hi',
    )
    assert.equal(answer.statusCode, 207)
    assert.deepEqual(answer.rawHeaders.slice(0, 4), ['X-Answer', '1', 'x-answer', '2'])
    assert.equal(answer.headers['x-hop'], undefined)
    assert.equal((await buffer(answer)).toString(), 'ok')
    const names = seen.filter((_, at) => at % 2 === 0)
    assert.deepEqual(
      names.filter((name) => /^x-/i.test(name)),
      ['X-One', 'x-Two'],
    )
    assert.ok(!names.some((name) => /^(?:proxy-|te$)/i.test(name)))
    assert.equal(seen[names.indexOf('Host') * 2 + 1], new URL(server).host)
    assert.equal(seen[names.indexOf('Accept-Encoding') * 2 + 1], 'identity')
  })

  test('frames a body of unknown length again: its bytes are never the next request', async (t) => {
    const bodies: string[] = []
    const server = await listening(t, async (request, response) => {
      bodies.push(`${request.method} ${(await buffer(request)).toString()}`)
      response.end()
    })
    const { origin } = await tapped(t, server)
    const { hostname, port } = new URL(origin)
    const inner = 'POST /inner HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n'
    const asked = httpRequest({
      hostname,
      port,
      path: '/mcp',
      method: 'DELETE',
      headers: { 'transfer-encoding': 'chunked' },
    })
    asked.end(inner)
    await once(asked, 'response')
    assert.deepEqual(bodies, [`DELETE ${inner}`])
  })

  test('an event reaches the client before the answer has ended, and a client that leaves ends the exchange', async (t) => {
    let left: Promise<unknown> | undefined
    const server = await listening(t, (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('event: message\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\n')
      left = once(response, 'close')
    })
    const { origin } = await tapped(t, server)
    const answer = await raw(origin, {})
    const [piece] = (await once(answer, 'data')) as [Buffer]
    assert.match(piece.toString(), /notifications\/x/)
    answer.destroy()
    await left
  })

  test('an answer that breaks off breaks off, and one that cannot be had is a 502; both are told', async (t) => {
    const half = createServer((socket: Socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"json')
        setImmediate(() => socket.destroy())
      })
    }).listen(0, '127.0.0.1')
    await once(half, 'listening')
    const origin = `http://127.0.0.1:${(half.address() as AddressInfo).port}`
    const tap = await tapped(t, origin)
    const asking = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'lookup' } })
    await assert.rejects(buffer(await raw(tap.origin, {}, '/mcp', asking)))
    half.close()
    await once(half, 'close')
    assert.equal((await raw(tap.origin, {}, '/mcp', asking)).statusCode, 502)
    const outcomes = calls(await tap.end()).map(({ outcome, errorType }) => [outcome, errorType])
    assert.deepEqual(outcomes, [
      ['cancelled', 'connection_closed'],
      ['cancelled', 'connection_closed'],
    ])
  })

  test('bodies and events beyond the bound pass whole, and are told as unread', async (t) => {
    const long = 'x'.repeat(5 * 1024 * 1024)
    const server = await listening(t, async (request, response) => {
      const { params } = (await json(request)) as { readonly params: { readonly text: string } }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end(`data: ${params.text}\r\n\r\ndata: {"jsonrpc":"2.0","id":1,\ndata: "result":{}}\n\n`)
    })
    const tap = await tapped(t, server)
    const answer = await raw(tap.origin, {}, '/mcp', JSON.stringify({ jsonrpc: '2.0', id: 1, params: { text: long } }))
    assert.ok((await buffer(answer)).toString().startsWith(`data: ${long}\r\n`))
    const unread = (await tap.end()).flatMap(({ detail }) =>
      Object.keys(detail).filter((name) => name.startsWith('unread')),
    )
    assert.deepEqual(unread, ['unread_client_too_long', 'unread_server_too_long'])
  })
})

describe('watchkeeper tap --listen --to', () => {
  test('runs until it is told to stop, and has told all by then', async (t) => {
    const collector = await startCollector()
    t.after(() => collector.close())
    const server = await serverV1(t, false)
    const run = spawnTap(t, ['--listen', '0', '--to', `${server}/mcp`], formatDsn(collector.dsn))
    const origin = await run.origin
    const client = await clientV1(t, `${origin}/mcp`)
    await client.callTool({ name: 'lookup' })
    run.child.kill('SIGTERM')
    const [code] = (await once(run.child, 'close')) as [number]
    assert.equal(code, 0)
    await client.close()
    assert.deepEqual(told(collector.events), [
      ['initialize', '', 'ok'],
      ['tools/call', 'lookup', 'ok'],
    ])
  })
})
