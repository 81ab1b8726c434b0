/** Somebody else's telemetry of an MCP message, and what its sources have to say about it. */
import type { Outcome, Side } from '@watchkeeper/sdk/event'
import type { Entry, LogRecord, Span, Value, ValueMap } from '../otlp/export.js'

/** One span, or one log record of a span's kind, as the files of this folder look at it. */
export interface Foreign {
  readonly attributes: ValueMap
  readonly resource: ValueMap
  /** Name of the span; '' of a log record. */
  readonly name: string
  /** SpanKind of OTLP. */
  readonly kind: number
  readonly failed: boolean
  readonly statusMessage: string
  /** Instrumentation scope. */
  readonly source: string
}

/** What one source says. Absent is undefined, so that the next source in order is asked. */
export interface Facts {
  /** `session` is a span around a whole connection. */
  readonly kind?: 'session' | undefined
  readonly method?: string | undefined
  readonly tool?: string | undefined
  readonly prompt?: string | undefined
  /** A whole URI: it is content and goes through capture. */
  readonly resourceUri?: string | undefined
  readonly requestId?: string | undefined
  /** Content. */
  readonly arguments?: unknown
  readonly result?: unknown
  readonly toolError?: boolean | undefined
  readonly errorType?: string | undefined
  readonly rpcCode?: string | undefined
  readonly outcome?: Outcome | undefined
  readonly conversationId?: string | undefined
  readonly mcpSessionId?: string | undefined
  readonly protocolVersion?: string | undefined
  readonly transport?: string | undefined
  readonly subject?: string | undefined
  readonly oauthClientId?: string | undefined
  readonly scopes?: readonly string[] | undefined
  readonly clientName?: string | undefined
  readonly clientVersion?: string | undefined
  readonly serverName?: string | undefined
  readonly serverVersion?: string | undefined
  readonly clientAddress?: string | undefined
  readonly serverAddress?: string | undefined
  readonly side?: Side | undefined
}

export function foreignOf({ resource, scope, record }: Entry<LogRecord> | Entry<Span>): Foreign {
  const span = 'kind' in record ? record : undefined
  return {
    attributes: record.attributes,
    resource: resource.attributes,
    name: span?.name ?? '',
    kind: span?.kind ?? 0,
    failed: span?.statusCode === 2,
    statusMessage: span?.statusMessage ?? '',
    source: scope.name,
  }
}

/** Characters of a name or id that somebody else's telemetry gives; what is longer is cut. */
const longest = 256

/** A name, id or code. Several SDKs write ids as numbers. */
export function textOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value.slice(0, longest)
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
}

export function boolOf(value: Value | undefined): boolean | undefined {
  if (typeof value === 'boolean') return value
  return value === 'true' ? true : value === 'false' ? false : undefined
}

/** Content: an OTLP structure as it is, text parsed where it is JSON. */
export function contentOf(value: Value | undefined): unknown {
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? parsed(value) : value
}

function parsed(text: string): unknown {
  if (!/^\s*[[{"]/.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A member of something that may not be an object. */
export function member(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}

/** The attributes below a prefix, by the rest of their names; `undefined` where there are none. */
export function below(attributes: ValueMap, prefix: string): Record<string, unknown> | undefined {
  const entries = Object.entries(attributes).filter(([name]) => name.startsWith(prefix))
  if (entries.length === 0) return undefined
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), contentOf(value)]))
}

/** `a b,c` as OAuth and its imitators write scopes, or a list of them. */
export function scopesOf(value: Value | undefined): readonly string[] | undefined {
  const words = Array.isArray(value) ? value.map((item) => textOf(item as Value) ?? '') : textOf(value)?.split(/[\s,]+/)
  const scopes = words?.filter((word) => word !== '').slice(0, 128)
  return scopes === undefined || scopes.length === 0 ? undefined : scopes
}
