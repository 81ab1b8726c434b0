/**
 * Our own sending is no part of the host's traces: it may start inside of any of the host's spans, and an instrumented
 * `fetch` would then report it there. The key is the one that OpenTelemetry's `suppressTracing` sets; it is public by its
 * name, and `@opentelemetry/core`, which has the function, is an SDK package.
 */
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'

const key = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')
const suppressed = ROOT_CONTEXT.setValue(key, true)

export const untraced = <T>(work: () => T): T => context.with(suppressed, work)

/** Whether what runs now is somebody's telemetry on its way. */
export const isUntraced = (): boolean => context.active().getValue(key) === true
