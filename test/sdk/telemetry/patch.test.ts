/** Classes patched as a whole: what is seen, whose options hold, and how it is switched off and on. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { Emitter, instrument, type ProducerEvent } from '@watchkeeper/sdk'
import { McpInstrumentation, type McpInstrumentationConfig } from '@watchkeeper/sdk/instrumentation'
import { type Collector, startCollector } from '../../support/collector.js'

interface World {
  readonly instrumentation: McpInstrumentation
  readonly emitter: Emitter
  readonly collector: Collector
  told(): Promise<readonly ProducerEvent[]>
}

async function world(t: TestContext, config: McpInstrumentationConfig = { from: '/nowhere' }): Promise<World> {
  const collector = await startCollector()
  t.after(() => collector.close())
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 10 })
  t.after(() => emitter.close(0))
  const instrumentation = new McpInstrumentation({ ...config, emitter })
  t.after(() => instrumentation.disable())
  const told = async (): Promise<readonly ProducerEvent[]> => {
    await emitter.flush()
    return collector.events
  }
  return { instrumentation, emitter, collector, told }
}

/** One call of a tool of this name, on a connection of its own. */
async function call(tool: string, dressed: (server: McpServer) => McpServer = (server) => server): Promise<void> {
  const server = dressed(new McpServer({ name: 'notes', version: '1' }))
  server.registerTool(tool, {}, async () => ({ content: [] }))
  const client = new Client({ name: 'desk', version: '1' })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  await client.callTool({ name: tool })
  await client.close()
}

const tools = (events: readonly ProducerEvent[]): readonly string[] =>
  events
    .filter(({ method }) => method === 'tools/call')
    .map(({ tool, side }) => `${tool} ${side}`)
    .sort()

test('a client of SDK v2 that asks a server what it speaks is seen asking', async (t) => {
  const { instrumentation, told } = await world(t)
  instrumentation.patch([ClientV2])
  const handler = createMcpHandler(() => new McpServerV2({ name: 'notes', version: '1' }))
  const client = new ClientV2({ name: 'desk', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const fetch = (url: string | URL, init?: RequestInit): Promise<Response> => handler.fetch(new Request(url, init))
  await client.connect(new StreamableHTTPClientTransport(new URL('http://notes.example/mcp'), { fetch }))
  await client.close()
  const asked = (await told()).filter(({ kind, method }) => kind === 'call' && method === 'server/discover')
  assert.deepEqual(
    asked.map(({ side, serverName }) => `${side} ${serverName}`),
    ['client notes'],
  )
})

test('a server that the host instruments itself keeps its options, also where its class was handed over', async (t) => {
  const { instrumentation, emitter, told } = await world(t)
  instrumentation.patch([McpServer])
  await call('look', (server) => instrument(server, { emitter, conversation: 'mine' }))
  await call('touch')
  const calls = (await told()).filter(({ method, side }) => method === 'tools/call' && side === 'server')
  const conversations = new Map(calls.map(({ tool, conversationId }) => [tool, conversationId]))
  assert.equal(calls.length, 2)
  assert.equal(conversations.get('look'), 'mine')
  assert.notEqual(conversations.get('touch'), 'mine')
})

test('disable() ends it for connections to come, enable() begins it again', async (t) => {
  const { instrumentation, told } = await world(t)
  instrumentation.patch([Client])
  await call('first')
  instrumentation.disable()
  await call('second')
  instrumentation.enable()
  await call('third')
  assert.deepEqual(tools(await told()), ['first client', 'first server', 'third client', 'third server'])
})

test('disable() before the installed SDK was found holds', async (t) => {
  const { instrumentation, told } = await world(t, {})
  instrumentation.disable()
  await instrumentation.ready
  await call('look')
  assert.deepEqual(tools(await told()), [])
  instrumentation.enable()
  await call('touch')
  assert.deepEqual(tools(await told()), ['touch client', 'touch server'])
})

test('one that was made switched off begins when OpenTelemetry switches it on', async (t) => {
  const { instrumentation, told } = await world(t, { enabled: false })
  await call('look')
  registerInstrumentations({ instrumentations: [instrumentation] })
  await instrumentation.ready
  await call('touch')
  assert.deepEqual(tools(await told()), ['touch client', 'touch server'])
})
