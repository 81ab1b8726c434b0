import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { Emitter, instrument, instrumentOutbound } from '@watchkeeper/sdk'
import { startCollector } from '../support/collector.js'
import { startDownstream } from '../support/downstream.js'

const spans = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
const realFetch = globalThis.fetch

before(() => {
  provider.register()
  // As an instrumentation of fetch does: a span for each request.
  globalThis.fetch = (...request) => {
    const span = trace.getTracer('fetch').startSpan('fetch')
    return realFetch(...request).finally(() => span.end())
  }
})
after(async () => {
  globalThis.fetch = realFetch
  await provider.shutdown()
})

test('in a host that traces, calls belong to its trace, and our own sending leaves no span in it', async () => {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn })
  const server = new McpServer({ name: 'notes', version: '1' })
  let traceparent: unknown
  server.registerTool('look', {}, async ({ _meta }) => {
    traceparent = _meta?.['traceparent']
    return { content: [] }
  })
  const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  const { traceId, spanId } = await trace.getTracer('host').startActiveSpan('turn', async (span) => {
    await client.callTool({ name: 'look' })
    await emitter.flush()
    span.end()
    return span.spanContext()
  })
  const call = collector.events.find(({ tool }) => tool === 'look')
  assert.deepEqual([call?.traceId, call?.parentSpanId], [traceId, spanId])
  // The record and the span of the call have the same ids, and the server's spans hang on that one.
  const told = spans.getFinishedSpans().find(({ name }) => name === 'tools/call look')
  assert.equal(call?.spanId, told?.spanContext().spanId)
  assert.equal(traceparent, `00-${traceId}-${call?.spanId}-01`)
  assert.ok(collector.requests.length > 0)
  assert.deepEqual(
    spans
      .getFinishedSpans()
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('initialize') && !name.startsWith('notifications/')),
    ['tools/call look', 'turn'],
  )
  await client.close()
  await emitter.close()
  await collector.close()
})

test('what the host itself exports of a call is not taken for a request that the call made', async (t) => {
  const [collector, telemetry, downstream] = [await startCollector(), await startDownstream(), await startDownstream()]
  const exporting: Promise<unknown>[] = []
  const exporter = {
    export(_spans: unknown, done: (result: { readonly code: number }) => void) {
      exporting.push(fetch(telemetry.url, { method: 'POST' }).then(() => done({ code: 0 })))
    },
    shutdown: async () => {},
  }
  const tracing = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const emitter = new Emitter({ dsn: collector.dsn })
  t.after(instrumentOutbound({ emitter }))
  const server = instrument(new McpServer({ name: 'notes', version: '1' }), { emitter })
  server.registerTool('look', {}, async () => {
    tracing.getTracer('host').startSpan('look').end()
    await fetch(downstream.url)
    return { content: [] }
  })
  const client = new Client({ name: 'desk', version: '1' })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  await client.callTool({ name: 'look' })
  await Promise.all(exporting)
  await emitter.flush()
  const told = collector.events.filter(({ kind }) => kind === 'outbound')
  assert.deepEqual(
    told.map(({ detail }) => detail['port']),
    [String(downstream.port)],
  )
  assert.deepEqual([telemetry.paths.length, downstream.paths.length], [1, 1])
  await client.close()
  await emitter.close()
  await Promise.all([collector.close(), telemetry.close(), downstream.close(), tracing.shutdown()])
})
