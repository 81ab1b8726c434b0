/** How spans hang together: along `_meta`, across HTTP, within a server, and around tools of an agent framework. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, beforeEach, type TestContext, test } from 'node:test'
import {
  Client as ClientV2,
  InMemoryTransport as MemoryV2,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import {
  type Context,
  context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { Emitter, inConversation, instrument } from '@watchkeeper/sdk'
import { type Collector, startCollector } from '../../support/collector.js'
import { startHostTelemetry } from '../../support/opentelemetry.js'

const host = startHostTelemetry()
beforeEach(() => host.reset())
after(() => host.close())

const only = <T>(found: readonly T[]): T => {
  assert.equal(found.length, 1)
  return found[0] as T
}
const spanOf = (kind: SpanKind, name: string): ReadableSpan =>
  only(host.spans().filter((span) => span.kind === kind && span.name === name))
const ids = (span: ReadableSpan): readonly string[] => [span.spanContext().traceId, span.spanContext().spanId]
const parentOf = (span: ReadableSpan): readonly (string | undefined)[] => [
  span.spanContext().traceId,
  span.parentSpanContext?.spanId,
]

async function reporting(t: TestContext): Promise<{ readonly emitter: Emitter; readonly collector: Collector }> {
  const collector = await startCollector()
  t.after(() => collector.close())
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 10 })
  t.after(() => emitter.close(0))
  return { emitter, collector }
}

const hanging = new EventEmitter()

function addTools(server: McpServer | McpServerV2): void {
  // Both versions take the same call, and their types do not meet.
  const register = server.registerTool.bind(server) as McpServer['registerTool']
  register('look', {}, async () => ({ content: [{ type: 'text', text: 'a desk' }] }))
  register('touch', {}, async () => ({ content: [] }))
  register('hang', {}, () => {
    hanging.emit('begun')
    return new Promise(() => {})
  })
}

interface Pair {
  readonly client: Client
  readonly server: McpServer
}

async function connected(t: TestContext, version: 'v1' | 'v2', emitter: Emitter): Promise<Pair> {
  const [Server, AnyClient, Memory] =
    version === 'v1'
      ? [McpServer, Client, InMemoryTransport]
      : ([McpServerV2, ClientV2, MemoryV2] as unknown as [typeof McpServer, typeof Client, typeof InMemoryTransport])
  const server = instrument(new Server({ name: 'notes', version: '1' }), { emitter })
  addTools(server)
  const client = instrument(new AnyClient({ name: 'desk', version: '1' }), { emitter })
  const [left, right] = Memory.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  t.after(() => client.close())
  return { client, server }
}

const inSpan = (span: ReturnType<typeof startSpan>, around: Context = ROOT_CONTEXT) => trace.setSpan(around, span)
const startSpan = (...given: Parameters<ReturnType<typeof trace.getTracer>['startSpan']>) =>
  trace.getTracer('host').startSpan(...given)

for (const version of ['v1', 'v2'] as const) {
  test(`SDK ${version}: the receiver’s span of a notification hangs on the sender’s`, async (t) => {
    const { emitter } = await reporting(t)
    await connected(t, version, emitter)
    const name = 'notifications/initialized'
    const [sent, received] = [spanOf(SpanKind.CLIENT, name), spanOf(SpanKind.SERVER, name)]
    assert.deepEqual(parentOf(received), ids(sent))
    assert.equal(sent.attributes['jsonrpc.request.id'], undefined)
  })

  test(`SDK ${version}: the span of a framework’s tool is that of one call; a second attempt, and another tool, have their own`, async (t) => {
    const { emitter } = await reporting(t)
    const { client } = await connected(t, version, emitter)
    const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'look' }
    const outer = startSpan('execute_tool look', { attributes })
    await context.with(inSpan(outer), async () => {
      await client.callTool({ name: 'touch' })
      await client.callTool({ name: 'look' })
      await client.callTool({ name: 'look' })
    })
    outer.end()
    const framework = only(host.spans().filter(({ name }) => name === 'execute_tool look'))
    assert.equal(framework.attributes['gen_ai.tool.name'], 'look')
    const served = host.spans().filter(({ kind, name }) => kind === SpanKind.SERVER && name === 'tools/call look')
    assert.deepEqual(served.map(parentOf), [ids(framework), ids(spanOf(SpanKind.CLIENT, 'tools/call look'))])
    assert.equal(framework.attributes['jsonrpc.request.id'], served[0]?.attributes['jsonrpc.request.id'])
    assert.deepEqual(parentOf(spanOf(SpanKind.CLIENT, 'tools/call touch')), ids(framework))
  })

  test(`SDK ${version}: what waits for an answer when the connection ends is a failure`, async (t) => {
    const { emitter } = await reporting(t)
    const { client } = await connected(t, version, emitter)
    const begun = once(hanging, 'begun')
    const rejected = assert.rejects(client.callTool({ name: 'hang' }))
    await begun
    await client.close()
    await rejected
    const { attributes, status } = spanOf(SpanKind.CLIENT, 'tools/call hang')
    assert.deepEqual([attributes['error.type'], status.code], ['connection_closed', SpanStatusCode.ERROR])
  })
}

test('a call that a handler makes hangs below the call it serves, and the records say the same', async (t) => {
  const { emitter, collector } = await reporting(t)
  const inner = await connected(t, 'v1', emitter)
  const { client, server } = await connected(t, 'v1', emitter)
  server.registerTool('relay', {}, async () => {
    await inner.client.callTool({ name: 'look' })
    return { content: [] }
  })
  await client.callTool({ name: 'relay' })
  assert.deepEqual(
    parentOf(spanOf(SpanKind.CLIENT, 'tools/call look')),
    ids(spanOf(SpanKind.SERVER, 'tools/call relay')),
  )
  await emitter.flush()
  const told = collector.events.filter(({ method }) => method === 'tools/call')
  const spans = host.spans().filter(({ name }) => name.startsWith('tools/call'))
  assert.deepEqual(
    told.map(({ traceId, spanId, parentSpanId }) => [traceId, spanId, parentSpanId]).sort(),
    spans.map((span) => [...ids(span), span.parentSpanContext?.spanId ?? '']).sort(),
  )
})

test('tracestate goes along with the trace, and arrives', async (t) => {
  const { emitter } = await reporting(t)
  const { client } = await connected(t, 'v1', emitter)
  const traceState = createTraceState('vendor=abc')
  const caller = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1, traceState, isRemote: true }
  await context.with(trace.setSpanContext(ROOT_CONTEXT, caller), () => client.callTool({ name: 'look' }))
  const { traceState: arrived, traceId } = spanOf(SpanKind.SERVER, 'tools/call look').spanContext()
  assert.deepEqual([traceId, arrived?.serialize()], [caller.traceId, 'vendor=abc'])
})

test('a host’s baggage arrives with the conversation beside it; one said anew is not overruled by that of the call', async (t) => {
  const { emitter, collector } = await reporting(t)
  const inner = await connected(t, 'v1', emitter)
  const { client, server } = await connected(t, 'v1', emitter)
  let team: string | undefined
  server.registerTool('relay', {}, async () => {
    team = propagation.getActiveBaggage()?.getEntry('team')?.value
    await inner.client.callTool({ name: 'look' })
    await inConversation('another', () => inner.client.callTool({ name: 'touch' }))
    return { content: [] }
  })
  const baggage = propagation.createBaggage({ team: { value: 'blue' } })
  await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
    inConversation('first', () => client.callTool({ name: 'relay' })),
  )
  assert.equal(team, 'blue')
  await emitter.flush()
  const conversations = new Map(
    collector.events
      .filter(({ method, side }) => method === 'tools/call' && side === 'server')
      .map(({ tool, conversationId }) => [tool, conversationId] as const),
  )
  assert.deepEqual(Object.fromEntries(conversations), { relay: 'first', look: 'first', touch: 'another' })
})

test('a conversation that an agent framework put into its baggage is that of the call', async (t) => {
  const { emitter, collector } = await reporting(t)
  const { client } = await connected(t, 'v1', emitter)
  const baggage = propagation.createBaggage({ 'gen_ai.conversation.id': { value: 'c-17' } })
  await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () => client.callTool({ name: 'look' }))
  await emitter.flush()
  const told = collector.events.filter(({ tool, kind }) => tool === 'look' && kind === 'call')
  assert.deepEqual(told.map(({ side, conversationId }) => `${side} ${conversationId}`).sort(), [
    'client c-17',
    'server c-17',
  ])
})

test('over HTTP the span of the HTTP request becomes a link, and the client tells the server’s address', async (t) => {
  const { emitter } = await reporting(t)
  const handler = createMcpHandler(() => {
    const server = instrument(new McpServerV2({ name: 'notes', version: '1' }), { emitter })
    addTools(server)
    return server
  })
  const fetch = (url: string | URL, init?: RequestInit): Promise<Response> => {
    const span = startSpan('POST', { kind: SpanKind.SERVER, root: true })
    return context.with(inSpan(span), () => handler.fetch(new Request(url, init)).finally(() => span.end()))
  }
  const client = instrument(new ClientV2({ name: 'desk', version: '1' }), { emitter })
  await client.connect(new StreamableHTTPClientTransport(new URL('http://notes.example:8080/mcp'), { fetch }))
  t.after(() => client.close())
  await client.callTool({ name: 'look' })
  const [sent, served] = [spanOf(SpanKind.CLIENT, 'tools/call look'), spanOf(SpanKind.SERVER, 'tools/call look')]
  assert.deepEqual(parentOf(served), ids(sent))
  const linked = only(served.links).context.spanId
  assert.ok(host.spans().some((span) => span.name === 'POST' && span.spanContext().spanId === linked))
  const addresses = [sent, served].map(({ attributes }) => [
    attributes['network.transport'],
    attributes['network.protocol.name'],
    attributes['server.address'],
    attributes['server.port'],
  ])
  assert.deepEqual(addresses, [
    ['tcp', 'http', 'notes.example', 8080],
    ['tcp', 'http', undefined, undefined],
  ])
  const durations = (await host.points()).filter(({ attributes }) => attributes['gen_ai.tool.name'] === 'look')
  assert.deepEqual(durations.map(({ metric, attributes }) => [metric, attributes['server.address']]).sort(), [
    ['mcp.client.operation.duration', 'notes.example'],
    ['mcp.server.operation.duration', undefined],
  ])
})
