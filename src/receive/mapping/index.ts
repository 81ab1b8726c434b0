/**
 * Other people's MCP telemetry becomes a producer's statement. Each source has a file; where two say something, the one
 * that stands first in {@link sources} is believed. The table with its evidence: `../shared/reference/mcp-and-otel.md` §4.
 */
import type { Capturer } from '@watchkeeper/sdk/capture'
import { type Outcome, type ProducerEvent, producerEvent, type Side } from '@watchkeeper/sdk/event'
import type { Entry, LogRecord, Span } from '../otlp/export.js'
import { fastMcp } from './fastmcp.js'
import { contentOf, type Facts, type Foreign, foreignOf } from './foreign.js'
import { logfire } from './logfire.js'
import { pythonSdk } from './python-sdk.js'
import { application, executedTool, semconv } from './semconv.js'
import { sentry } from './sentry.js'
import { namedTarget } from './target.js'
import { traceloop } from './traceloop.js'

const sources: readonly ((foreign: Foreign) => Facts)[] = [
  semconv,
  fastMcp,
  sentry,
  logfire,
  pythonSdk,
  traceloop,
  executedTool,
  application,
]

function factsOf(foreign: Foreign): Facts {
  const facts: Record<string, unknown> = {}
  const add = (more: Facts): void => {
    for (const [name, value] of Object.entries(more)) if (value !== undefined) facts[name] ??= value
  }
  for (const source of sources) add(source(foreign))
  const { method } = facts as Facts
  if (method !== undefined) add(namedTarget(foreign, method))
  return facts as Facts
}

/** What identifies the record and when it was; the rest is read from its attributes. */
export interface Identity {
  readonly eventId: string
  readonly producerId: string
  /** Microseconds. */
  readonly startedAt: number
  readonly endedAt: number
}

/** `undefined`: this is no MCP message, and nothing of it is kept. Contents go through `capturer` here and no further. */
export function fromForeign(
  entry: Entry<LogRecord> | Entry<Span>,
  identity: Identity,
  capturer: Capturer,
): ProducerEvent | undefined {
  const foreign = foreignOf(entry)
  const facts = factsOf(foreign)
  const { method } = facts
  // A notification asks for nothing and has no end: what it is about, the request's own record says.
  if (method === undefined || method.startsWith('notifications/')) return undefined
  const { record, scope } = entry
  const tool = facts.tool ?? ''
  const resourceUri = facts.resourceUri
  const errorType = errorTypeOf(facts.errorType)
  return producerEvent({
    ...identity,
    kind: facts.kind === 'session' ? 'connection' : 'call',
    source: scope.name.slice(0, 256),
    sourceVersion: scope.version.slice(0, 256),
    traceId: record.traceId,
    spanId: record.spanId,
    parentSpanId: 'parentSpanId' in record ? record.parentSpanId : '',
    side: facts.side ?? sideOf(foreign.kind) ?? 'unknown',
    method: facts.kind === 'session' ? '' : method,
    tool,
    prompt: facts.prompt ?? '',
    resource: resourceUri === undefined ? '' : originOf(resourceUri),
    requestId: facts.requestId ?? '',
    conversationId: facts.conversationId ?? '',
    mcpSessionId: facts.mcpSessionId ?? '',
    protocolVersion: facts.protocolVersion ?? '',
    transport: facts.transport ?? '',
    subject: facts.subject ?? '',
    oauthClientId: facts.oauthClientId ?? '',
    scopes: facts.scopes ?? [],
    clientName: facts.clientName ?? '',
    clientVersion: facts.clientVersion ?? '',
    serverName: facts.serverName ?? '',
    serverVersion: facts.serverVersion ?? '',
    clientAddress: facts.clientAddress ?? '',
    serverAddress: facts.serverAddress ?? '',
    outcome: facts.kind === 'session' ? '' : outcomeOf(foreign, facts, method, errorType),
    errorType,
    rpcCode: codeForm.test(facts.rpcCode ?? '') ? (facts.rpcCode ?? '') : '',
    // A resource's path is content like any argument.
    ...capturer.arguments(tool, facts.arguments ?? (resourceUri === undefined ? undefined : { uri: resourceUri })),
    ...capturer.result(resultOf(foreign, facts)),
    captureVersion: capturer.version,
    capturePolicy: 'receiver',
    keyId: capturer.keyId,
  })
}

/** The C# SDK and Traceloop put the content of a failed tool's answer into the status, and sometimes only there. */
function resultOf(foreign: Foreign, facts: Facts): unknown {
  if (facts.result !== undefined) return facts.result
  return facts.toolError === true ? contentOf(foreign.statusMessage) : undefined
}

/** SpanKind of OTLP. INTERNAL and unspecified say nothing. */
function sideOf(kind: number): Side | undefined {
  return kind === 2 ? 'server' : kind === 3 ? 'client' : undefined
}

const codeForm = /^-?\d{1,10}$/
const denials = new Set(['401', '403', 'UNAUTHORIZED', 'FORBIDDEN', 'insufficient_scope', 'invalid_token'])

/** A class, a code or a word. Sentences would be content, and `error.type` must not be one. */
function errorTypeOf(text: string | undefined): string {
  if (text === undefined) return ''
  return /^[\w.:$/-]{1,128}$/.test(text) ? text : '_OTHER'
}

/** Our SDK's words for a request that got no answer: its span says the same as its record. */
const unansweredOutcomes: ReadonlyMap<string, Outcome> = new Map([
  ['connection_closed', 'cancelled'],
  ['transport_error', 'protocol_error'],
  ['id_reused', 'protocol_error'],
  ['given_up', 'protocol_error'],
])

/**
 * A server's span is by convention not in error where the caller was at fault (-32602 and others): the code says so, not
 * the status.
 */
function outcomeOf(foreign: Foreign, facts: Facts, method: string, errorType: string): Outcome {
  if (denials.has(errorType)) return 'denied'
  if (facts.toolError === true) return 'tool_error'
  if (facts.rpcCode !== undefined && codeForm.test(facts.rpcCode) && Number(facts.rpcCode) !== 0)
    return 'protocol_error'
  if (/^-\d+$/.test(errorType)) return 'protocol_error'
  const unanswered = unansweredOutcomes.get(errorType)
  if (unanswered !== undefined) return unanswered
  if (/cancell?ed/i.test(errorType)) return 'cancelled'
  if (foreign.failed || errorType !== '')
    return errorType !== '' && method === 'tools/call' ? 'tool_error' : 'protocol_error'
  return resultTypeOf(facts.result) === 'input_required' ? 'input_required' : 'ok'
}

function resultTypeOf(result: unknown): unknown {
  return result !== null && typeof result === 'object' && 'resultType' in result ? result.resultType : undefined
}

/** Scheme and host of a URI, clear, without user or password; of one without a host, the scheme. */
export function originOf(uri: string): string {
  if (!URL.canParse(uri)) return ''
  const { protocol, host } = new URL(uri)
  return `${protocol}${host === '' && protocol !== 'file:' ? '' : `//${host}`}`.slice(0, 256)
}

export { delegated } from './fastmcp.js'
export { sameCall, withRequestId } from './same-call.js'
