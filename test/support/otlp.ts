/** OTLP/JSON requests as exporters write them. */

import { toAttributes } from '@watchkeeper/sdk/attributes'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import { eventNameOf, producerEvent } from '@watchkeeper/sdk/event'

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain }

export function anyValue(value: Plain): object {
  if (value === null) return {}
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: value } : { doubleValue: value }
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } }
  return { kvlistValue: { values: attributes(value as Readonly<Record<string, Plain>>) } }
}

export const attributes = (map: Readonly<Record<string, Plain>>): object[] =>
  Object.entries(map).map(([key, value]) => ({ key, value: anyValue(value) }))

export const traceId = '0af7651916cd43dd8448eb211c80319c'
export const spanId = 'b7ad6b7169203331'
/** 2026-11-24 11:59:58 UTC in nanoseconds. */
export const startNano = 1_795_521_598_000_000_000n
export const endNano = startNano + 1_500_000_000n

export interface LogOptions {
  readonly scope?: string
  readonly resource?: Readonly<Record<string, Plain>>
}

export const logsRequest = (
  records: readonly unknown[],
  { scope = 'watchkeeper', resource = {} }: LogOptions = {},
): object => ({
  resourceLogs: [
    {
      resource: { attributes: attributes(resource) },
      scopeLogs: [{ scope: { name: scope, version: '1.2.3' }, logRecords: records }],
    },
  ],
})

export const tracesRequest = (
  spans: readonly unknown[],
  { scope = 'test', resource = {} }: LogOptions = {},
): object => ({
  resourceSpans: [
    {
      resource: { attributes: attributes(resource) },
      scopeSpans: [{ scope: { name: scope, version: '1.2.3' }, spans }],
    },
  ],
})

/** The log record of one of our events. */
export function eventRecord(given: Partial<ProducerEvent> & { readonly eventId: string }): Record<string, unknown> {
  const event = producerEvent({
    kind: 'call',
    startedAt: Number(startNano / 1000n),
    endedAt: Number(endNano / 1000n),
    producerId: 'producer-1',
    ...given,
  })
  return {
    eventName: eventNameOf(event.kind),
    timeUnixNano: String(BigInt(event.endedAt) * 1000n),
    traceId: event.traceId,
    spanId: event.spanId,
    attributes: attributes(toAttributes(event) as Readonly<Record<string, Plain>>),
  }
}

export interface SpanGiven {
  readonly name: string
  /** OTLP's SpanKind. */
  readonly kind?: number
  readonly attributes?: Readonly<Record<string, Plain>>
  readonly status?: object
  readonly traceId?: string
  readonly spanId?: string
  readonly parentSpanId?: string
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
}

/** A span; trace and span id are {@link traceId} and {@link spanId} unless given. */
export const span = ({ attributes: map = {}, ...given }: SpanGiven): object => ({
  traceId,
  spanId,
  kind: 2,
  startTimeUnixNano: String(startNano),
  endTimeUnixNano: String(endNano),
  ...given,
  attributes: attributes(map),
})
