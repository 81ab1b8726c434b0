/** An MCP server of SDK v2 behind HTTP that asks for the scope `mcp`, and for one tool for another; on each host that we have a hook for. */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { TestContext } from 'node:test'
import { toNodeHandler } from '@modelcontextprotocol/node'
import {
  type AuthInfo,
  createMcpHandler,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { Emitter } from '@watchkeeper/sdk'
import { type ServerHooks, watchServer } from '@watchkeeper/sdk/http'
import fastify from 'fastify'
import { Hono } from 'hono'
import { type AuthorizationServer, authorizationServer } from '../authorization-server.js'
import { type ExpressRequest, type ExpressResponse, express } from '../express.js'
import { listening } from '../listening.js'
import { type Era, serverV2 } from './v2.js'

type Handler = (request: Request) => Promise<Response>
type Served = (request: Request, options: { readonly authInfo: AuthInfo }) => Promise<Response>

/** The host with its hook around a handler that has the gate in it. */
type Host = (hooks: ServerHooks, gated: Handler) => Promise<RequestListener>

/** The official adapter, whose types are stricter than Node's own. */
const node = (handler: Handler) =>
  toNodeHandler({ fetch: handler }) as (...exchange: Parameters<RequestListener>) => Promise<void>

export const hostsV2: Readonly<Record<string, Host>> = {
  'a web-standard handler': async (hooks, gated) => node(hooks.web(gated)),
  async Hono(hooks, gated) {
    const app = new Hono()
    app.use(hooks.hono)
    app.all('/mcp', ({ req }) => gated(req.raw))
    return node(async (request) => app.fetch(request))
  },
  async Express(hooks, gated) {
    const app = express()
    app.use(hooks.express)
    app.all('/mcp', (request: ExpressRequest, response: ExpressResponse) => node(gated)(request, response))
    return app
  },
  async Fastify(hooks, gated) {
    const app = fastify()
    app.addHook('onRequest', hooks.fastify)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _body, done) => done(null))
    app.all('/mcp', ({ raw }, reply) => {
      reply.hijack()
      return node(gated)(raw, reply.raw)
    })
    await app.ready()
    return app.routing
  },
}

export interface Serving {
  readonly url: URL
  readonly logins: AuthorizationServer
}

export async function serveV2(
  t: TestContext,
  { emitter, host, era, name = 'notes' }: { emitter: Emitter; host: string; era: Era; name?: string },
): Promise<Serving> {
  const logins = authorizationServer()
  let listener: RequestListener = () => undefined
  const base = await listening(t, (request, response) => listener(request, response))
  const resource = `${base}/mcp`
  const hooks = watchServer({ emitter, serverName: name, resource })
  const make = () => serverV2(emitter, name)
  const served: Served = era === 'legacy' ? withSessions(make) : createMcpHandler(make).fetch
  const gate = requireBearerAuth({
    verifier: hooks.verifier(logins.verifier((text) => new OAuthError(OAuthErrorCode.InvalidToken, text))),
    requiredScopes: ['mcp'],
    resourceMetadataUrl: `${base}/.well-known/oauth-protected-resource/mcp`,
  })
  const mcp = await (hostsV2[host] as Host)(hooks, async (request) => {
    const known = await gate(request)
    return known instanceof Response ? known : served(request, { authInfo: known })
  })
  const login = node(async (request) => {
    const { pathname } = new URL(request.url)
    const answer = logins.answer(base, pathname, await request.text())
    return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer)
  })
  listener = (request, response) => (request.url === '/mcp' ? mcp : login)(request, response)
  return { url: new URL(resource), logins }
}

/** The older era with its sessions, as SDK v2 serves it: a server for each. */
function withSessions(make: () => ReturnType<typeof serverV2>): Served {
  const open = new Map<string, WebStandardStreamableHTTPServerTransport>()
  return async (request, options) => {
    const known = open.get(request.headers.get('mcp-session-id') ?? '')
    if (known !== undefined) return known.handleRequest(request, options)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void open.set(id, transport),
    })
    await make().connect(transport)
    return transport.handleRequest(request, options)
  }
}
