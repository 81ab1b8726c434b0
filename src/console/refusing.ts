/** How a refusal is answered: to programs as JSON, to people as a page or the way to the log-in. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../log.js'
import { Refusal, refusalBody, refusalOf } from './refusal.js'

export type RefusalPage = (refusal: Refusal, request: FastifyRequest, reply: FastifyReply) => Promise<string>

export const isApi = ({ url }: FastifyRequest): boolean => url.startsWith('/api/') || url === '/api'

export function answerRefusals(app: FastifyInstance, log: Logger, page: RefusalPage): void {
  async function answer(error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const refusal = refusalOf(error)
    if (refusal.code === 'fault' || refusal.code === 'log_in_failed')
      log.error({ err: refusal.cause ?? error, route: request.routeOptions.url }, 'a request to the console failed')
    else log.debug({ code: refusal.code, route: request.routeOptions.url }, 'a request to the console was refused')
    if (isApi(request)) {
      if (refusal.statusCode === 401) reply.header('www-authenticate', 'Bearer')
      return reply.code(refusal.statusCode).send(refusalBody(refusal))
    }
    if (refusal.code === 'no_log_in' && request.method === 'GET')
      return reply.redirect(`/log-in?next=${encodeURIComponent(request.url)}`, 303)
    return reply
      .code(refusal.statusCode)
      .type('text/html; charset=utf-8')
      .send(await page(refusal, request, reply))
  }
  app.setErrorHandler(answer)
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const { person, refused } = request.asking
    // Which pages there are is no matter of those who may see none.
    const hidden = person === undefined && !isApi(request) ? refused : undefined
    return answer(hidden ?? new Refusal('not_found', 'there is nothing here'), request, reply)
  })
  // What one account sees is no one else's, and nothing that is shown is worth keeping.
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
  })
}
