/** Log-in of people: at a provider, or with the API key of an account. */
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccountBook } from '../accounts/book.js'
import type { LogInPageData } from '../pages/log-in.js'
import { callbackPath, type Provider } from '../provider.js'
import { Refusal } from '../refusal.js'
import type { Sessions } from '../sessions.js'

export interface LogInOptions {
  readonly book: AccountBook
  readonly sessions: Sessions
  readonly provider: Provider | undefined
  page(request: FastifyRequest, reply: FastifyReply, data: LogInPageData): Promise<FastifyReply>
}

const Next = Type.Object({ next: Type.String({ maxLength: 2_000, default: '/' }) })

/** Of us, and not of another host: `//evil.example` and `/\evil.example` are. */
export const ownPath = (path: string): string => (/^\/(?![/\\])[\x21-\x7e]*$/.test(path) ? path : '/')

/** Tries a minute for each address. */
const rateLimit = { max: 20, timeWindow: 60_000, keyGenerator: ({ ip }: FastifyRequest) => `log-in ${ip}` }

export const logInRoutes =
  ({ book, sessions, provider, page }: LogInOptions): FastifyPluginAsyncTypebox =>
  async (app) => {
    const hidden = { hide: true } as const
    const show = async (request: FastifyRequest, reply: FastifyReply, next: string, fault?: string) =>
      page(request, reply, {
        provider: provider !== undefined,
        keys: await book.hasAccounts(),
        next,
        ...(fault !== undefined && { fault }),
      })

    app.get('/log-in', { schema: { ...hidden, querystring: Next } }, async (request, reply) => {
      const next = ownPath(request.query.next)
      return request.asking.person === undefined ? show(request, reply, next) : reply.redirect(next, 303)
    })

    app.post(
      '/log-in',
      {
        config: { rateLimit },
        schema: {
          ...hidden,
          body: Type.Object({
            key: Type.String({ maxLength: 200 }),
            next: Type.String({ maxLength: 2_000, default: '/' }),
          }),
        },
      },
      async (request, reply) => {
        const { key, next } = request.body
        const person = await book.ofKey(key.trim())
        if (person === undefined) {
          reply.code(401)
          return show(request, reply, ownPath(next), 'This is no valid key.')
        }
        await sessions.begin(reply, { way: 'account', id: person.id.replace(/^key:/, '') })
        return reply.redirect(ownPath(next), 303)
      },
    )

    app.post('/log-out', { schema: hidden }, async (_request, reply) => {
      sessions.end(reply)
      return reply.redirect('/log-in', 303)
    })

    if (provider === undefined) return
    app.get(
      '/log-in/provider',
      { config: { rateLimit }, schema: { ...hidden, querystring: Next } },
      async (request, reply) => {
        const { url, logIn } = await provider.begin(ownPath(request.query.next))
        await sessions.keepLogIn(reply, logIn)
        return reply.redirect(url, 303)
      },
    )

    app.get(callbackPath, { config: { rateLimit }, schema: hidden }, async (request, reply) => {
      const logIn = await sessions.takeLogIn(request, reply)
      if (logIn === undefined) throw new Refusal('bad_input', 'no log-in is under way in this browser; begin again')
      const at = request.url.indexOf('?')
      await sessions.begin(reply, await provider.finish(at < 0 ? '' : request.url.slice(at), logIn))
      return reply.redirect(logIn.next, 303)
    })
  }
