/**
 * `@watchkeeper/sdk/start`: everything in one line, for services that have no OpenTelemetry of their own.
 *
 *     import { start } from '@watchkeeper/sdk/start'
 *     await start()
 *
 * Sets up `@opentelemetry/sdk-node` with {@link McpInstrumentation}, and the outbound hook. Spans and metrics are exported where
 * OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, …) ask for it; audit records go where `WATCHKEEPER_DSN` says.
 * What waits when the process ends, by itself or by SIGTERM, is sent before, for at most 2 s (`flushOnSigterm: false`: not by
 * SIGTERM).
 */
import { metrics, ProxyTracerProvider, trace } from '@opentelemetry/api'
import { NodeSDK, type NodeSDKConfiguration } from '@opentelemetry/sdk-node'
import { Emitter, type EmitterOptions } from './emitter.js'
import { fromEnvironment } from './environment.js'
import type { InstrumentOptions } from './instrument.js'
import { McpInstrumentation } from './instrumentation.js'
import { instrumentOutbound } from './outbound/index.js'
import type { Patchable } from './patch.js'
import { beforeProcessEnds } from './process-end.js'

export interface StartOptions extends Partial<EmitterOptions>, Omit<Partial<InstrumentOptions>, 'emitter'> {
  /** Further ones, and whatever else `NodeSDK` takes. */
  readonly otel?: Partial<NodeSDKConfiguration>
  /** Classes of the MCP SDK, where they cannot be found by themselves: in a bundle, say. */
  readonly classes?: Iterable<Patchable>
  /** Folder from which the host's MCP SDK is found. Default: that of the program, else the working directory. */
  readonly from?: string
}

export interface Started {
  /** For `userMessage()`, `approval()` and the other helpers; `undefined` where it is switched off, or the DSN is wrong. */
  readonly emitter: Emitter | undefined
  readonly instrumentation: McpInstrumentation
  /** What is wrong with the settings; '' for nothing. */
  readonly fault: string
  /** Sends what waits, for at most `timeoutMs`, and ends both. */
  shutdown(timeoutMs?: number): Promise<void>
}

/** Spans and durations that wait for their exporter. NodeSDK itself can only end them for good. */
async function flushTelemetry(): Promise<void> {
  const proxy = trace.getTracerProvider()
  const providers: readonly object[] = [
    proxy instanceof ProxyTracerProvider ? proxy.getDelegate() : proxy,
    metrics.getMeterProvider(),
  ]
  await Promise.allSettled(providers.map((provider) => (provider as Partial<Flushable>).forceFlush?.()))
}

interface Flushable {
  forceFlush(): Promise<void>
}

const within = (work: Promise<unknown>, timeoutMs: number): Promise<unknown> =>
  Promise.race([work, new Promise((resolve) => setTimeout(resolve, timeoutMs).unref())])

let started: Started | undefined

/** A second call returns what the first one made, until that was shut down. Never rejects for want of an MCP SDK. */
export async function start(options: StartOptions = {}): Promise<Started> {
  if (started !== undefined) return started
  const { otel = {}, classes = [], from, conversation, subject, heartbeatMs, ...given } = options
  // Containers are ended by SIGTERM, and who asks for everything asks for that.
  const ofEmitter = { flushOnSigterm: true, ...given }
  const environment = fromEnvironment()
  const wanted = ofEmitter.dsn === undefined ? environment.options : { ...environment.options, dsn: ofEmitter.dsn }
  const emitter = wanted === undefined ? undefined : new Emitter({ ...wanted, ...ofEmitter })
  const instrumentation = new McpInstrumentation({
    enabled: emitter !== undefined,
    ...(from === undefined ? {} : { from }),
    ...(emitter === undefined ? {} : { emitter }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(subject === undefined ? {} : { subject }),
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
  })
  const { traces, metrics, logs } = environment.exports
  const sdk = new NodeSDK({
    ...(emitter === undefined || ofEmitter.service === undefined ? {} : { serviceName: ofEmitter.service }),
    // Left out, NodeSDK would export to this machine.
    ...(traces ? {} : { spanProcessors: [] }),
    ...(metrics ? {} : { metricReaders: [] }),
    ...(logs ? {} : { logRecordProcessors: [] }),
    ...otel,
    // NodeSDK would enable it.
    instrumentations: [...(otel.instrumentations ?? []), ...(emitter === undefined ? [] : [instrumentation])],
  })
  sdk.start()
  const forgetEnd = beforeProcessEnds({
    flush: async (timeoutMs) => void (await within(flushTelemetry(), timeoutMs)),
    last: () => undefined,
    onSigterm: ofEmitter.flushOnSigterm,
  })
  let stopOutbound: (() => void) | undefined
  if (emitter !== undefined) {
    stopOutbound = instrumentOutbound({ emitter })
    instrumentation.patch(classes)
    await instrumentation.ready
  }
  started = {
    emitter,
    instrumentation,
    fault: ofEmitter.dsn === undefined ? (environment.fault ?? '') : '',
    async shutdown(timeoutMs = 5_000) {
      started = undefined
      forgetEnd()
      stopOutbound?.()
      instrumentation.disable()
      await Promise.all([
        emitter?.close(timeoutMs),
        within(
          sdk.shutdown().catch(() => undefined),
          timeoutMs,
        ),
      ])
    },
  }
  return started
}
