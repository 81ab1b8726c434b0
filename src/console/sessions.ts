/**
 * Sessions of browsers, whole in a sealed cookie (JWE, A256GCM): nothing is kept here, so replicas that share the secret share the
 * sessions, and a restart ends none.
 */
import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { EncryptJWT, jwtDecrypt } from 'jose'
import type { AccountRole } from './person.js'

export interface Session {
  /** Random; a log-in makes a new one. */
  readonly sid: string
  /** Who logged in; without it, somebody who is about to. */
  readonly who?:
    | { readonly way: 'account'; readonly id: string }
    | {
        readonly way: 'oidc'
        readonly id: string
        readonly name: string
        readonly role: AccountRole
        /** '*' is all tenants. */
        readonly tenant: string
      }
}

/** What a log-in at a provider has to come back with. */
export interface LogInUnderWay {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** The path to go on to. */
  readonly next: string
}

/** Seconds. A log-in lasts a shift. */
export const sessionSeconds = 10 * 3_600
const logInSeconds = 600

export interface SessionsOptions {
  readonly secret: string
  /** Cookies only over https. */
  readonly secure: boolean
  /** Microseconds. */
  readonly now: () => number
}

export class Sessions {
  readonly #sealKey: Uint8Array
  readonly #csrfKey: Uint8Array
  readonly #options: SessionsOptions
  readonly #cookie: string
  readonly #logInCookie: string

  constructor(options: SessionsOptions) {
    const key = (use: string): Uint8Array =>
      new Uint8Array(hkdfSync('sha256', options.secret, 'watchkeeper console', use, 32))
    this.#sealKey = key('cookies')
    this.#csrfKey = key('csrf')
    this.#options = options
    // Browsers take a __Host- cookie from this host alone, over https, for the whole path.
    this.#cookie = options.secure ? '__Host-watchkeeper' : 'watchkeeper'
    this.#logInCookie = options.secure ? '__Host-watchkeeper-log-in' : 'watchkeeper-log-in'
  }

  async of(request: FastifyRequest): Promise<Session | undefined> {
    const session = await this.#open<Session>(request.cookies[this.#cookie], 'session')
    return typeof session?.sid === 'string' ? session : undefined
  }

  /** Begins a session; whatever there was before ends in this browser. */
  async begin(reply: FastifyReply, who?: Session['who']): Promise<Session> {
    const session: Session = { sid: randomBytes(16).toString('base64url'), ...(who && { who }) }
    reply.setCookie(this.#cookie, await this.#seal('session', session, sessionSeconds), this.#kind(sessionSeconds))
    return session
  }

  end(reply: FastifyReply): void {
    reply.clearCookie(this.#cookie, this.#kind(0))
  }

  async keepLogIn(reply: FastifyReply, logIn: LogInUnderWay): Promise<void> {
    reply.setCookie(this.#logInCookie, await this.#seal('log-in', logIn, logInSeconds), this.#kind(logInSeconds))
  }

  /** Once: the browser forgets it. */
  async takeLogIn(request: FastifyRequest, reply: FastifyReply): Promise<LogInUnderWay | undefined> {
    reply.clearCookie(this.#logInCookie, this.#kind(0))
    return this.#open<LogInUnderWay>(request.cookies[this.#logInCookie], 'log-in')
  }

  /** Bound to the session: a token of one is of no use with another's cookie. */
  csrfOf({ sid }: Session): string {
    return createHmac('sha256', this.#csrfKey).update(sid).digest('base64url')
  }

  isCsrfOf(session: Session, token: unknown): boolean {
    const right = Buffer.from(this.csrfOf(session))
    const given = Buffer.from(typeof token === 'string' ? token : '')
    return given.length === right.length && timingSafeEqual(given, right)
  }

  /** Lax and not Strict: a link in an alert has to arrive logged in. */
  #kind(maxAge: number): CookieSerializeOptions {
    return { path: '/', httpOnly: true, sameSite: 'lax', secure: this.#options.secure, maxAge }
  }

  #seal(kind: string, content: object, seconds: number): Promise<string> {
    const at = Math.floor(this.#options.now() / 1e6)
    return new EncryptJWT({ content })
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(kind)
      .setExpirationTime(at + seconds)
      .encrypt(this.#sealKey)
  }

  async #open<Content>(text: string | undefined, kind: string): Promise<Content | undefined> {
    if (text === undefined) return undefined
    try {
      const { payload } = await jwtDecrypt(text, this.#sealKey, {
        audience: kind,
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
        requiredClaims: ['exp'],
        currentDate: new Date(this.#options.now() / 1000),
      })
      return payload['content'] as Content
    } catch {
      // Forged, of another secret or too old: as if it were not there.
      return undefined
    }
  }
}
