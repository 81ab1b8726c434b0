/**
 * Traceloop's OpenLLMetry, JavaScript and Python: `add.tool`, `tools/list.mcp`, `mcp.client.session`. No attribute names the
 * method; contents are in `traceloop.entity.input` and `.output` by default.
 */
import { boolOf, contentOf, type Facts, type Foreign, member, textOf } from './foreign.js'

export function traceloop({ attributes, name, source }: Foreign): Facts {
  const kind = textOf(attributes['traceloop.span.kind'])
  const mcp = /^(.{1,256})\.mcp$/.exec(name)?.[1]
  const tool = kind === 'tool' || (/(?:traceloop|instrumentation[./-]mcp)/.test(source) && name.endsWith('.tool'))
  if (kind === 'session' || name === 'mcp.client.session') return { kind: 'session', method: 'session' }
  if (!tool && mcp === undefined) return {}
  const input = contentOf(attributes['traceloop.entity.input'])
  const output = contentOf(attributes['traceloop.entity.output'])
  if (!tool) return { method: mcp, ...of(output) }
  return {
    method: 'tools/call',
    tool: textOf(attributes['traceloop.entity.name']) ?? name.replace(/\.tool$/, '').slice(0, 256),
    arguments: member(input, 'arguments') ?? input,
    ...of(output),
  }
}

function of(output: unknown): Facts {
  const error = member(output, 'is_error') ?? member(output, 'isError')
  return {
    result: member(output, 'result') ?? output,
    toolError: typeof error === 'boolean' || typeof error === 'string' ? boolOf(error) : undefined,
  }
}
