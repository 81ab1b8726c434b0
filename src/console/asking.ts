/**
 * Who is asking, and whether they may: before any route runs. A request is of an API key, of a browser's session, or, while there is
 * neither an account nor a provider, of this machine.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLoopback, namesLoopback } from '../loopback.js'
import type { AccountBook } from './accounts/book.js'
import { type AccountRole, isAtLeast, localPerson, type Person } from './person.js'
import { Refusal } from './refusal.js'
import type { Session, Sessions } from './sessions.js'

export interface Asking {
  readonly person: Person | undefined
  readonly way: 'key' | 'session' | 'local' | 'nobody'
  readonly session: Session | undefined
  /** Why there is no person. */
  readonly refused: Refusal | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    asking: Asking
  }
  interface FastifyContextConfig {
    /** The least role; without one the route is open to all, log-in pages and assets alone. */
    role?: AccountRole
  }
}

export interface AskingOptions {
  readonly book: AccountBook
  readonly sessions: Sessions
  readonly hasProvider: boolean
  /** Of the setting, where there is one: the host that browsers name. */
  readonly publicHost: string | undefined
}

export function askWho(app: FastifyInstance, options: AskingOptions): void {
  const { sessions, publicHost } = options
  // Without a value of its own for each request: the next hook gives it.
  app.decorateRequest('asking')
  app.addHook('onRequest', async (request) => {
    request.asking = await whoAsks(request, options)
  })
  // After the rate limit, which counts the refused as well.
  app.addHook('preParsing', async (request) => {
    const { role } = request.routeOptions.config
    if (role === undefined) return
    const { person, refused } = request.asking
    if (person === undefined) throw refused ?? new Refusal('no_log_in', 'log in first')
    if (!isAtLeast(person, role))
      throw new Refusal('not_allowed', `this takes the role ${role}, and yours is ${person.role}`)
  })
  // Before validation, which does not know the field.
  app.addHook('preValidation', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.method === 'OPTIONS') return
    checkOrigin(request, publicHost)
    checkCsrf(request, sessions)
  })
}

async function whoAsks(request: FastifyRequest, { book, sessions, hasProvider }: AskingOptions): Promise<Asking> {
  const session = await sessions.of(request)
  const nobody = (refused: Refusal): Asking => ({ person: undefined, way: 'nobody', session, refused })
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const key = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    const person = key === undefined ? undefined : await book.ofKey(key)
    return person === undefined
      ? nobody(new Refusal('wrong_key', 'no valid API key; send one as "Authorization: Bearer KEY"'))
      : { person, way: 'key', session: undefined, refused: undefined }
  }
  if (!hasProvider && !(await book.hasAccounts())) {
    const isHere =
      isLoopback(request.ip.replace(/^::ffff:/, '')) && namesLoopback(request.headers.host) && !isForwarded(request)
    return isHere
      ? { person: localPerson, way: 'local', session, refused: undefined }
      : nobody(
          new Refusal(
            'no_accounts',
            'there are no accounts: "watchkeeper accounts create" makes one; until then this machine alone is served',
          ),
        )
  }
  const person = session === undefined ? undefined : await personOf(session, book)
  return person === undefined
    ? nobody(new Refusal('no_log_in', 'log in, or send an API key as "Authorization: Bearer KEY"'))
    : { person, way: 'session', session, refused: undefined }
}

/** A proxy on this machine stands for others. */
const isForwarded = ({ headers }: FastifyRequest): boolean =>
  ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'].some((name) => headers[name] !== undefined)

/** An account that was revoked ends its sessions at once; a provider's people stay until their session ends. */
async function personOf({ who }: Session, book: AccountBook): Promise<Person | undefined> {
  if (who === undefined) return undefined
  if (who.way === 'account') return book.ofAccount(who.id)
  const { id, name, role, tenant } = who
  return { id: `oidc:${id}`, name, role, tenant: tenant === '*' ? undefined : tenant, by: 'person' }
}

/** A browser names the page that sends a request; one of another site is not ours. */
function checkOrigin({ headers }: FastifyRequest, publicHost: string | undefined): void {
  const { origin } = headers
  if (origin === undefined) return
  const host = URL.canParse(origin) ? new URL(origin).host : ''
  if (host === '' || (host !== headers.host && host !== publicHost))
    throw new Refusal('wrong_csrf', 'the request comes from a page of another site')
}

/** What a browser sends by itself has to prove that our page made it. */
function checkCsrf(request: FastifyRequest, sessions: Sessions): void {
  const { way, session } = request.asking
  if (way === 'key') return
  // A program on this machine: a page of another site cannot send this type without being asked for its origin first.
  const isJson = /^application\/json\b/i.test(request.headers['content-type'] ?? '')
  if (
    way === 'local' &&
    isJson &&
    request.headers.origin === undefined &&
    request.headers['sec-fetch-site'] === undefined
  )
    return
  const field = (request.body as { readonly csrf?: unknown } | null | undefined)?.csrf
  if (session === undefined || !sessions.isCsrfOf(session, request.headers['x-csrf-token'] ?? field))
    throw new Refusal('wrong_csrf', 'this form is too old or not of ours; load the page again')
}
