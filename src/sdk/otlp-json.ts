/**
 * OTLP/JSON of log records, written by hand: so the package needs none of OpenTelemetry's SDK packages, whose 0.x versions
 * a host may have in another one. Rules of the JSON form: ids in hex, 64-bit integers as decimal strings, lowerCamelCase.
 */
import { type Attributes, type AttributeValue, toAttributes } from './attributes.js'
import { eventNameOf, type ProducerEvent } from './event.js'

/** OTLP's severity INFO. An audit record is no complaint, whatever it tells. */
const severityInfo = 9

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { intValue: `${value}` } : { doubleValue: value }
  return { arrayValue: { values: value.map(anyValue) } }
}

const keyValues = (attributes: Readonly<Record<string, AttributeValue>>): object[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }))

/** One log record, as JSON text. `attributes`: where they are at hand already. */
export function encodeRecord(event: ProducerEvent, attributes: Attributes = toAttributes(event)): string {
  const time = `${event.endedAt}000`
  return JSON.stringify({
    timeUnixNano: time,
    observedTimeUnixNano: time,
    severityNumber: severityInfo,
    eventName: eventNameOf(event.kind),
    ...(event.traceId === '' ? {} : { traceId: event.traceId }),
    ...(event.spanId === '' ? {} : { spanId: event.spanId }),
    attributes: keyValues(attributes),
  })
}

export interface RequestFrame {
  /** Attributes of the resource: `service.name` and the like. */
  readonly resource: Readonly<Record<string, AttributeValue>>
  /** Instrumentation scope. */
  readonly scope: { readonly name: string; readonly version: string }
}

/** An `ExportLogsServiceRequest` around records that {@link encodeRecord} made. */
export function encodeRequest(records: readonly string[], { resource, scope }: RequestFrame): string {
  const head = `{"resourceLogs":[{"resource":${JSON.stringify({ attributes: keyValues(resource) })},"scopeLogs":[{"scope":${JSON.stringify(scope)},"logRecords":[`
  return `${head}${records.join(',')}]}]}]}`
}
