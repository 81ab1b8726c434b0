import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import {
  Client as ClientV2,
  InMemoryTransport as MemoryV2,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { type CallToolResult, ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { Emitter, inConversation, instrument, type ProducerEvent, userMessage } from '@watchkeeper/sdk'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentFingerprintKey, formatDsn } from '@watchkeeper/sdk/dsn'
import { z } from 'zod'
import { type Collector, startCollector } from '../support/collector.js'
import { fromRoot } from '../support/root.js'

interface Sides {
  readonly collector: Collector
  readonly client: Client
  readonly clientSide: Emitter
  readonly serverSide: Emitter
  /** Everything both sides said, once all of it arrived. */
  all(): Promise<readonly ProducerEvent[]>
}

function emitterFor(t: TestContext, collector: Collector, options: { readonly service?: string } = {}): Emitter {
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 10, ...options })
  t.after(() => emitter.close(0))
  return emitter
}

function notesServer(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1.2.3' })
  server.registerTool(
    'read_note',
    { description: 'Reads one note.', inputSchema: { id: z.string() }, annotations: { readOnlyHint: true } },
    async ({ id }) => ({
      content: [{ type: 'text', text: `note ${id}: write to anna@example.org` }],
      // As MCP 2026-07-28 has it; of the SDKs only the newest knows the word, all let it through.
      ...(id === 'ask-back' ? { resultType: 'input_required' } : {}),
    }),
  )
  server.registerTool('fail', { description: 'Always fails.' }, async () => {
    throw new Error('out of order')
  })
  server.registerResource('readme', 'notes://desk/readme', {}, async (uri) => ({
    contents: [{ uri: uri.href, text: 'hello' }],
  }))
  return server
}

async function bothSides(t: TestContext): Promise<Sides> {
  const collector = await startCollector()
  const clientSide = emitterFor(t, collector)
  const serverSide = emitterFor(t, collector)
  const server = instrument(notesServer(), { emitter: serverSide })
  const client = instrument(new Client({ name: 'desk', version: '4.5.6' }), { emitter: clientSide })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  t.after(async () => {
    await client.close()
    await collector.close()
  })
  const all = async (): Promise<readonly ProducerEvent[]> => {
    await Promise.all([clientSide.flush(), serverSide.flush()])
    return collector.events
  }
  return { collector, client, clientSide, serverSide, all }
}

const calls = (events: readonly ProducerEvent[], side: string, method = 'tools/call'): ProducerEvent[] =>
  events.filter((event) => event.kind === 'call' && event.side === side && event.method === method)

function only(events: readonly ProducerEvent[]): ProducerEvent {
  assert.equal(events.length, 1, `expected one event, got ${events.length}`)
  return events[0] as ProducerEvent
}

