/**
 * The server's side for web-standard handlers, `(request) => Response`: v2's `createMcpHandler().fetch`, its gates
 * (`requireBearerAuth`), and Hono. Wrap the outermost one, and each gate inside of it that you have in hand: a refusal is
 * told once, by whoever sees it first.
 */
import { fieldsOf } from '../messages.js'
import { copiedBody, inTime } from './body.js'
import { tokenIn } from './credential.js'
import { requestFacts } from './request-facts.js'
import type { ServerLog } from './server.js'

export type WebHandler<Rest extends readonly unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>

/** A gate lets through with what it knows of the caller, or answers itself. */
export type Gate<Known> = (request: Request) => Promise<Known | Response>

/** As much of Hono's context as is read. */
interface HonoContextLike {
  readonly req: { readonly raw: Request }
  readonly res: Response
  readonly var: object
}
export type HonoMiddleware = (context: HonoContextLike, next: () => Promise<void>) => Promise<void>

/** What gates said of a request, for the handler behind them. */
const known = new WeakMap<Request, unknown>()
const told = new WeakSet<Request | Response>()

export const webHandler =
  (log: ServerLog) =>
  <Rest extends readonly unknown[]>(
    handler: WebHandler<Rest>,
  ): ((request: Request, ...rest: Rest) => Promise<Response>) =>
  async (request, ...rest) => {
    const observed = observe(log, request)
    const response = await handler(request, ...rest)
    await observed?.(response, () => fieldsOf(rest[0])['authInfo'])
    return response
  }

export const webGate =
  (log: ServerLog) =>
  <Known>(gate: Gate<Known>): Gate<Known> =>
  async (request) => {
    const observed = observe(log, request)
    const answer = await gate(request)
    if (answer instanceof Response) await observed?.(answer, () => undefined)
    else if (answer !== undefined && answer !== null) {
      known.set(request, answer)
      log.verified(answer)
    }
    return answer
  }

/** For `app.use`, before what decides about authorization. Reads the variable `auth` for what a verifier said. */
export const honoMiddleware =
  (log: ServerLog): HonoMiddleware =>
  async (context, next) => {
    const observed = observe(log, context.req.raw)
    await next()
    await observed?.(context.res, () => fieldsOf(context.var)['auth'])
  }

type Observed = (response: Response, authInfo: () => unknown) => Promise<void>

/** Call it before the request is handled: afterwards its body is gone. Never throws. */
function observe(log: ServerLog, request: Request): Observed | undefined {
  try {
    const arrivedAt = log.emitter.now()
    const body = copiedBody(request).catch(() => undefined)
    return async (response, authInfo) => {
      try {
        const token = tokenIn(request.headers.get('authorization'))
        const refused = response.status === 401 || response.status === 403
        if (told.has(request) || told.has(response) || (token === '' && !refused)) return
        told.add(request).add(response)
        const answeredAt = log.emitter.now()
        const tell = async (): Promise<void> => {
          log.answered({
            token,
            authInfo: authInfo() ?? known.get(request),
            status: response.status,
            wwwAuthenticate: response.headers.get('www-authenticate'),
            openedSession: response.headers.get('mcp-session-id'),
            request: requestFacts((name) => request.headers.get(name), await (refused ? inTime(body) : body)),
            clientAddress: '',
            arrivedAt,
            answeredAt,
          })
        }
        const telling = tell().catch(() => {})
        // Once a refusal is sent, the rest of the request's body may never come.
        if (refused) await telling
      } catch {
        // Unobserved; the answer is the host's.
      }
    }
  } catch {
    return undefined
  }
}
