/** MCP servers and clients of the official SDKs that use what the protocol has, and a witness of what passed between them. */
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  CreateMessageRequestSchema,
  CreateMessageResultSchema,
  ElicitRequestSchema,
  ElicitResultSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { acceptedContent, inputRequired, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { z } from 'zod'

const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] })
const untilCalledOff = (signal: AbortSignal): Promise<never> =>
  new Promise((_, refuse) => signal.addEventListener('abort', () => refuse(new Error('called off'))))

/** Tools that read, fail, wait, and ask a model or a person; a resource and a prompt. */
export function serverV1(name = 'desk'): McpServerV1 {
  const server = new McpServerV1({ name, version: '1.0.0' })
  server.registerTool('look', { inputSchema: { id: z.number() } }, async ({ id }) => text(`note ${id}`))
  server.registerTool('fail', {}, async () => ({ ...text('out of order'), isError: true }))
  server.registerTool('wait', {}, async ({ signal }) => untilCalledOff(signal))
  server.registerTool('ask_model', {}, async ({ sendRequest }) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'How many?' } }]
    await sendRequest(
      { method: 'sampling/createMessage', params: { messages, maxTokens: 9 } },
      CreateMessageResultSchema,
    )
    return text('asked')
  })
  server.registerTool('ask_person', {}, async ({ sendRequest }) => {
    const requestedSchema = { type: 'object' as const, properties: { sure: { type: 'boolean' as const } } }
    await sendRequest(
      { method: 'elicitation/create', params: { message: 'Sure?', requestedSchema } },
      ElicitResultSchema,
    )
    return text('asked')
  })
  server.registerResource('readme', 'notes://desk/readme', {}, async ({ href }) => ({
    contents: [{ uri: href, text: 'hello' }],
  }))
  server.registerPrompt('greet', { argsSchema: { who: z.string() } }, ({ who }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${who}` } }],
  }))
  return server
}

/** The same with SDK v2, written once for both eras of the protocol. */
export function serverV2(name = 'desk'): McpServerV2 {
  const server = new McpServerV2({ name, version: '2.0.0' })
  server.registerTool('look', { inputSchema: z.object({ id: z.number() }) }, async ({ id }) => text(`note ${id}`))
  server.registerTool('fail', {}, async () => ({ ...text('out of order'), isError: true }))
  server.registerTool('wait', {}, async ({ mcpReq }) => untilCalledOff(mcpReq.signal))
  const sure = z.object({ sure: z.boolean() })
  server.registerTool('ask_person', {}, async ({ mcpReq }) =>
    acceptedContent(mcpReq.inputResponses, 'sure', sure) === undefined
      ? inputRequired({ inputRequests: { sure: inputRequired.elicit({ message: 'Sure?', requestedSchema: sure }) } })
      : text('asked'),
  )
  server.registerResource('readme', 'notes://desk/readme', {}, async ({ href }) => ({
    contents: [{ uri: href, text: 'hello' }],
  }))
  server.registerPrompt('greet', { argsSchema: z.object({ who: z.string() }) }, ({ who }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `Hello ${who}` } }],
  }))
  return server
}

export function clientV1(): ClientV1 {
  const client = new ClientV1(
    { name: 'agent', version: '1' },
    { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
  )
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: '42' },
  }))
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: { sure: true } }))
  client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [] }))
  return client
}

export function clientV2(mode: 'legacy' | 'auto'): ClientV2 {
  const client = new ClientV2(
    { name: 'agent', version: '2' },
    { capabilities: { elicitation: {} }, versionNegotiation: { mode } },
  )
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { sure: true } }))
  return client
}

/** One request that passed the wire, in either direction, and how it ended. */
export interface Passed {
  readonly method: string
  readonly tool: string
  outcome: string
}

interface Message {
  readonly id?: string | number
  readonly method?: string
  readonly params?: { readonly name?: string; readonly requestId?: string | number }
  readonly result?: { readonly isError?: boolean; readonly resultType?: string }
  readonly error?: object
}
interface Transport {
  send(message: never, ...rest: never[]): Promise<void>
  onmessage?: ((message: never, extra?: never) => void) | undefined
}

/** Writes down all requests that a client's transport passes, by itself: nothing of ours takes part. */
export function witness(transport: object): readonly Passed[] {
  const passed: Passed[] = []
  const waiting = new Map<string, Passed>()
  const see = (message: Message, from: 'client' | 'server'): void => {
    const { id, method, params, result, error } = message
    const other = from === 'client' ? 'server' : 'client'
    if (method !== undefined && id !== undefined) {
      const one = { method, tool: method === 'tools/call' ? (params?.name ?? '') : '', outcome: '' }
      passed.push(one)
      waiting.set(`${from} ${id}`, one)
    } else if (method === 'notifications/cancelled') {
      const one = waiting.get(`${from} ${params?.requestId}`)
      if (one !== undefined) one.outcome = 'cancelled'
      waiting.delete(`${from} ${params?.requestId}`)
    } else if (id !== undefined) {
      const one = waiting.get(`${other} ${id}`)
      waiting.delete(`${other} ${id}`)
      if (one !== undefined)
        one.outcome =
          error !== undefined
            ? 'protocol_error'
            : result?.isError === true
              ? 'tool_error'
              : result?.resultType === 'input_required'
                ? 'input_required'
                : 'ok'
    }
  }
  const target = transport as Transport
  const send = target.send.bind(target)
  target.send = (message, ...rest) => {
    see(message, 'client')
    const sending = send(message, ...rest)
    // 2026-07-28 calls a request off by closing its stream.
    sending.catch((error: Error) => {
      const { id } = message as Message
      const one = waiting.get(`client ${id}`)
      if (one !== undefined && error.name === 'AbortError') one.outcome = 'cancelled'
    })
    return sending
  }
  let handler: Transport['onmessage']
  Object.defineProperty(target, 'onmessage', {
    configurable: true,
    get: () => handler,
    set(given: Transport['onmessage']) {
      handler =
        given &&
        ((message, extra) => {
          if (!told.has(message)) see(message, 'server')
          told.add(message)
          given(message, extra)
        })
    },
  })
  const told = new WeakSet<object>()
  return passed
}

/** What both SDKs' clients have of what the script uses. */
export type AnyClient = Pick<
  ClientV1,
  'listTools' | 'callTool' | 'listResources' | 'readResource' | 'listPrompts' | 'getPrompt' | 'close'
>

/** Does a bit of everything. */
export async function playAll(client: AnyClient, version: 'v1' | 'v2'): Promise<void> {
  await client.listTools()
  await client.listTools()
  await client.callTool({ name: 'look', arguments: { id: 1 } })
  await client.callTool({ name: 'look', arguments: { id: 2 } })
  await client.callTool({ name: 'fail', arguments: {} })
  await client.callTool({ name: 'nothing', arguments: {} }).catch(() => undefined)
  await client.callTool({ name: 'look', arguments: { id: 'not a number' } }).catch(() => undefined)
  await client.listResources()
  await client.readResource({ uri: 'notes://desk/readme' })
  await client.readResource({ uri: 'notes://desk/nothing' }).catch(() => undefined)
  await client.listPrompts()
  await client.getPrompt({ name: 'greet', arguments: { who: 'Ann' } })
  if (version === 'v1') await client.callTool({ name: 'ask_model', arguments: {} })
  await client.callTool({ name: 'ask_person', arguments: {} })
  const impatient = new AbortController()
  const options = { signal: impatient.signal }
  const waiting =
    version === 'v1'
      ? client.callTool({ name: 'wait', arguments: {} }, undefined, options)
      : (client.callTool as unknown as (params: object, options: object) => Promise<unknown>)(
          { name: 'wait', arguments: {} },
          options,
        )
  setTimeout(() => impatient.abort(), 50)
  await waiting.catch(() => undefined)
  // Over HTTP the word that it was called off is a request of its own, and must not be overtaken by the end.
  await new Promise((done) => setTimeout(done, 200))
}
