/**
 * The Python SDK v2 (tracer `mcp-python-sdk`): the target stands in the span's name only, `MCP handle tools/call add` of a
 * server and `MCP send tools/call add` of a client (seen of mcp 2.3.0).
 */
import type { Facts, Foreign } from './foreign.js'
import { targetOf } from './target.js'

export function pythonSdk({ name }: Foreign): Facts {
  const match = /^MCP (handle|send) (\S+)(?: (.{1,256}))?/.exec(name)
  if (match === null) return {}
  const [, verb, method = '', target] = match
  return { method, side: verb === 'send' ? 'client' : 'server', ...targetOf(method, target) }
}
