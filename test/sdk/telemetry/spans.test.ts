import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, type TestContext, test } from 'node:test'
import { Client as ClientV2, InMemoryTransport as InMemoryTransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport as InMemoryTransportV1 } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { Emitter, instrument } from '@watchkeeper/sdk'
import { type Collector, startCollector } from '../../support/collector.js'
import { type HostTelemetry, startHostTelemetry } from '../../support/opentelemetry.js'

let host: HostTelemetry

before(() => {
  host = startHostTelemetry()
})
after(() => host.close())
beforeEach(() => host.reset())

interface World {
  readonly client: ClientV1
  readonly collector: Collector
  readonly emitter: Emitter
  close(): Promise<void>
}

/** Both sides instrumented, over memory. The two SDK versions share the members that are used here. */
async function world(t: TestContext, version: 'v1' | 'v2'): Promise<World> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn })
  const [Server, Client, Memory] =
    version === 'v1'
      ? [McpServerV1, ClientV1, InMemoryTransportV1]
      : ([McpServerV2, ClientV2, InMemoryTransportV2] as unknown as [
          typeof McpServerV1,
          typeof ClientV1,
          typeof InMemoryTransportV1,
        ])
  const server = new Server({ name: 'notes', version: '1' })
  server.registerTool('look', {}, async () => {
    trace.getTracer('tool').startSpan('inner').end()
    return { content: [{ type: 'text', text: 'a secret answer' }] }
  })
  server.registerTool('fail', {}, async () => ({ isError: true, content: [{ type: 'text', text: 'a secret reason' }] }))
  instrument(server, { emitter })
  const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
  const [left, right] = Memory.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  const close = async (): Promise<void> => {
    await client.close()
    await emitter.close()
    await collector.close()
  }
  t.after(close)
  return { client, collector, emitter, close }
}

const spansOf = (name: string): ReadableSpan[] => host.spans().filter((span) => span.name === name)
const one = (name: string, kind: SpanKind): ReadableSpan => {
  const [span, another] = spansOf(name).filter((found) => found.kind === kind)
  assert.ok(span !== undefined && another === undefined, `${spansOf(name).length} spans ${name}`)
  return span
}

for (const version of ['v1', 'v2'] as const) {
  describe(`SDK ${version}`, () => {
    test('a call is a client span and, under it, a server span; what the tool does stands under that', async (t) => {
      const { client } = await world(t, version)
      await client.callTool({ name: 'look' })
      const sent = one('tools/call look', SpanKind.CLIENT)
      const served = one('tools/call look', SpanKind.SERVER)
      const inner = one('inner', SpanKind.INTERNAL)
      assert.equal(served.spanContext().traceId, sent.spanContext().traceId)
      assert.equal(served.parentSpanContext?.spanId, sent.spanContext().spanId)
      assert.equal(inner.parentSpanContext?.spanId, served.spanContext().spanId)
      for (const span of [sent, served]) {
        assert.equal(span.attributes['mcp.method.name'], 'tools/call')
        assert.equal(span.attributes['gen_ai.tool.name'], 'look')
        assert.equal(span.attributes['gen_ai.operation.name'], 'execute_tool')
        assert.match(String(span.attributes['jsonrpc.request.id']), /^\d+$/)
        assert.equal(span.status.code, SpanStatusCode.UNSET)
        assert.ok(!JSON.stringify(span.attributes).includes('secret'))
      }
    })

    test('errors: a tool’s on both sides, the caller’s fault on the caller’s only, and no message of them', async (t) => {
      const { client } = await world(t, version)
      await client.callTool({ name: 'fail' })
      for (const kind of [SpanKind.CLIENT, SpanKind.SERVER]) {
        const span = one('tools/call fail', kind)
        assert.equal(span.attributes['error.type'], 'tool_error')
        assert.deepEqual(span.status, { code: SpanStatusCode.ERROR })
      }
      await assert.rejects(client.getPrompt({ name: 'nothing' }))
      const sent = one('prompts/get nothing', SpanKind.CLIENT)
      const served = one('prompts/get nothing', SpanKind.SERVER)
      const code = String(sent.attributes['rpc.response.status_code'])
      assert.match(code, /^-32(?:601|602)$/)
      assert.deepEqual([sent.status.code, sent.attributes['error.type']], [SpanStatusCode.ERROR, code])
      assert.deepEqual([served.status.code, served.attributes['error.type']], [SpanStatusCode.UNSET, undefined])
      assert.equal(served.attributes['rpc.response.status_code'], code)
    })

    test('an outer span of the tool is used, not doubled', async (t) => {
      const { client, collector, emitter } = await world(t, version)
      await trace
        .getTracer('agent')
        .startActiveSpan(
          'execute_tool look',
          { attributes: { 'gen_ai.operation.name': 'execute_tool' } },
          async (span) => {
            await client.callTool({ name: 'look' })
            span.end()
          },
        )
      assert.deepEqual(
        spansOf('tools/call look').map(({ kind }) => kind),
        [SpanKind.SERVER],
      )
      const outer = one('execute_tool look', SpanKind.INTERNAL)
      assert.equal(outer.attributes['mcp.method.name'], 'tools/call')
      assert.equal(one('tools/call look', SpanKind.SERVER).parentSpanContext?.spanId, outer.spanContext().spanId)
      await emitter.flush()
      const record = collector.events.find(({ tool, side }) => tool === 'look' && side === 'client')
      assert.equal(record?.spanId, outer.spanContext().spanId)
    })

    test('the four durations, in seconds, with few attributes', async (t) => {
      const { client, close } = await world(t, version)
      await client.callTool({ name: 'look' })
      await client.callTool({ name: 'fail' })
      await close()
      const points = await host.points()
      for (const name of [
        'mcp.client.operation.duration',
        'mcp.server.operation.duration',
        'mcp.client.session.duration',
        'mcp.server.session.duration',
      ])
        assert.equal(points.find(({ metric }) => metric === name)?.unit, 's', name)
      const served = points.filter(({ metric }) => metric === 'mcp.server.operation.duration')
      const failed = served.find(({ attributes }) => attributes['error.type'] === 'tool_error')
      assert.equal(failed?.attributes['gen_ai.tool.name'], 'fail')
      assert.ok(
        served.every(
          ({ attributes }) =>
            attributes['jsonrpc.request.id'] === undefined && attributes['mcp.session.id'] === undefined,
        ),
      )
      assert.deepEqual(failed?.boundaries, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300])
    })
  })
}

test('notifications have spans; those that come in streams have none', async (t) => {
  await world(t, 'v1')
  assert.equal(spansOf('notifications/initialized').length, 2)
})
