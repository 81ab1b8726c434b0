/**
 * Logfire's instrumentation of the Python SDK v1: the whole JSON-RPC message in `request` and `response`, always. Its spans
 * are INTERNAL; who asks (by convention the client's side, whoever that is) and who answers is in their names.
 */
import type { Side } from '@watchkeeper/sdk/event'
import { contentOf, type Facts, type Foreign, member, textOf } from './foreign.js'
import { targetOf } from './target.js'

const form = /^MCP (request|server handle request|client handle request)(?:: (\S+)(?: (.{1,256}))?)?/

const sides: Readonly<Record<string, Side>> = {
  request: 'client',
  'server handle request': 'server',
  'client handle request': 'server',
}

export function logfire({ attributes, name }: Foreign): Facts {
  const match = form.exec(name)
  if (match === null) return {}
  const [, way = '', named, target] = match
  const request = contentOf(attributes['request'])
  const response = contentOf(attributes['response'])
  const method = textOf(attributes['rpc.method']) ?? named ?? stringOf(member(request, 'method'))
  if (method === undefined) return {}
  const params = member(request, 'params')
  const error = member(response, 'isError')
  const code = member(response, 'code')
  return {
    method,
    side: sides[way],
    ...targetOf(method, target ?? stringOf(member(params, 'name'))),
    resourceUri: stringOf(member(params, 'uri')),
    arguments: member(params, 'arguments'),
    result: response,
    toolError: typeof error === 'boolean' ? error : undefined,
    // An answer that is JSON-RPC's error object.
    rpcCode: typeof code === 'number' && typeof member(response, 'message') === 'string' ? String(code) : undefined,
  }
}

const stringOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