describe('SDK v1', () => {
  test('every request is told once by each side, with names, outcome, trace and conversation', async (t) => {
    const { client, all } = await bothSides(t)
    await inConversation('conv-7', () => client.callTool({ name: 'read_note', arguments: { id: 'n-1' } }))
    await inConversation('conv-7', () => client.readResource({ uri: 'notes://desk/readme' }))

    const events = await all()
    const [asked, served] = [only(calls(events, 'client')), only(calls(events, 'server'))]
    for (const call of [asked, served]) {
      assert.equal(call.tool, 'read_note')
      assert.equal(call.outcome, 'ok')
      assert.equal(call.serverName, 'notes')
      assert.equal(call.serverVersion, '1.2.3')
      assert.equal(call.clientName, 'desk')
      assert.equal(call.transport, 'memory')
      assert.equal(call.conversationId, 'conv-7')
      assert.ok(call.argFingerprints.length > 0 && call.resultFingerprints.length > 0)
    }
    assert.match(asked.traceId, /^[0-9a-f]{32}$/)
    assert.equal(served.traceId, asked.traceId)
    assert.equal(served.requestId, asked.requestId)
    assert.equal(served.parentSpanId, asked.spanId)
    assert.deepEqual(served.argDigest, asked.argDigest)
    assert.deepEqual(served.resultDigest, asked.resultDigest)
    assert.ok(asked.startedAt < served.startedAt || asked.startedAt - served.startedAt < 100_000)
    for (const side of ['client', 'server'])
      assert.equal(only(calls(events, side, 'resources/read')).resource, 'notes://desk')
  })

  test('the handshake opens one connection for each side, and closing ends it', async (t) => {
    const { client, collector, all, clientSide, serverSide } = await bothSides(t)
    await client.close()
    await all()
    await Promise.all([clientSide.flush(), serverSide.flush()])
    const connections = collector.events.filter(({ kind }) => kind === 'connection')
    for (const side of ['client', 'server']) {
      const phases = connections.filter((event) => event.side === side).map((event) => event.detail['phase'])
      assert.deepEqual(phases, ['opened', 'closed'], side)
      assert.equal(new Set(connections.map(({ conversationId }) => conversationId)).size, 1)
    }
    assert.ok(connections.every((event) => event.serverName === 'notes' && event.clientName === 'desk'))
  })

  test('a listed tool is described once for each producer, however often it is listed', async (t) => {
    const { client, all } = await bothSides(t)
    await client.listTools()
    await client.listTools()
    const described = (await all()).filter(({ kind, side }) => kind === 'tool_definition' && side === 'client')
    assert.deepEqual(described.map(({ tool, claimedClass }) => `${tool} ${claimedClass}`).sort(), [
      'fail unknown',
      'read_note read',
    ])
    assert.ok(described.every(({ detail }) => detail['definition_digest'] !== undefined))
  })

  test('an answer that asks back is told as that, and not as an end', async (t) => {
    const { client, all } = await bothSides(t)
    await client.callTool({ name: 'read_note', arguments: { id: 'ask-back' } })
    const events = await all()
    for (const side of ['client', 'server']) assert.equal(only(calls(events, side)).outcome, 'input_required')
  })

  test('a tool that fails, and one that does not exist, are tool errors', async (t) => {
    const { client, all } = await bothSides(t)
    await client.callTool({ name: 'fail' })
    await client.callTool({ name: 'nothing_like_it' })
    const events = await all()
    for (const side of ['client', 'server'])
      assert.deepEqual(
        calls(events, side).map(({ tool, outcome, errorType }) => [tool, outcome, errorType]),
        [
          ['fail', 'tool_error', 'tool_error'],
          ['nothing_like_it', 'tool_error', 'tool_error'],
        ],
      )
  })

  test('an error of the protocol keeps its code', async (t) => {
    const { client, all } = await bothSides(t)
    await assert.rejects(client.readResource({ uri: 'notes://desk/absent' }))
    const failed = only(calls(await all(), 'client', 'resources/read'))
    assert.equal(failed.outcome, 'protocol_error')
    assert.match(failed.rpcCode, /^-32\d{3}$/)
  })

  test('a call that is called off is told as cancelled', async (t) => {
    const collector = await startCollector()
    const emitter = emitterFor(t, collector)
    const server = new McpServer({ name: 'slow', version: '1' })
    const started = new Promise<void>((resolve) => {
      server.registerTool('wait', {}, async ({ signal }) => {
        resolve()
        await once(signal, 'abort')
        return { content: [] }
      })
    })
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    const stop = new AbortController()
    const call = client.callTool({ name: 'wait' }, undefined, { signal: stop.signal })
    await started
    stop.abort()
    await assert.rejects(call)
    await emitter.flush()
    assert.equal(only(calls(collector.events, 'client')).outcome, 'cancelled')
    await client.close()
    await collector.close()
  })

  test("the caller's parameters stay as they are, and trace context of their own is kept", async (t) => {
    const { client, all } = await bothSides(t)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const given = { name: 'read_note', arguments: { id: 'n-1' }, _meta: { traceparent, mine: 1 } }
    const before = structuredClone(given)
    await client.callTool(given)
    assert.deepEqual(given, before)
    const events = await all()
    assert.equal(only(calls(events, 'client')).traceId, '0af7651916cd43dd8448eb211c80319c')
    assert.equal(only(calls(events, 'server')).traceId, '0af7651916cd43dd8448eb211c80319c')
  })

  test('a server that calls another server carries the conversation on, in the same trace', async (t) => {
    const { client: inner, collector, clientSide, all } = await bothSides(t)
    const relay = new McpServer({ name: 'relay', version: '1' })
    relay.registerTool('relay', {}, async () => {
      const { content } = await inner.callTool({ name: 'read_note', arguments: { id: 'n-2' } })
      return { content: content as { type: 'text'; text: string }[] }
    })
    const outer = instrument(new Client({ name: 'outer', version: '1' }), { emitter: emitterFor(t, collector) })
    instrument(relay, { emitter: clientSide })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([relay.connect(right), outer.connect(left)])
    await inConversation('conv-9', () => outer.callTool({ name: 'relay' }))
    const events = await all()
    const served = only(calls(events, 'server').filter(({ tool }) => tool === 'relay'))
    const onward = only(calls(events, 'client').filter(({ tool }) => tool === 'read_note'))
    assert.equal(onward.conversationId, 'conv-9')
    assert.equal(onward.traceId, served.traceId)
    assert.equal(onward.parentSpanId, served.spanId)
    await outer.close()
  })

  test('a request of the server to the client is told by both, with what the client answered', async (t) => {
    const collector = await startCollector()
    const [clientSide, serverSide] = [emitterFor(t, collector), emitterFor(t, collector)]
    const server = instrument(new McpServer({ name: 'asker', version: '1' }), { emitter: serverSide })
    server.registerTool('ask', {}, async () => {
      const { roots } = await server.server.listRoots()
      return { content: [{ type: 'text', text: roots.map(({ uri }) => uri).join() }] }
    })
    const client = new Client({ name: 'desk', version: '1' }, { capabilities: { roots: {} } })
    client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///srv/desk' }] }))
    instrument(client, { emitter: clientSide })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    await inConversation('conv-5', () => client.callTool({ name: 'ask' }))
    await Promise.all([clientSide.flush(), serverSide.flush()])
    const outward = only(calls(collector.events, 'client'))
    for (const side of ['client', 'server']) {
      const asked = only(calls(collector.events, side, 'roots/list'))
      assert.deepEqual([asked.outcome, asked.conversationId, asked.serverName], ['ok', 'conv-5', 'asker'])
      assert.equal(asked.traceId, outward.traceId)
    }
    await client.close()
    await collector.close()
  })

  test('a result is captured as the model reads it, whatever its form; pictures are left out', async (t) => {
    const collector = await startCollector()
    const emitter = emitterFor(t, collector)
    const server = new McpServer({ name: 'forms', version: '1' })
    const text = 'Write to anna@example.org'
    const structured = { contact: 'anna@example.org' }
    const forms: Readonly<Record<string, CallToolResult>> = {
      text: { content: [{ type: 'text', text }] },
      embedded: { content: [{ type: 'resource', resource: { uri: 'notes://desk/1', text } }] },
      structured: { content: [], structuredContent: structured },
      twice: { content: [{ type: 'text', text: JSON.stringify(structured) }], structuredContent: structured },
      picture: { content: [{ type: 'image', mimeType: 'image/png', data: Buffer.from(text).toString('base64') }] },
    }
    for (const [name, form] of Object.entries(forms)) server.registerTool(name, {}, async () => form)
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    for (const name of Object.keys(forms)) await client.callTool({ name })
    await emitter.flush()
    const told = new Map(calls(collector.events, 'client').map((call) => [call.tool, call]))
    const addresses = (name: string): number =>
      told.get(name)?.resultFingerprints.filter(({ kind }) => kind === 'email').length ?? -1
    assert.deepEqual(
      Object.keys(forms).map((name) => [name, addresses(name)]),
      [
        ['text', 1],
        ['embedded', 1],
        ['structured', 1],
        ['twice', 1],
        ['picture', 0],
      ],
    )
    assert.ok((told.get('picture')?.resultBytes ?? 0) < 100)
    await client.close()
    await collector.close()
  })

  test('instrumenting twice tells once', async (t) => {
    const { client, clientSide, all } = await bothSides(t)
    instrument(client, { emitter: clientSide })
    await client.callTool({ name: 'read_note', arguments: { id: 'n-1' } })
    only(calls(await all(), 'client'))
  })

  test('a client that is connected already is watched from now on', async (t) => {
    const collector = await startCollector()
    const emitter = emitterFor(t, collector)
    const server = notesServer()
    const client = new Client({ name: 'desk', version: '1' })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    instrument(client, { emitter })
    await client.callTool({ name: 'read_note', arguments: { id: 'n-1' } })
    await emitter.flush()
    assert.equal(only(calls(collector.events, 'client')).serverName, 'notes')
    await client.close()
    await collector.close()
  })
})

