/** An MCP server of SDK v1 behind HTTP, with sessions, that asks for the scope `mcp`, and for one tool for another. */
import { randomUUID } from 'node:crypto'
import type { RequestListener } from 'node:http'
import type { TestContext } from 'node:test'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { Emitter } from '@watchkeeper/sdk'
import { type ServerHooks, watchServer } from '@watchkeeper/sdk/http'
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { type AuthorizationServer, authorizationServer, type IssuedToken } from '../authorization-server.js'
import { type ExpressRequest, type ExpressResponse, express } from '../express.js'
import { listening } from '../listening.js'
import { serverV1 } from './v1.js'

type Mcp = (request: object, response: object, body: unknown) => Promise<void>

interface Parts {
  readonly hooks: ServerHooks
  readonly verifier: { verifyAccessToken(token: string): Promise<IssuedToken> }
  readonly resourceMetadataUrl: string
  readonly mcp: Mcp
}

const challengeFor = (scope: string): string => `Bearer error="insufficient_scope", scope="${scope}"`

/** The scope that a request lacks: one tool needs more than the others. */
function lacking(body: unknown, scopes: readonly string[]): string | undefined {
  const { params } = (body ?? {}) as { readonly params?: { readonly name?: string } }
  return params?.name === 'send_mail' && !scopes.includes('mail:send') ? 'mail:send' : undefined
}

export const hostsV1: Readonly<Record<string, (parts: Parts) => Promise<RequestListener>>> = {
  async Express({ hooks, verifier, resourceMetadataUrl, mcp }) {
    const app = express()
    app.use(hooks.express)
    app.use(requireBearerAuth({ verifier, requiredScopes: ['mcp'], resourceMetadataUrl }))
    app.use(express.json())
    app.use((request: ExpressRequest, response: ExpressResponse, next: () => void) => {
      const { scopes } = request.auth as IssuedToken
      const scope = lacking(request.body, scopes)
      if (scope === undefined) next()
      else response.set('WWW-Authenticate', challengeFor(scope)).status(403).json({})
    })
    app.all('/mcp', (request: ExpressRequest, response: ExpressResponse) => mcp(request, response, request.body))
    return app
  },
  // No gate of the SDK's fits this host: what people write by hand.
  async Fastify({ hooks, verifier, resourceMetadataUrl, mcp }) {
    const app = fastify()
    app.addHook('onRequest', hooks.fastify)
    app.addHook('onRequest', async ({ raw }: FastifyRequest, reply: FastifyReply) => {
      const [, token = ''] = /^Bearer (.*)$/.exec(raw.headers.authorization ?? '') ?? []
      const known = await verifier.verifyAccessToken(token).catch(() => undefined)
      if (known !== undefined) Object.assign(raw, { auth: known })
      else
        await reply
          .code(401)
          .header('www-authenticate', `Bearer scope="mcp", resource_metadata="${resourceMetadataUrl}"`)
          .send({})
    })
    app.addHook('preHandler', async ({ raw, body }: FastifyRequest, reply: FastifyReply) => {
      const { scopes } = (raw as unknown as { readonly auth: IssuedToken }).auth
      const scope = lacking(body, scopes)
      if (scope !== undefined) await reply.code(403).header('www-authenticate', challengeFor(scope)).send({})
    })
    app.all('/mcp', async ({ raw, body }, reply) => {
      reply.hijack()
      await mcp(raw, reply.raw, body)
    })
    await app.ready()
    return app.routing
  },
}

export async function serveV1(
  t: TestContext,
  {
    emitter,
    host,
    name = 'notes',
    make = () => serverV1(emitter, name),
  }: {
    readonly emitter: Emitter
    readonly host: string
    readonly name?: string
    readonly make?: () => ReturnType<typeof serverV1>
  },
): Promise<{ readonly url: URL; readonly logins: AuthorizationServer }> {
  const logins = authorizationServer()
  let listener: RequestListener = () => undefined
  const base = await listening(t, (request, response) => listener(request, response))
  const hooks = watchServer({ emitter, serverName: name, resource: `${base}/mcp` })
  const mcp = await (hostsV1[host] as (typeof hostsV1)[string])({
    hooks,
    verifier: hooks.verifier(logins.verifier((text) => new InvalidTokenError(text))),
    resourceMetadataUrl: `${base}/.well-known/oauth-protected-resource/mcp`,
    mcp: withSessions(make),
  })
  const login = express()
  login.use(express.text({ type: 'application/x-www-form-urlencoded' }))
  login.use(({ path, body }: ExpressRequest, response: ExpressResponse) => {
    const answer = logins.answer(base, path, String(body ?? ''))
    if (answer === undefined) response.status(404).json({})
    else response.json(answer)
  })
  listener = (request, response) => (request.url === '/mcp' ? mcp : login)(request, response)
  return { url: new URL(`${base}/mcp`), logins }
}

function withSessions(make: () => ReturnType<typeof serverV1>): Mcp {
  const open = new Map<string, StreamableHTTPServerTransport>()
  return async (request, response, body) => {
    const { headers } = request as { readonly headers: Readonly<Record<string, string | undefined>> }
    let transport = open.get(headers['mcp-session-id'] ?? '')
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => void open.set(id, made),
      })
      await make().connect(made as Transport)
      transport = made
    }
    await transport.handleRequest(request as never, response as never, body)
  }
}
