/** The Python SDK v2 (tracer `mcp-python-sdk`): the target stands in the span's name only, `MCP handle tools/call add`. */
import type { Facts, Foreign } from './foreign.js'
import { targetOf } from './target.js'

export function pythonSdk({ name }: Foreign): Facts {
  const match = /^MCP handle (\S+)(?: (.{1,256}))?/.exec(name)
  if (match === null) return {}
  const [, method = '', target] = match
  return { method, side: 'server', ...targetOf(method, target) }
}
