/**
 * Traceloop's OpenLLMetry, JavaScript and Python: `add.tool`, `tools/list.mcp`, `mcp.client.session`. No attribute names the
 * method; contents are in `traceloop.entity.input` and `.output` by default. JavaScript's spans are all of requests that were
 * sent, also those of kind SERVER: a server's own, for sampling and the like.
 */
import { boolOf, contentOf, type Facts, type Foreign, member, textOf } from './foreign.js'
import { uriOf } from './semconv.js'

export const kindName = 'traceloop.span.kind'

/** The method that a span's name says; `undefined` where it is no span of Traceloop's. */
export function methodInName(name: string, source: string, kind?: string): string | undefined {
  const tool = kind === 'tool' || (/(?:traceloop|instrumentation[./-]mcp)/.test(source) && name.endsWith('.tool'))
  return tool ? 'tools/call' : /^(.{1,256})\.mcp$/.exec(name)?.[1]
}

export function traceloop({ attributes, name, source }: Foreign): Facts {
  const kind = textOf(attributes[kindName])
  if (kind === 'session' || name === 'mcp.client.session') return { kind: 'session', method: 'session' }
  const method = methodInName(name, source, kind)
  if (method === undefined) return {}
  const input = contentOf(attributes['traceloop.entity.input'])
  const output = contentOf(attributes['traceloop.entity.output'])
  const side = source === '@traceloop/instrumentation-mcp' ? 'client' : undefined
  const said: Facts = { method, side, ...of(output) }
  if (method === 'resources/read') return { ...said, resourceUri: uriOf(member(input, 'uri')) }
  if (method === 'prompts/get')
    return { ...said, prompt: nameOf(member(input, 'name')), arguments: member(input, 'arguments') }
  if (method !== 'tools/call') return said
  return {
    ...said,
    tool: textOf(attributes['traceloop.entity.name']) ?? name.replace(/\.tool$/, '').slice(0, 256),
    arguments: member(input, 'arguments') ?? input,
  }
}

const nameOf = (value: unknown): string | undefined => (typeof value === 'string' ? textOf(value) : undefined)

function of(output: unknown): Facts {
  const error = member(output, 'is_error') ?? member(output, 'isError')
  return {
    result: member(output, 'result') ?? output,
    toolError: typeof error === 'boolean' || typeof error === 'string' ? boolOf(error) : undefined,
  }
}
