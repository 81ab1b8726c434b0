/** OpenTelemetry as a host sets it up, exporting to a receiver of ours with a store behind it. One for each test file: it is global. */
import type { TestContext } from 'node:test'
import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { type Kept, keeping } from './kept.js'

export interface Traced extends Kept {
  readonly provider: NodeTracerProvider
  /** Sends what ended. */
  flush(): Promise<void>
}

export async function traced(t: TestContext, service: string): Promise<Traced> {
  const kept = await keeping(t)
  const exporter = new OTLPTraceExporter({ url: `${kept.url}/v1/traces` })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  provider.register()
  t.after(async () => {
    await provider.shutdown()
    trace.disable()
  })
  return { ...kept, provider, flush: () => provider.forceFlush() }
}
