/** OpenTelemetry's own SDK as a host sets it up, with spans and metrics kept in memory. One for each test file: it is global. */
import { type Attributes, metrics, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'

export interface Point {
  readonly metric: string
  readonly unit: string
  readonly count: number
  readonly boundaries: readonly number[]
  readonly attributes: Attributes
}

export interface HostTelemetry {
  readonly provider: NodeTracerProvider
  /** Those that ended, in order. */
  spans(): readonly ReadableSpan[]
  points(): Promise<readonly Point[]>
  reset(): Promise<void>
  close(): Promise<void>
}

export function startHostTelemetry(): HostTelemetry {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  provider.register()
  const kept = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  const reader = new PeriodicExportingMetricReader({ exporter: kept, exportIntervalMillis: 3_600_000 })
  const meters = new MeterProvider({ readers: [reader] })
  metrics.setGlobalMeterProvider(meters)
  return {
    provider,
    spans: () => exporter.getFinishedSpans(),
    async points() {
      await meters.forceFlush()
      return kept
        .getMetrics()
        .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: all }) => all as HistogramMetricData[]))
        .flatMap(({ descriptor: { name, unit }, dataPoints }) =>
          dataPoints.map(({ attributes, value: { count, buckets } }) => ({
            metric: name,
            unit,
            count,
            boundaries: buckets.boundaries,
            attributes,
          })),
        )
    },
    async reset() {
      await meters.forceFlush()
      exporter.reset()
      kept.reset()
    },
    async close() {
      await Promise.all([provider.shutdown(), meters.shutdown()])
      trace.disable()
      metrics.disable()
    },
  }
}