describe('SDK v2', () => {
  async function pair(t: TestContext): Promise<{ client: ClientV2; collector: Collector; all: Sides['all'] }> {
    const collector = await startCollector()
    const [clientSide, serverSide] = [emitterFor(t, collector), emitterFor(t, collector)]
    const server = new McpServerV2({ name: 'notes', version: '2.0.0' })
    server.registerTool('read_note', { inputSchema: z.object({ id: z.string() }) }, async ({ id }) => ({
      content: [{ type: 'text', text: `note ${id}` }],
    }))
    instrument(server, { emitter: serverSide })
    const client = instrument(new ClientV2({ name: 'desk', version: '2' }), { emitter: clientSide })
    const [left, right] = MemoryV2.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    t.after(async () => {
      await client.close()
      await collector.close()
    })
    return {
      client,
      collector,
      async all() {
        await Promise.all([clientSide.flush(), serverSide.flush()])
        return collector.events
      },
    }
  }

  test('every request is told once by each side', async (t) => {
    const { client, all } = await pair(t)
    await inConversation('conv-8', () => client.callTool({ name: 'read_note', arguments: { id: 'n-1' } }))
    const events = await all()
    for (const side of ['client', 'server']) {
      const call = only(calls(events, side))
      assert.equal(call.conversationId, 'conv-8')
      assert.equal(call.serverName, 'notes')
      assert.equal(call.outcome, 'ok')
    }
    assert.equal(only(calls(events, 'client')).traceId, only(calls(events, 'server')).traceId)
  })

  for (const mode of ['legacy', 'auto'] as const) {
    test(`over Streamable HTTP, ${mode === 'auto' ? 'without sessions' : 'with the old handshake'}: once by each side, with the caller's scopes`, async (t) => {
      const collector = await startCollector()
      const [clientSide, serverSide] = [emitterFor(t, collector), emitterFor(t, collector)]
      const handler = createMcpHandler(() => {
        const server = new McpServerV2({ name: 'notes', version: '2.0.0' })
        server.registerTool('read_note', { inputSchema: z.object({ id: z.string() }) }, async ({ id }) => ({
          content: [{ type: 'text', text: `note ${id}` }],
        }))
        return instrument(server, { emitter: serverSide })
      })
      const authInfo = { token: 'top-secret', clientId: 'desk-app', scopes: ['notes:read'], extra: { sub: 'anna' } }
      const transport = new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp'), {
        fetch: (url, init) => handler.fetch(new Request(url, init), { authInfo }),
      })
      const client = instrument(new ClientV2({ name: 'desk', version: '2' }, { versionNegotiation: { mode } }), {
        emitter: clientSide,
      })
      await client.connect(transport)
      await inConversation('conv-6', () => client.callTool({ name: 'read_note', arguments: { id: 'n-1' } }))
      await client.close()
      await Promise.all([clientSide.flush(), serverSide.flush()])
      for (const side of ['client', 'server']) {
        // Stateless and of the older protocol: the call reaches a server that never saw the handshake.
        const named = side === 'server' && mode === 'legacy' ? '' : 'desk'
        const call = only(calls(collector.events, side))
        assert.deepEqual(
          [call.conversationId, call.transport, call.serverName, call.clientName, call.outcome],
          ['conv-6', 'http', 'notes', named, 'ok'],
          side,
        )
      }
      const served = only(calls(collector.events, 'server'))
      assert.deepEqual(
        [served.subject, served.oauthClientId, served.scopes, served.traceId],
        ['anna', 'desk-app', ['notes:read'], only(calls(collector.events, 'client')).traceId],
      )
      assert.match(served.tokenFingerprint, /^[0-9a-f]{16,}$/)
      assert.doesNotMatch(JSON.stringify(collector.events), /top-secret/)
      await collector.close()
    })
  }

  test('an unknown tool is an error of the protocol, -32602', async (t) => {
    const { client, all } = await pair(t)
    await assert.rejects(client.callTool({ name: 'nothing_like_it', arguments: {} }))
    const events = await all()
    for (const side of ['client', 'server']) {
      const { outcome, rpcCode } = only(calls(events, side))
      assert.deepEqual([outcome, rpcCode], ['protocol_error', '-32602'])
    }
  })
})

