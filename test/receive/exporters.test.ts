/** Unmodified OpenTelemetry JS exporters over real sockets. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api'
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { toAttributes } from '@watchkeeper/sdk/attributes'
import { producerEvent } from '@watchkeeper/sdk/event'
import type { BusMessage } from '../../src/bus/index.js'
import { WatchkeeperError } from '../../src/errors.js'
import { spanId, traceId } from '../support/otlp.js'
import { type TestReceiver, type TestReceiverOptions, testReceiver } from '../support/receiver.js'

const resource = resourceFromAttributes({ 'service.name': 'shop', 'process.command_args': ['--token', 's3cret'] })

async function listening(t: TestContext, options: TestReceiverOptions = {}): Promise<TestReceiver & { url: string }> {
  const receiver = await testReceiver(t, options)
  return { ...receiver, url: await receiver.app.listen({ host: '127.0.0.1', port: 0 }) }
}

const said = producerEvent({
  kind: 'call',
  eventId: 'from-the-sdk',
  producerId: 'p',
  sequence: 9_007_199_254_740_991,
  startedAt: 1_795_521_598_000_001,
  endedAt: 1_795_521_598_123_457,
  tool: 'send_email',
  requestId: '17',
  scopes: ['mail.send', 'mail.read'],
  argFingerprints: [{ kind: 'email', hash: '00112233445566aa', leaf: 3 }],
  argSignals: { entropy: 0.25 },
  delegates: true,
})

type LogExporter = OTLPLogExporter | JsonLogExporter

async function emit(exporter: LogExporter): Promise<void> {
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] })
  const context = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED })
  provider.getLogger('@watchkeeper/sdk', '0.1.0').emit({
    eventName: 'watchkeeper.call',
    timestamp: new Date(said.endedAt / 1000),
    context,
    attributes: { ...toAttributes(said) } as Record<string, string>,
  })
  await provider.forceFlush()
  await provider.shutdown()
}

for (const [what, exporterOf] of [
  [
    'protobuf and gzip',
    (url: string) => new OTLPLogExporter({ url: `${url}/v1/logs`, compression: CompressionAlgorithm.GZIP }),
  ],
  ['protobuf', (url: string) => new OTLPLogExporter({ url: `${url}/v1/logs` })],
  [
    'JSON and gzip',
    (url: string) => new JsonLogExporter({ url: `${url}/v1/logs`, compression: CompressionAlgorithm.GZIP }),
  ],
] as const) {
  test(`the log exporter with ${what}: every field of an event arrives exactly`, async (t) => {
    const receiver = await listening(t)
    await emit(exporterOf(receiver.url))
    const [event] = receiver.events()
    assert.ok(event)
    for (const field of ['eventId', 'sequence', 'startedAt', 'endedAt', 'tool', 'requestId', 'delegates'] as const)
      assert.equal(event[field], said[field], field)
    assert.deepEqual([event.scopes, event.argSignals], [said.scopes, said.argSignals])
    assert.deepEqual([event.traceId, event.spanId], [traceId, spanId])
    assert.deepEqual([event.source, event.sourceVersion], ['@watchkeeper/sdk', '0.1.0'])
    const [fingerprint] = event.argFingerprints
    assert.deepEqual([fingerprint?.kind, fingerprint?.leaf], ['email', 3])
    assert.notEqual(fingerprint?.hash, '00112233445566aa', 'the pepper is on it')
    assert.equal(event.attributes['service.name'], 'shop')
    assert.ok(!JSON.stringify(receiver.published).includes('s3cret'), 'what is not on the list is not kept')
  })
}

test('the trace exporter: a span of the conventions is a record of form span', async (t) => {
  const receiver = await listening(t)
  const exporter = new OTLPTraceExporter({
    url: `${receiver.url}/v1/traces`,
    compression: CompressionAlgorithm.GZIP,
  })
  const provider = new NodeTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const span = provider.getTracer('my-mcp', '2.0').startSpan('tools/call add', {
    kind: SpanKind.SERVER,
    attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'add', 'jsonrpc.request.id': '3' },
  })
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'the balance of Alice is 4711' })
  span.end()
  await provider.forceFlush()
  await provider.shutdown()
  const [event] = receiver.events()
  assert.ok(event)
  assert.deepEqual(
    [event.form, event.side, event.tool, event.requestId, event.source, event.sourceVersion],
    ['span', 'server', 'add', '3', 'my-mcp', '2.0'],
  )
  assert.equal(event.spanId, span.spanContext().spanId)
  assert.ok(event.endedAt >= event.startedAt && event.startedAt > 0)
  assert.ok(!JSON.stringify(receiver.published).includes('4711'))
})

test('an exporter sends again what was answered with 503, and the record is the same', async (t) => {
  const attempts: BusMessage[][] = []
  const receiver = await listening(t, {
    publish: async (messages) => {
      attempts.push([...messages])
      if (attempts.length < 3) throw new WatchkeeperError('WK_BUS_FULL', 'full')
    },
  })
  await emit(new OTLPLogExporter({ url: `${receiver.url}/v1/logs` }))
  assert.equal(attempts.length, 3)
  const ids = attempts.map(([message]) => (message?.type === 'event' ? message.event : undefined))
  assert.equal(new Set(ids.map((event) => `${event?.recordId} ${event?.contentHash}`)).size, 1)
})
