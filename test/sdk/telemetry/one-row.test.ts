/** The record and the span of a call, sent as a host sends them: by our emitter and by OpenTelemetry's own exporter. */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Client as ClientV2, InMemoryTransport as MemoryV2 } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { Emitter, instrument } from '@watchkeeper/sdk'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import type { AuditEvent } from '../../../src/audit-event.js'
import { testReceiver } from '../../support/receiver.js'
import { openTestStore } from '../../support/store.js'

/** Makes some calls in a host that reports to a real receiver in both ways; what the receiver made of it. */
async function reported(t: TestContext, version: 'v1' | 'v2'): Promise<readonly AuditEvent[]> {
  const { app, events, letters, clock } = await testReceiver(t)
  clock.now = Date.now() * 1000
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 })
  const exporter = new OTLPTraceExporter({ url: `${endpoint}/v1/traces` })
  const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] })
  provider.register()
  t.after(async () => {
    await provider.shutdown()
    trace.disable()
  })
  const emitter = new Emitter({ dsn: { ...developmentDsn, endpoint } })
  t.after(() => emitter.close(0))

  const [Server, AnyClient, Memory] =
    version === 'v1'
      ? [McpServer, Client, InMemoryTransport]
      : ([McpServerV2, ClientV2, MemoryV2] as unknown as [typeof McpServer, typeof Client, typeof InMemoryTransport])
  const server = instrument(new Server({ name: 'notes', version: '1' }), { emitter })
  server.registerTool('look', {}, async () => ({ content: [{ type: 'text', text: 'a desk' }] }))
  server.registerTool('fail', {}, async () => ({ isError: true, content: [] }))
  const hanging = new EventEmitter()
  server.registerTool('hang', {}, () => {
    hanging.emit('begun')
    return new Promise(() => {})
  })
  server.registerPrompt('greet', {}, async () => ({ messages: [] }))
  const client = instrument(new AnyClient({ name: 'desk', version: '1' }), { emitter })
  const [left, right] = Memory.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  await client.callTool({ name: 'look' })
  await client.callTool({ name: 'fail' })
  await client.getPrompt({ name: 'greet' })
  await assert.rejects(client.getPrompt({ name: 'nobody' }))
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'look' }
  await trace.getTracer('agent').startActiveSpan('execute_tool look', { attributes }, async (span) => {
    await client.callTool({ name: 'look' })
    span.end()
  })
  const withdrawal = new AbortController()
  const begun = once(hanging, 'begun')
  const { signal } = withdrawal
  // Options stand in another place in v2.
  const options = version === 'v1' ? [undefined, { signal }] : [{ signal }]
  const withdrawn = assert.rejects(Reflect.apply(client.callTool, client, [{ name: 'hang' }, ...options]))
  await begun
  withdrawal.abort()
  await withdrawn
  const another = once(hanging, 'begun')
  const lost = assert.rejects(client.callTool({ name: 'hang' }))
  await another
  await client.close()
  await lost
  await Promise.all([emitter.flush(), provider.forceFlush()])
  assert.deepEqual(letters(), [])
  return events().filter(({ kind, method }) => kind === 'call' && !method.startsWith('notifications/'))
}

for (const version of ['v1', 'v2'] as const)
  test(`SDK ${version}: what was told as a record and as a span, by both sides, is one row, and it is the record`, async (t) => {
    const told = await reported(t, version)
    const spans = told.filter(({ form }) => form === 'span')
    const records = told.filter(({ form }) => form === 'event')
    // The framework's span stands for the client's of that call, and says no side.
    const keyOf = (event: AuditEvent): string => `${event.traceId} ${event.spanId} ${event.callKey} ${event.outcome}`
    assert.ok(spans.length > 10)
    assert.deepEqual(spans.map(keyOf).sort(), records.map(keyOf).sort())

    const store = await openTestStore(t)
    // The spans first, as they may well arrive.
    await store.insertEvents([...spans])
    await store.insertEvents([...records])
    const rows = await store.query<{ form: string; rows: string; calls: string }>(
      'SELECT form, count() AS rows, uniqExact(call_key) AS calls FROM audit GROUP BY form',
      {},
    )
    const calls = new Set(records.map(({ callKey }) => callKey)).size
    assert.deepEqual(
      rows.map(({ form, ...counts }) => [form, Number(counts.rows), Number(counts.calls)]),
      [['event', calls, calls]],
    )
  })
