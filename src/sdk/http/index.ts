/**
 * The HTTP hook, `@watchkeeper/sdk/http`: refusals of a server that never reach the protocol, tokens that were accepted, and
 * scopes that grew, from the client's side and from the server's.
 */
import { type ExpressMiddleware, expressMiddleware, type FastifyHook, fastifyHook } from './node.js'
import { type ServerHookOptions, ServerLog } from './server.js'
import { watchVerifier } from './verifier.js'
import { type HonoMiddleware, honoMiddleware, webGate, webHandler } from './web.js'

export { type Challenge, parseChallenges, type TokenChallenge, tokenChallenge } from './challenge.js'
export { type ClientHookOptions, type FetchLike, watchFetch } from './client.js'
export type { ServerHookOptions } from './server.js'

/** The ways to mount one server's hook. All of them share what is known of its callers. */
export interface ServerHooks {
  /** `app.use(hooks.express)`, before `requireBearerAuth`. */
  readonly express: ExpressMiddleware
  /** `app.addHook('onRequest', hooks.fastify)`, before the hook that checks tokens. */
  readonly fastify: FastifyHook
  /** `app.use(hooks.hono)`, before what checks tokens. */
  readonly hono: HonoMiddleware
  /** Wraps a web-standard handler, such as `createMcpHandler(…).fetch`. */
  readonly web: ReturnType<typeof webHandler>
  /** Wraps a gate that answers or lets through, such as v2's `requireBearerAuth(…)`. */
  readonly gate: ReturnType<typeof webGate>
  /**
   * Watches the verifier that is given to `requireBearerAuth`, and returns it. Without it a 403 does not say which scopes
   * the caller held, since the gate keeps what it knows of a caller whom it refuses.
   */
  readonly verifier: ReturnType<typeof watchVerifier>
}

/** One hook for one MCP server. */
export function watchServer(options: ServerHookOptions): ServerHooks {
  const log = new ServerLog(options)
  return {
    express: expressMiddleware(log),
    fastify: fastifyHook(log),
    hono: honoMiddleware(log),
    web: webHandler(log),
    gate: webGate(log),
    verifier: watchVerifier(log),
  }
}
