/** How a request ended, by the answer that passed the transport, or by what came instead of one. */
import type { Outcome } from './event.js'
import { type Fields, fieldsOf, type ResponseMessage, textOf } from './messages.js'

export interface Ending {
  readonly outcome: Outcome
  readonly errorType: string
  readonly rpcCode: string
  readonly result: Fields | undefined
  /** The error's message: a model reads it like a result. */
  readonly errorText: string | undefined
}

/** Names follow OpenTelemetry's `error.type`: the JSON-RPC code as text, `tool_error` for a result that says so. */
export function answeredAs({ result, error }: ResponseMessage): Ending {
  if (error !== undefined) {
    const code = typeof error['code'] === 'number' ? String(error['code']) : '_OTHER'
    return {
      outcome: 'protocol_error',
      errorType: code,
      rpcCode: code === '_OTHER' ? '' : code,
      result: undefined,
      errorText: textOf(error['message']),
    }
  }
  const ended = { errorType: '', rpcCode: '', result, errorText: undefined }
  if (result?.['isError'] === true) return { ...ended, outcome: 'tool_error', errorType: 'tool_error' }
  // The server wants something first; the client asks again under a new id.
  if (result?.['resultType'] === 'input_required') return { ...ended, outcome: 'input_required' }
  return { ...ended, outcome: 'ok' }
}

/** No answer came, or none that belongs to it. */
export function unanswered(
  reason: 'cancelled' | 'connection_closed' | 'transport_error' | 'id_reused' | 'given_up',
): Ending {
  const withdrawn = reason === 'cancelled' || reason === 'connection_closed'
  return {
    outcome: withdrawn ? 'cancelled' : 'protocol_error',
    errorType: reason,
    rpcCode: '',
    result: undefined,
    errorText: undefined,
  }
}

/**
 * The server refused the request over HTTP (401, 403), before the protocol saw it: by the error that a transport's `send`
 * was rejected with, in either SDK version; `undefined` where it failed otherwise. `error.type` is the status code, as
 * OpenTelemetry has it for HTTP.
 */
export function refused(error: unknown): Ending | undefined {
  const status = refusalStatus(error)
  return status === undefined
    ? undefined
    : { outcome: 'denied', errorType: status, rpcCode: '', result: undefined, errorText: undefined }
}

/** v1 has the status in `code`, v2 in `data`; what comes of a failed log-in is known by its class alone. */
function refusalStatus(error: unknown): '401' | '403' | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, data } = error as { readonly code?: unknown; readonly data?: unknown }
  const status = fieldsOf(data)['status'] ?? code
  const { name } = error.constructor
  if (status === 401 || name === 'UnauthorizedError') return '401'
  if (status === 403 || name === 'InsufficientScopeError') return '403'
  return undefined
}

/** The server answered over HTTP with a status and no message. */
export const answeredByStatus = (status: number): Ending => ({
  outcome: status === 401 || status === 403 ? 'denied' : 'protocol_error',
  errorType: String(status),
  rpcCode: '',
  result: undefined,
  errorText: undefined,
})
