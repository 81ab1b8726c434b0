/** The conventions name a span `{method} {target}`. */
import type { Facts, Foreign } from './foreign.js'

/** What a target is, by the method that has it. */
export function targetOf(method: string, target: string | undefined): Facts {
  if (target === undefined || target === '') return {}
  if (method === 'tools/call') return { tool: target.slice(0, 256) }
  if (method === 'resources/read') return URL.canParse(target) ? { resourceUri: target } : {}
  return method === 'prompts/get' ? { prompt: target.slice(0, 256) } : {}
}

/** The target in the name of a span whose method is known from elsewhere. */
export function namedTarget({ name }: Foreign, method: string): Facts {
  return name.startsWith(`${method} `) ? targetOf(method, name.slice(method.length + 1)) : {}
}
