/**
 * Which MCP request an HTTP request carries, and to which conversation and trace it belongs: by `_meta` of its body where
 * the body is there, else by the headers (`Mcp-Method`, `Mcp-Name` since 2026-07-28). The caller's claims, all of it: they
 * connect records and never identify anyone.
 */
import { asRequest, type Fields, fieldsOf, isFields, textOf } from '../messages.js'
import { conversationFromBaggage, parseTraceparent } from '../trace-context.js'

export interface RequestFacts {
  readonly conversationId: string
  readonly traceId: string
  /** The caller's span. */
  readonly spanId: string
  readonly method: string
  readonly requestId: string
  readonly tool: string
  readonly prompt: string
  readonly mcpSessionId: string
  readonly protocolVersion: string
}

export type HeaderOf = (name: string) => string | null | undefined

/** Bytes of a body that is looked into. */
export const bodyMost = 262_144

/** `undefined` where it is no MCP request. `body`: its text, or what a parser made of it; `undefined` where it was not seen. */
export function requestFacts(header: HeaderOf, body: unknown): RequestFacts | undefined {
  const message = firstRequest(body)
  const named = header('mcp-method') ?? ''
  const streams = (header('accept') ?? '').includes('text/event-stream')
  const mcpSessionId = header('mcp-session-id') ?? ''
  if (message === undefined && named === '' && mcpSessionId === '' && !streams) return undefined

  const request = asRequest(message)
  const params = fieldsOf(message?.['params'])
  const meta = fieldsOf(params['_meta'])
  const method = textOf(message?.['method']) || named
  const name = textOf(params['name']) || decodedName(header('mcp-name') ?? '')
  const caller = parseTraceparent(meta['traceparent']) ?? parseTraceparent(header('traceparent'))
  return {
    conversationId: conversationFromBaggage(meta['baggage']) || conversationFromBaggage(header('baggage')),
    traceId: caller?.traceId ?? '',
    spanId: caller?.spanId ?? '',
    method,
    requestId: request === undefined ? '' : String(request.id),
    tool: method === 'tools/call' ? name : '',
    prompt: method === 'prompts/get' ? name : '',
    mcpSessionId,
    protocolVersion:
      header('mcp-protocol-version') ||
      textOf(meta['io.modelcontextprotocol/protocolVersion']) ||
      textOf(params['protocolVersion']),
  }
}

/** Not a notification, an answer, or a stream that is opened: those carry no conversation, and others come with them. */
export const isCall = ({ method }: RequestFacts): boolean => method !== '' && !method.startsWith('notifications/')

/** Older protocol versions send arrays of messages: the first that asks for something stands for them. */
function firstRequest(body: unknown): Fields | undefined {
  const parsed = typeof body === 'string' ? parse(body) : body
  const messages = (Array.isArray(parsed) ? parsed : [parsed]).filter(
    (one): one is Fields => isFields(one) && one['jsonrpc'] !== undefined,
  )
  return messages.find((one) => asRequest(one) !== undefined) ?? messages[0]
}

function parse(text: string): unknown {
  if (text.length > bodyMost || !/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Values that do not fit a header come as `=?base64?…?=` (SEP-2243). */
function decodedName(value: string): string {
  const encoded = /^=\?base64\?([A-Za-z0-9+/=]{0,4096})\?=$/.exec(value)?.[1]
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8')
}
