/**
 * A CRM on Streamable HTTP, behind bearer tokens with scopes: reading needs `crm:read`, exporting `crm:admin`. A call that
 * lacks a scope is answered as the MCP specification says: 403 and a challenge that names the scope.
 */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { type Emitter, instrument } from '@watchkeeper/sdk'
import { z } from 'zod'
import { person } from '../step-up.js'

const contacts = [
  ['Anna Berg', 'anna.berg@fjordmail.example', '+47 55 01 44 10', 'retail'],
  ['Tomas Lind', 'tomas@lindsons.example', '+46 8 555 0193', 'retail'],
  ['Marta Keller', 'keller@keller-bau.example', '+41 44 555 7120', 'retail'],
  ['Priya Raman', 'praman@coastline-freight.example', '+91 22 5550 8841', 'key-accounts'],
  ['Jonas Weiss', 'jonas.weiss@weissundco.example', '+49 30 5550 2217', 'key-accounts'],
  ['Claire Dubois', 'c.dubois@atelier-nord.example', '+33 1 55 50 31 90', 'key-accounts'],
  ['Samuel Ortega', 'sortega@ortegafoods.example', '+34 91 555 66 02', 'key-accounts'],
  ['Hanna Virtanen', 'hanna.virtanen@pohjola-tek.example', '+358 9 5550 471', 'key-accounts'],
  ['Li Wen', 'liwen@harbour-instruments.example', '+86 21 5550 9934', 'key-accounts'],
  ['Oksana Bondar', 'o.bondar@dniprosteel.example', '+380 44 555 2093', 'key-accounts'],
  ['Peter Novak', 'novak@novakmotors.example', '+420 2 5550 1882', 'key-accounts'],
  ['Grace Okafor', 'grace@okafor-logistics.example', '+234 1 555 7734', 'key-accounts'],
] as const

const lineOf = ([name, mail, phone]: (typeof contacts)[number]): string => `${name} <${mail}> ${phone}`

function crmServer(): McpServer {
  const server = new McpServer({ name: 'crm', version: '7.0.1' })
  server.registerTool(
    'find_contact',
    { description: 'Finds a contact by name.', inputSchema: { name: z.string() }, annotations: { readOnlyHint: true } },
    async ({ name }) => ({
      content: contacts.filter(([known]) => known === name).map((contact) => ({ type: 'text', text: lineOf(contact) })),
    }),
  )
  server.registerTool(
    'export_contacts',
    { description: 'Exports all contacts of a segment.', inputSchema: { segment: z.string() } },
    async ({ segment }) => ({
      content: [
        {
          type: 'text',
          text: contacts
            .filter((contact) => contact[3] === segment)
            .map(lineOf)
            .join('\n'),
        },
      ],
    }),
  )
  return server
}

export interface Crm {
  /** Of the MCP endpoint; `/token` beside it issues tokens. */
  readonly url: URL
  close(): Promise<void>
}

const exporting = 'crm:admin'

/** Listens on loopback. */
export async function startCrm(emitter: Emitter): Promise<Crm> {
  const tokens = new Map<string, AuthInfo>()
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const http = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const url = new URL(`http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = request.method === 'POST' ? await bodyOf(request) : undefined
    if (request.url === '/token') return issue(body, response)
    const auth = tokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (auth === undefined) return challenge(response, 401, 'invalid_token', 'crm:read')
    if (toolOf(body) === 'export_contacts' && !auth.scopes.includes(exporting))
      return challenge(response, 403, 'insufficient_scope', exporting)
    const transport = sessions.get(String(request.headers['mcp-session-id'] ?? '')) ?? (await openSession())
    await transport.handleRequest(Object.assign(request, { auth }), response, body)
  }

  /** An authorization server that refuses nothing: the client may have any scope that it asks for. */
  function issue(body: unknown, response: ServerResponse): void {
    const scopes = String(memberOf(body, 'scope')).split(' ')
    const token = randomUUID()
    tokens.set(token, { token, clientId: 'desk-assistant', scopes, resource: url, extra: { sub: person } })
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', scope: scopes.join(' ') }))
  }

  async function openSession(): Promise<StreamableHTTPServerTransport> {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void sessions.set(id, transport),
    })
    // The SDK's own class declares its optional members otherwise than its interface, under exactOptionalPropertyTypes.
    await instrument(crmServer(), { emitter }).connect(transport as Parameters<McpServer['connect']>[0])
    return transport
  }

  return {
    url,
    async close() {
      await Promise.all([...sessions.values()].map((transport) => transport.close()))
      http.closeAllConnections()
      http.close()
      await once(http, 'close')
    },
  }
}

function challenge(response: ServerResponse, status: number, error: string, scope: string): void {
  response.writeHead(status, { 'www-authenticate': `Bearer error="${error}", scope="${scope}"` })
  response.end()
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown
}

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
const toolOf = (body: unknown): unknown =>
  memberOf(body, 'method') === 'tools/call' ? memberOf(memberOf(body, 'params'), 'name') : undefined
