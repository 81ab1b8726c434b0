/** SDK v1: a server with one of everything, and a client that answers whatever a server asks. */
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { ClientCredentialsProvider } from '@modelcontextprotocol/sdk/client/auth-extensions.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { completable } from '@modelcontextprotocol/sdk/server/completable.js'
import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  EmptyResultSchema,
  ListRootsRequestSchema,
  type ServerNotification,
  type ServerRequest,
} from '@modelcontextprotocol/sdk/types.js'
import { type Emitter, instrument } from '@watchkeeper/sdk'
import { watchFetch } from '@watchkeeper/sdk/http'
import { z } from 'zod'
import { clientId, clientSecret } from '../authorization-server.js'
import type { Desk } from './script.js'

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] })

export function serverV1(emitter: Emitter, name = 'notes'): McpServer {
  const server = new McpServer({ name, version: '1' })
  server.registerTool('read_note', { description: 'Reads a note.', annotations: { readOnlyHint: true } }, async () =>
    said('note: write to anna@example.org'),
  )
  server.registerTool('send_mail', { annotations: { destructiveHint: true } }, async () => said('sent'))
  server.registerTool('fail', {}, async () => {
    throw new Error('out of order')
  })
  const progress = async (extra: Extra, steps: number) => {
    const progressToken = extra._meta?.progressToken
    for (let step = 1; step <= steps && progressToken !== undefined; step++)
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress: step } })
  }
  server.registerTool('wait', {}, async (extra) => {
    const withdrawn = once(extra.signal, 'abort')
    await progress(extra, 1)
    await withdrawn
    return said('too late')
  })
  server.registerTool('count', {}, async (extra) => {
    await progress(extra, 3)
    return said('counted')
  })
  server.registerTool('ask_model', {}, async (extra) => {
    const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'What is it?' } }]
    const { model } = await server.server.createMessage(
      { messages, maxTokens: 9 },
      { relatedRequestId: extra.requestId },
    )
    return said(`heard ${model}`)
  })
  server.registerTool('ask_person', {}, async (extra) => {
    const requestedSchema = { type: 'object' as const, properties: { sure: { type: 'boolean' as const } } }
    const { action } = await server.server.elicitInput(
      { message: 'Sure?', requestedSchema },
      { relatedRequestId: extra.requestId },
    )
    return said(`heard ${action}`)
  })
  server.registerTool('ask_roots', {}, async (extra) => {
    const { roots } = await server.server.listRoots({}, { relatedRequestId: extra.requestId })
    return said(`heard ${roots.length}`)
  })
  server.registerResource('readme', 'notes://desk/readme', {}, async ({ href: uri }) => ({
    contents: [{ uri, text: 'hello' }],
  }))
  const template = new ResourceTemplate('notes://desk/{id}', { list: undefined })
  server.registerResource('note', template, {}, async ({ href: uri }) => ({ contents: [{ uri, text: 'a note' }] }))
  const guest = completable(z.string(), () => ['Anna', 'Anton'])
  server.registerPrompt('greet', { argsSchema: { name: guest } }, async () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'Hello.' } }],
  }))
  return instrument(server, { emitter })
}

/** An instrumented client on a transport. */
export async function deskV1(emitter: Emitter, transport: unknown): Promise<Desk> {
  const client = new Client(
    { name: 'desk', version: '1' },
    { capabilities: { sampling: {}, elicitation: {}, roots: {} } },
  )
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }))
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: { sure: true } }))
  client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [{ uri: 'file:///srv/desk' }] }))
  instrument(client, { emitter, heartbeatMs: 0 })
  await client.connect(transport as Transport)
  return {
    handshake: 'initialize',
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name, { signal, onProgress } = {}) {
      const { content, isError } = await client.callTool({ name }, undefined, {
        ...(signal && { signal }),
        ...(onProgress && { onprogress: ({ progress }) => onProgress(progress) }),
      })
      const [first] = content as readonly { readonly text?: string }[]
      return { text: first?.text ?? '', isError: isError === true }
    },
    listResources: () => client.listResources(),
    listTemplates: () => client.listResourceTemplates(),
    read: (uri) => client.readResource({ uri }),
    listPrompts: () => client.listPrompts(),
    prompt: (name) => client.getPrompt({ name, arguments: { name: 'Anna' } }),
    complete: (name, argument) => client.complete({ ref: { type: 'ref/prompt', name }, argument }),
    nonsense: () => client.request({ method: 'notes/forget' } as never, EmptyResultSchema),
    close: () => client.close(),
  }
}

/** Asks for one scope more with each log-in; this SDK leaves a challenge's scopes to its host in this flow. */
class SteppingUp extends ClientCredentialsProvider {
  readonly #wanted = ['mcp', 'mail:send']
  #logins = 0

  override prepareTokenRequest(): URLSearchParams {
    return super.prepareTokenRequest(this.#wanted.slice(0, ++this.#logins).join(' '))
  }
}

/** Over Streamable HTTP; with a token of its own it does not log in. */
export function webDeskV1(t: TestContext, emitter: Emitter, url: URL, token?: string): Promise<Desk> {
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: watchFetch({ emitter })(),
    ...(token === undefined
      ? { authProvider: new SteppingUp({ clientId, clientSecret, expectedIssuer: url.origin }) }
      : { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  })
  t.after(() => transport.close())
  return deskV1(emitter, transport)
}