describe('the host', () => {
  test('does not notice that the collector is gone, and memory stays bounded', async (t) => {
    const collector = await startCollector()
    const { dsn } = collector
    await collector.close()
    const problems: string[] = []
    const emitter = new Emitter({
      dsn,
      flushEveryMs: 1,
      maxQueueBytes: 50_000,
      onProblem: ({ type }) => problems.push(type),
    })
    t.after(() => emitter.close(0))
    const server = notesServer()
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    for (let id = 0; id < 60; id++) {
      const { isError } = await client.callTool({ name: 'read_note', arguments: { id: `n-${id}` } })
      assert.notEqual(isError, true)
    }
    await client.close()
    await emitter.close(0)
    assert.ok(problems.includes('dropped'), 'dropping is told')
    assert.equal(emitter.counts.queued, 0)
    assert.equal(emitter.counts.dropped, emitter.counts.emitted)
  })

  test('does not notice that capture fails: the call is told, without contents', async (t) => {
    const collector = await startCollector()
    const capturer = createCapturer({ key: developmentFingerprintKey })
    const broken = {
      ...capturer,
      secret: (value: string) => capturer.secret(value),
      arguments: () => assert.fail('broken on purpose'),
    }
    const emitter = new Emitter({ dsn: collector.dsn, capturer: broken })
    t.after(() => emitter.close(0))
    const server = notesServer()
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
    const [left, right] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(right), client.connect(left)])
    await client.callTool({ name: 'read_note', arguments: { id: 'n-1' } })
    await emitter.flush()
    const call = only(calls(collector.events, 'client'))
    assert.deepEqual([call.argCapture, call.resultCapture, call.outcome], ['omitted', 'omitted', 'ok'])
    await client.close()
    await collector.close()
  })

  test('gets its target back unchanged when it is of an unknown shape', async (t) => {
    const collector = await startCollector()
    const emitter = emitterFor(t, collector)
    const frozen = Object.freeze({ connect: async () => 'connected' })
    assert.equal(instrument(frozen, { emitter }), frozen)
    assert.equal(await frozen.connect(), 'connected')
    await collector.close()
  })

  test('keeps its standard output: a stdio server speaks nothing but the protocol', async (t) => {
    const collector = await startCollector()
    const child = spawn(
      process.execPath,
      [fromRoot('dist/test/sdk/fixtures/stdio-server.js'), formatDsn(collector.dsn)],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    t.after(() => child.kill())
    const lines: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(text))
    const send = (message: object): boolean => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
    const clientInfo = { name: 'raw', version: '1' }
    send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
    send({ method: 'notifications/initialized' })
    send({ id: 2, method: 'tools/call', params: { name: 'echo', arguments: { text: 'hi' } } })
    await collector.until((events) => calls(events, 'server').length === 1)
    child.stdin.end()
    await once(child, 'exit')
    const messages = lines.join('').trim().split('\n')
    assert.deepEqual(
      messages.map((line) => (JSON.parse(line) as { id: number }).id),
      [1, 2],
    )
    assert.equal(only(calls(collector.events, 'server')).transport, 'stdio')
    await collector.close()
  })
})

