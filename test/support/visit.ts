/** A person at a browser without script: pages are fetched, forms are sent with what is hidden in them, cookies are kept. */
import type { LightMyRequestResponse } from 'fastify'
import type { TestConsole } from './console.js'
import { Jar } from './provider.js'

export interface Visit {
  readonly jar: Jar
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<LightMyRequestResponse>
  /** With the token of the page that was seen last, unless `csrf` is among the fields. */
  post(
    url: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<LightMyRequestResponse>
  /** The token of the page that was seen last. */
  readonly csrf: string
}

export function visit({ inject }: Pick<TestConsole, 'inject'>): Visit {
  const jar = new Jar()
  let csrf = ''
  const seen = (reply: LightMyRequestResponse): LightMyRequestResponse => {
    jar.take([reply.headers['set-cookie'] ?? []].flat())
    csrf = /name="csrf" value="([^"]+)"/.exec(reply.body)?.[1] ?? csrf
    return reply
  }
  return {
    jar,
    get csrf() {
      return csrf
    },
    get: async (url, headers = {}) =>
      seen(await inject({ method: 'GET', url, headers: { cookie: jar.header, ...headers } })),
    post: async (url, fields, headers = {}) =>
      seen(
        await inject({
          method: 'POST',
          url,
          headers: { cookie: jar.header, 'content-type': 'application/x-www-form-urlencoded', ...headers },
          payload: new URLSearchParams({ csrf, ...fields }).toString(),
        }),
      ),
  }
}
