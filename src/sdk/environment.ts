/**
 * What the environment says to hosts that do not say it in code: `start()`, the instrumentation class and
 * `node --import @watchkeeper/sdk/register`. The only file of the SDK that reads it.
 */
import { diag } from '@opentelemetry/api'
import type { DeliveryProblem } from './delivery.js'
import { type Dsn, developmentDsn, parseDsn } from './dsn.js'
import type { EmitterOptions } from './emitter.js'

export interface FromEnvironment {
  /** What an emitter is made with; `undefined`: switched off. */
  readonly options: EmitterOptions | undefined
  /** What is wrong with the settings: one sentence, without their values. */
  readonly fault?: string
  /** Which of OpenTelemetry's own exporters were asked for. */
  readonly exports: { readonly traces: boolean; readonly metrics: boolean; readonly logs: boolean }
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * - `WATCHKEEPER_DSN`: where to, with which keys; without it a service on this machine without keys
 * - `WATCHKEEPER_DISABLED=true`: nothing is reported
 * - `WATCHKEEPER_SPOOL_DIR`: a folder for records until the receiver has them
 * - `OTEL_SERVICE_NAME`: names this service
 * - `OTEL_TRACES_EXPORTER`, `OTEL_METRICS_EXPORTER`, `OTEL_LOGS_EXPORTER`, `OTEL_EXPORTER_OTLP_…`: as in OpenTelemetry's specification
 */
export function fromEnvironment(variables: Variables = process.env): FromEnvironment {
  const exports = exportsOf(variables)
  if (/^(?:1|true|yes)$/i.test(variables['WATCHKEEPER_DISABLED'] ?? '')) return { options: undefined, exports }
  const given = variables['WATCHKEEPER_DSN'] ?? ''
  const dsn = given === '' ? developmentDsn : parseDsn(given)
  // A wrong DSN sends nothing anywhere: to guess where an audit trail belongs would be worse.
  if (isFault(dsn)) return { options: undefined, fault: `WATCHKEEPER_DSN: ${dsn.fault}`, exports }
  const service = variables['OTEL_SERVICE_NAME'] ?? ''
  const spoolDir = variables['WATCHKEEPER_SPOOL_DIR'] ?? ''
  return {
    options: {
      dsn,
      onProblem: toLog,
      ...(service === '' ? {} : { service }),
      ...(spoolDir === '' ? {} : { spoolDir }),
    },
    exports,
  }
}

/** Who writes no code passes no `onProblem`: OpenTelemetry's own log has it then, which is on stderr with `OTEL_LOG_LEVEL=warn`. */
const toLog = ({ type, records, message }: DeliveryProblem): void =>
  diag.warn(`@watchkeeper/sdk: ${records} records ${type}: ${message}`)

const isFault = (read: Dsn | { readonly fault: string }): read is { readonly fault: string } => 'fault' in read

/** OpenTelemetry's default is to export to this machine; ours is to export what somebody asked for. */
function exportsOf(variables: Variables): FromEnvironment['exports'] {
  if (/^true$/i.test(variables['OTEL_SDK_DISABLED'] ?? '')) return { traces: false, metrics: false, logs: false }
  const everything = (variables['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? '') !== ''
  const asked = (signal: 'TRACES' | 'METRICS' | 'LOGS'): boolean => {
    const exporter = variables[`OTEL_${signal}_EXPORTER`] ?? ''
    if (exporter !== '') return exporter !== 'none'
    return everything || (variables[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ?? '') !== ''
  }
  return { traces: asked('TRACES'), metrics: asked('METRICS'), logs: asked('LOGS') }
}
