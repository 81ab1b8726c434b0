/** A real OpenID Connect provider on this machine (oidc-provider), and a browser that is asked for nothing: it keeps cookies and follows. */

import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { Provider } from 'oidc-provider'

export type Claims = Readonly<Record<string, unknown>>

/** `people` are the claims of each by their subject. Whoever is asked for in `login` of the interaction is logged in. */
export async function testProvider(
  t: TestContext,
  { redirect, people }: { readonly redirect: string; readonly people: Readonly<Record<string, Claims>> },
): Promise<{ readonly issuer: string; logInAs: string }> {
  const server: Server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const chosen = { issuer, logInAs: '' }
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'watchkeeper',
        client_secret: 'a client secret of the tests',
        redirect_uris: [redirect],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    pkce: { required: () => true },
    // Claims of a scope are in the ID token, as most providers do it.
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'watchkeeper_role', 'watchkeeper_tenant', 'groups', 'preferred_username'] },
    scopes: ['openid', 'profile', 'email'],
    features: { devInteractions: { enabled: false } },
    cookies: { keys: ['a key of the tests'] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people[id] }) }),
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  })
  const callback = provider.callback()
  server.on('request', async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return callback(request, response)
    const { prompt, params, grantId } = await provider.interactionDetails(request, response)
    if (prompt.name === 'login') {
      const result =
        chosen.logInAs === ''
          ? { error: 'access_denied', error_description: 'the person said no' }
          : { login: { accountId: chosen.logInAs } }
      return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
    }
    const grant =
      (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
      new provider.Grant({ accountId: chosen.logInAs, clientId: String(params['client_id']) })
    grant.addOIDCScope('openid profile email')
    await provider.interactionFinished(
      request,
      response,
      { consent: { grantId: await grant.save() } },
      { mergeWithLastSubmission: true },
    )
  })
  return chosen
}

/** Cookies of one host, as a browser keeps them. */
export class Jar {
  readonly #cookies = new Map<string, string>()

  take(headers: readonly string[]): void {
    for (const line of headers) {
      const [pair = '', ...attributes] = line.split(';')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at)
      if (attributes.some((one) => /^\s*(max-age=0|expires=Thu, 01 Jan 1970)/i.test(one))) this.#cookies.delete(name)
      else this.#cookies.set(name, pair.slice(at + 1))
    }
  }

  get header(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }
}
