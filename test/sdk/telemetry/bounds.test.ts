/** What the host's telemetry and the audit records must not cost each other. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { metrics, type Tracer, trace } from '@opentelemetry/api'
import { NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { Emitter, instrument } from '@watchkeeper/sdk'
import { type Collector, startCollector } from '../../support/collector.js'
import { startHostTelemetry } from '../../support/opentelemetry.js'

interface World {
  readonly client: Client
  readonly collector: Collector
  readonly emitter: Emitter
}

async function world(t: TestContext): Promise<World> {
  const collector = await startCollector()
  t.after(() => collector.close())
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 10 })
  t.after(() => emitter.close(0))
  const server = instrument(new McpServer({ name: 'notes', version: '1' }), { emitter })
  server.registerTool('look', {}, async () => ({ content: [{ type: 'text', text: 'a desk' }] }))
  const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  t.after(() => client.close())
  return { client, collector, emitter }
}

const sides = async ({ emitter, collector }: World, named: string): Promise<readonly string[]> => {
  await emitter.flush()
  return collector.events
    .filter(({ tool, kind }) => kind === 'call' && tool === named)
    .map(({ side }) => side)
    .sort()
}

test('without a provider no span is begun and nothing is measured; with one, they are', async (t) => {
  const asked: string[] = []
  const noTracer = trace.getTracer('') as Tracer
  const proxy = Object.getPrototypeOf(noTracer) as Tracer
  const { startSpan } = proxy
  t.mock.method(proxy, 'startSpan', function (this: Tracer, ...given: Parameters<Tracer['startSpan']>) {
    asked.push(given[0])
    return startSpan.apply(this, given)
  })
  trace.getTracer('probe').startSpan('probe')
  assert.deepEqual(asked, ['probe'])
  const one = await world(t)
  await one.client.callTool({ name: 'look' })
  assert.deepEqual(asked, ['probe'])
  assert.deepEqual(await sides(one, 'look'), ['client', 'server'])

  const host = startHostTelemetry()
  t.after(() => host.close())
  await one.client.callTool({ name: 'look' })
  assert.equal(host.spans().filter(({ name }) => name === 'tools/call look').length, 2)
  const counted = (await host.points()).filter(({ attributes }) => attributes['gen_ai.tool.name'] === 'look')
  assert.equal(counted.length, 2)
})

for (const at of ['onStart', 'onEnd'] as const)
  test(`a span processor of the host that throws in ${at} costs neither the call nor its record`, async (t) => {
    const processor: SpanProcessor = {
      onStart: () => {},
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    }
    let thrown = 0
    processor[at] = () => {
      thrown++
      throw new Error('a fault of the host')
    }
    const provider = new NodeTracerProvider({ spanProcessors: [processor] })
    provider.register()
    t.after(async () => {
      await provider.shutdown()
      trace.disable()
    })
    const one = await world(t)
    const { content } = await one.client.callTool({ name: 'look' })
    assert.deepEqual(content, [{ type: 'text', text: 'a desk' }])
    assert.ok(thrown > 0)
    assert.deepEqual(await sides(one, 'look'), ['client', 'server'])
  })

test('a meter of the host that throws costs neither the call nor its record', async (t) => {
  const noMeter = metrics.getMeter('')
  let thrown = 0
  const record = (): never => {
    thrown++
    throw new Error('a fault of the host')
  }
  const meter = new Proxy(noMeter, {
    get: (target, name) => (name === 'createHistogram' ? () => ({ record }) : Reflect.get(target, name)),
  })
  metrics.setGlobalMeterProvider({ getMeter: () => meter })
  t.after(() => metrics.disable())
  const one = await world(t)
  await one.client.callTool({ name: 'look' })
  assert.ok(thrown > 0)
  assert.deepEqual(await sides(one, 'look'), ['client', 'server'])
})

test('names that the other side invents do not fill the memory of the host’s metrics', async (t) => {
  const host = startHostTelemetry()
  t.after(() => host.close())
  const { client } = await world(t)
  for (let at = 0; at < 600; at++) await client.callTool({ name: `no-such-${at}` })
  const names = new Set((await host.points()).map(({ attributes }) => attributes['gen_ai.tool.name']))
  assert.ok(names.has('_OTHER'))
  assert.ok(names.size <= 502, `${names.size} names`)
})

test('a tool’s name and a method of any length make a span’s name of a few hundred characters', async (t) => {
  const host = startHostTelemetry()
  t.after(() => host.close())
  const { client } = await world(t)
  await client.callTool({ name: 'x'.repeat(100_000) })
  const named = host.spans().filter(({ name }) => name.startsWith('tools/call x'))
  assert.equal(named.length, 2)
  assert.ok(named.every(({ name, attributes }) => name.length < 600 && JSON.stringify(attributes).length < 1200))
})
