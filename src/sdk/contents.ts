/** What of a request and of its result a model wrote or reads: that is what capture looks at, without the protocol around it. */
import { type Fields, fieldsOf, isFields, type RequestMessage, textOf } from './messages.js'

/** Requests of the protocol's own housekeeping: their parameters and results are not content. */
const housekeeping = new Set([
  'initialize',
  'ping',
  'server/discover',
  'logging/setLevel',
  'subscriptions/listen',
  // Tools are told by `tool_definition` events: once, and not with each listing.
  'tools/list',
])

/** Arguments of a request; `undefined` where there is nothing to capture. */
export function argumentsOf({ method, params }: RequestMessage): unknown {
  if (housekeeping.has(method)) return undefined
  if (method === 'tools/call' || method === 'prompts/get') return params['arguments'] ?? {}
  const { _meta, ...rest } = params
  return rest
}

/** A result as the model gets it: the texts of its content blocks; one text alone stands for itself. */
export function resultOf(method: string, result: Fields | undefined): unknown {
  if (result === undefined || housekeeping.has(method)) return undefined
  const blocks = blocksOf(result)
  if (blocks === undefined) {
    const { _meta, ...rest } = result
    return rest
  }
  const parts = blocks.map(partOf)
  const structured = result['structuredContent']
  if (structured !== undefined && !parts.some((part) => saysTheSame(part, structured))) parts.push(structured)
  return parts.length === 1 ? parts[0] : parts
}

function blocksOf(result: Fields): readonly unknown[] | undefined {
  const { content, contents, messages } = result
  if (Array.isArray(content)) return content
  if (isFields(content)) return [content]
  if (Array.isArray(contents)) return contents
  if (Array.isArray(messages)) return messages.map((message) => fieldsOf(message)['content'])
  return undefined
}

function partOf(block: unknown): unknown {
  const fields = fieldsOf(block)
  if (typeof fields['text'] === 'string') {
    const uri = textOf(fields['uri'])
    return uri === '' ? fields['text'] : { uri, text: fields['text'] }
  }
  if (isFields(fields['resource'])) return partOf(fields['resource'])
  // Pictures, sound and binary files: no text to look at, and too large to try.
  const { data, blob, ...rest } = fields
  return isFields(block) ? rest : block
}

/** Servers send structured content twice, once as JSON in a text block. */
function saysTheSame(part: unknown, structured: unknown): boolean {
  if (typeof part !== 'string' || !/^\s*[[{]/.test(part)) return false
  try {
    return JSON.stringify(JSON.parse(part)) === JSON.stringify(structured)
  } catch {
    return false
  }
}

/** Scheme and host of a URI; the rest of it is content. */
export function originOf(uri: unknown): string {
  if (typeof uri !== 'string' || !URL.canParse(uri)) return ''
  const { protocol, host } = new URL(uri)
  return `${protocol}//${host}`
}
