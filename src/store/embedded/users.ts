/** The two users of the embedded engine, and who a request comes from. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { Fault } from './fault.js'

export interface Login {
  readonly user: string
  readonly password: string
}

export type Role = 'service' | 'reader'
export type Logins = Readonly<Record<Role, Login>>

const digest = (text: string) => createHash('sha256').update(text).digest()

/** As ClickHouse does: own headers, else Basic, else the URL. Both comparisons always take place and take constant time. */
export function authenticate(headers: IncomingHttpHeaders, search: URLSearchParams, logins: Logins): Role {
  const given = givenLogin(headers, search)
  for (const role of ['service', 'reader'] as const) {
    const user = timingSafeEqual(digest(given.user), digest(logins[role].user))
    const password = timingSafeEqual(digest(given.password), digest(logins[role].password))
    if (user && password) return role
  }
  throw new Fault(
    'AUTHENTICATION_FAILED',
    'Authentication failed: password is incorrect, or there is no user with such name',
  )
}

function givenLogin(headers: IncomingHttpHeaders, search: URLSearchParams): Login {
  const user = headers['x-clickhouse-user']
  const key = headers['x-clickhouse-key']
  if (user !== undefined || key !== undefined) return { user: String(user ?? ''), password: String(key ?? '') }
  const basic = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '')?.[1]
  if (basic !== undefined) {
    const [name = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':')
    return { user: name, password: rest.join(':') }
  }
  return { user: search.get('user') ?? '', password: search.get('password') ?? '' }
}
