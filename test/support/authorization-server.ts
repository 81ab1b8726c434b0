/** An OAuth authorization server for tests: client credentials, opaque tokens, and the metadata that MCP clients look for. */
import { randomBytes } from 'node:crypto'

export interface IssuedToken {
  readonly token: string
  readonly clientId: string
  readonly scopes: string[]
  readonly expiresAt: number
  readonly resource?: URL
  readonly extra: { readonly sub: string; readonly iss: string }
}

export interface AuthorizationServer {
  /** All tokens that were ever given out: none of them may be in a record. */
  readonly secrets: readonly string[]
  issue(scopes: readonly string[], options?: { readonly sub?: string; readonly resource?: string }): string
  /** For `requireBearerAuth`, v1 and v2; `unknown` is what is thrown for a token that was not issued. */
  verifier(unknown: (message: string) => Error): { verifyAccessToken(token: string): Promise<IssuedToken> }
  /** Answers metadata and token requests of a server at `base`; `undefined` for other paths. */
  answer(base: string, path: string, body: string): object | undefined
}

export const clientId = 'desk-assistant'
export const clientSecret = 'cs-3fb6b6a0a7d94d1f'

export function authorizationServer(): AuthorizationServer {
  const issued = new Map<string, IssuedToken>()
  const issue: AuthorizationServer['issue'] = (scopes, { sub = 'dana', resource } = {}) => {
    const token = `opaque-${randomBytes(24).toString('hex')}`
    const expiresAt = Math.floor(Date.now() / 1000) + 3600
    issued.set(token, {
      token,
      clientId,
      scopes: [...scopes],
      expiresAt,
      ...(resource === undefined ? {} : { resource: new URL(resource) }),
      extra: { sub, iss: 'https://login.example' },
    })
    return token
  }
  return {
    get secrets() {
      return [...issued.keys(), clientSecret]
    },
    issue,
    verifier: (unknown) => ({
      async verifyAccessToken(token) {
        const found = issued.get(token)
        if (found === undefined) throw unknown('unknown token')
        return found
      },
    }),
    answer(base, path, body) {
      if (path.startsWith('/.well-known/oauth-protected-resource'))
        return { resource: `${base}/mcp`, authorization_servers: [base] }
      if (path.startsWith('/.well-known/oauth-authorization-server'))
        return {
          issuer: base,
          token_endpoint: `${base}/token`,
          authorization_endpoint: `${base}/authorize`,
          response_types_supported: ['code'],
          grant_types_supported: ['client_credentials'],
          token_endpoint_auth_methods_supported: ['client_secret_post'],
        }
      if (path !== '/token') return undefined
      const form = new URLSearchParams(body)
      // What it gave before stays: this server grants by adding up.
      const before = [...issued.values()].at(-1)?.scopes ?? []
      const scopes = [...new Set([...before, ...(form.get('scope') ?? '').split(' ').filter((scope) => scope !== '')])]
      const resource = form.get('resource')
      const token = issue(scopes, resource === null ? {} : { resource })
      return { access_token: token, token_type: 'Bearer', expires_in: 3600, scope: scopes.join(' ') }
    },
  }
}
