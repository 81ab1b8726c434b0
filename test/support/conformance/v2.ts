/** SDK v2: a server with one of everything, for both eras of the protocol, and a client that answers whatever a server asks. */
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import {
  Client,
  ClientCredentialsProvider,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import {
  completable,
  type InputRequest,
  inputRequired,
  McpServer,
  ResourceTemplate,
  requireScopes,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { type Emitter, instrument } from '@watchkeeper/sdk'
import { watchFetch } from '@watchkeeper/sdk/http'
import { z } from 'zod'
import { clientId, clientSecret } from '../authorization-server.js'
import type { Desk } from './script.js'

export const eras = ['legacy', 'auto'] as const
export type Era = (typeof eras)[number]

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] })

export function serverV2(emitter: Emitter, name = 'notes'): McpServer {
  const server = new McpServer({ name, version: '2' })
  server.registerTool('read_note', { description: 'Reads a note.', annotations: { readOnlyHint: true } }, async () =>
    said('note: write to anna@example.org'),
  )
  const scopeChallenge = requireScopes('mail:send')
  server.registerTool('send_mail', { annotations: { destructiveHint: true }, scopeChallenge }, async () => said('sent'))
  server.registerTool('fail', {}, async () => {
    throw new Error('out of order')
  })
  const progress = async ({ mcpReq }: ServerContext, steps: number) => {
    const progressToken = mcpReq._meta?.progressToken
    for (let step = 1; step <= steps && progressToken !== undefined; step++)
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: step } })
  }
  server.registerTool('wait', {}, async (context) => {
    const withdrawn = once(context.mcpReq.signal, 'abort')
    await progress(context, 1)
    await withdrawn
    return said('too late')
  })
  server.registerTool('count', {}, async (context) => {
    await progress(context, 3)
    return said('counted')
  })
  // In the older era the SDK makes requests of its own of these.
  const asks = (tool: string, request: () => InputRequest) =>
    server.registerTool(tool, {}, async ({ mcpReq: { inputResponses } }) => {
      const answer = inputResponses?.['answer']
      return answer === undefined
        ? inputRequired({ inputRequests: { answer: request() }, requestState: 'asked once' })
        : said(`heard ${Object.keys(Object(answer)).join(' ')}`)
    })
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: 'What is it?' } }]
  asks('ask_model', () => inputRequired.createMessage({ messages, maxTokens: 9 }))
  const requestedSchema = z.object({ sure: z.boolean() })
  asks('ask_person', () => inputRequired.elicit({ message: 'Sure?', requestedSchema }))
  asks('ask_roots', () => inputRequired.listRoots())
  server.registerResource('readme', 'notes://desk/readme', {}, async ({ href: uri }) => ({
    contents: [{ uri, text: 'hello' }],
  }))
  const template = new ResourceTemplate('notes://desk/{id}', { list: undefined })
  server.registerResource('note', template, {}, async ({ href: uri }) => ({ contents: [{ uri, text: 'a note' }] }))
  const guest = completable(z.string(), () => ['Anna', 'Anton'])
  server.registerPrompt('greet', { argsSchema: z.object({ name: guest }) }, async () => ({
    messages: [{ role: 'user', content: { type: 'text', text: 'Hello.' } }],
  }))
  return instrument(server, { emitter })
}

/** An instrumented client on a transport. `probesApart`: it asks for the era elsewhere, so there is no handshake here. */
export async function deskV2(
  emitter: Emitter,
  transport: Transport,
  era: Era,
  { probesApart = false } = {},
): Promise<Desk> {
  const client = new Client(
    { name: 'desk', version: '2' },
    { capabilities: { sampling: {}, elicitation: {}, roots: {} }, versionNegotiation: { mode: era } },
  )
  client.setRequestHandler('sampling/createMessage', async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }))
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { sure: true } }))
  client.setRequestHandler('roots/list', async () => ({ roots: [{ uri: 'file:///srv/desk' }] }))
  instrument(client, { emitter, heartbeatMs: 0 })
  await client.connect(transport)
  return {
    handshake: era === 'legacy' ? 'initialize' : probesApart ? undefined : 'server/discover',
    listTools: async () => (await client.listTools()).tools.map(({ name }) => name),
    async call(name, { signal, onProgress } = {}) {
      const { content, isError } = await client.callTool(
        { name },
        { ...(signal && { signal }), ...(onProgress && { onprogress: ({ progress }) => onProgress(progress) }) },
      )
      const [first] = content as readonly { readonly text?: string }[]
      return { text: first?.text ?? '', isError: isError === true }
    },
    listResources: () => client.listResources(),
    listTemplates: () => client.listResourceTemplates(),
    read: (uri) => client.readResource({ uri }),
    listPrompts: () => client.listPrompts(),
    prompt: (name) => client.getPrompt({ name, arguments: { name: 'Anna' } }),
    complete: (name, argument) => client.complete({ ref: { type: 'ref/prompt', name }, argument }),
    nonsense: () => client.request({ method: 'notes/forget' }, z.object({})),
    close: () => client.close(),
  }
}

/** Asks for one scope more with each log-in. */
class SteppingUp extends ClientCredentialsProvider {
  readonly #wanted = ['mcp', 'mail:send']
  #logins = 0

  override prepareTokenRequest(): URLSearchParams {
    return super.prepareTokenRequest(this.#wanted.slice(0, ++this.#logins).join(' '))
  }
}

/** Over Streamable HTTP; with a token of its own it does not log in. */
export function webDeskV2(
  t: TestContext,
  emitter: Emitter,
  url: URL,
  { era, token }: { readonly era: Era; readonly token?: string },
): Promise<Desk> {
  const transport = new StreamableHTTPClientTransport(url, {
    fetch: watchFetch({ emitter })(),
    ...(token === undefined
      ? { authProvider: new SteppingUp({ clientId, clientSecret, expectedIssuer: url.origin }) }
      : { requestInit: { headers: { authorization: `Bearer ${token}` } } }),
  })
  t.after(() => transport.close())
  return deskV2(emitter, transport, era)
}
