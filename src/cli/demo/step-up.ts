/**
 * How the assistant's client is authorized at the CRM, and how it answers a challenge: it asks for the scope that is missing
 * beside those it has, and tries again. That is what the MCP specification tells a client to do, and why a turned assistant
 * gets what it wants.
 */
import { authorization, type Emitter, elevation } from '@watchkeeper/sdk'

/** Who the assistant works for; the CRM's tokens say so. */
export const person = 'dana'

export interface StepUp {
  readonly fetch: (url: string | URL, init?: RequestInit) => Promise<Response>
}

/** `onGranted` hears which scopes were asked for after a challenge, and granted. */
export async function createStepUp(
  mcpUrl: URL,
  emitter: Emitter,
  onGranted: (scopes: readonly string[]) => void,
): Promise<StepUp> {
  const facts = {
    side: 'client',
    serverName: 'crm',
    subject: person,
    oauthClientId: 'desk-assistant',
    audience: mcpUrl.href,
  } as const
  let held: readonly string[] = ['crm:read']
  let token = await tokenFor(held)

  async function tokenFor(scopes: readonly string[]): Promise<string> {
    const response = await fetch(new URL('/token', mcpUrl), {
      method: 'POST',
      body: JSON.stringify({ scope: scopes.join(' ') }),
    })
    return ((await response.json()) as { readonly access_token: string }).access_token
  }

  const send = (url: string | URL, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers)
    headers.set('authorization', `Bearer ${token}`)
    return fetch(url, { ...init, headers })
  }

  return {
    async fetch(url, init) {
      const response = await send(url, init)
      const missing = /insufficient_scope.*scope="([^"]+)"/.exec(response.headers.get('www-authenticate') ?? '')?.[1]
      if (response.status !== 403 || missing === undefined) return response
      await response.body?.cancel()
      const before = held
      const asked = [...held, ...missing.split(' ')]
      const causedBy = authorization(emitter, {
        ...facts,
        decision: 'challenged',
        token,
        scopes: before,
        scopesChallenged: missing.split(' '),
      })
      token = await tokenFor(asked)
      held = asked
      elevation(emitter, {
        ...facts,
        decision: 'allowed',
        token,
        scopes: before,
        scopesChallenged: missing.split(' '),
        scopesRequested: asked,
        scopesGranted: asked,
        causedBy,
      })
      onGranted(missing.split(' '))
      return send(url, init)
    },
  }
}
