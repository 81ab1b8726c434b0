/**
 * Where spans and durations go: the global providers, once the host has set them. Until then there is no tracer and there are
 * no histograms, and a message costs two comparisons.
 */
import {
  createNoopMeter,
  type MeterProvider,
  metrics,
  ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { source } from '../source.js'
import { Durations } from './durations.js'

/** What a proxy stands for where nobody has set a provider. */
const noTracers = new ProxyTracerProvider().getDelegate()

let traced: { readonly provider: TracerProvider; readonly tracer: Tracer | undefined } | undefined
let measured: { readonly provider: MeterProvider; readonly durations: Durations | undefined } | undefined

export function tracer(): Tracer | undefined {
  const given = trace.getTracerProvider()
  const provider = given instanceof ProxyTracerProvider ? given.getDelegate() : given
  if (traced?.provider !== provider) {
    const isSet = provider !== noTracers
    traced = { provider, tracer: isSet ? provider.getTracer(source.name, source.version) : undefined }
  }
  return traced.tracer
}

/** The API's metrics have no proxy: what was made before the host set its provider would stay mute. */
export function durations(): Durations | undefined {
  const provider = metrics.getMeterProvider()
  if (measured?.provider !== provider) {
    const meter = provider.getMeter(source.name, source.version)
    measured = { provider, durations: meter === createNoopMeter() ? undefined : new Durations(meter) }
  }
  return measured.durations
}