describe('over stdio', () => {
  test('client and server in two processes tell one call in one trace and one conversation', async (t) => {
    const collector = await startCollector()
    const emitter = emitterFor(t, collector)
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter, conversation: 'conv-3' })
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [fromRoot('dist/test/sdk/fixtures/stdio-server.js'), formatDsn(collector.dsn)],
      env: getDefaultEnvironment(),
    })
    await client.connect(transport)
    await client.callTool({ name: 'echo', arguments: { text: 'hi' } })
    await client.close()
    await emitter.flush()
    await collector.until((events) => calls(events, 'server').length === 1)
    const [asked, served] = [only(calls(collector.events, 'client')), only(calls(collector.events, 'server'))]
    assert.equal(served.traceId, asked.traceId)
    assert.deepEqual([asked.conversationId, served.conversationId], ['conv-3', 'conv-3'])
    assert.deepEqual([asked.transport, served.transport], ['stdio', 'stdio'])
    assert.notEqual(served.producerId, asked.producerId)
    await collector.close()
  })
})

test("a person's message belongs to the conversation around it", async (t) => {
  const collector = await startCollector()
  const emitter = emitterFor(t, collector)
  inConversation('conv-1', () => userMessage(emitter, 'Pay the bill of anna@example.org'))
  await emitter.flush()
  const message = only(collector.events)
  assert.deepEqual([message.kind, message.conversationId], ['user_message', 'conv-1'])
  assert.ok(message.argFingerprints.length > 0)
  await collector.close()
})
