/**
 * Log-in of people at an OpenID Connect provider: authorization code with PKCE, state and nonce. Who they are, their role and tenant are
 * claims of the ID token.
 */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import { isLoopback } from '../loopback.js'
import { isTenantOrAll } from './accounts/file.js'
import { type AccountRole, accountRoles } from './person.js'
import { Refusal } from './refusal.js'
import type { LogInUnderWay, Session } from './sessions.js'

export type ProviderConfig = Pick<
  Config,
  | 'consoleUrl'
  | 'oidcIssuer'
  | 'oidcClientId'
  | 'oidcClientSecret'
  | 'oidcScope'
  | 'oidcRoleClaim'
  | 'oidcRoles'
  | 'oidcTenantClaim'
  | 'oidcTenant'
>

export interface Provider {
  /** Where to send the browser, and what it has to come back with. Throws `log_in_failed`. */
  begin(next: string): Promise<{ readonly url: string; readonly logIn: LogInUnderWay }>
  /** `query` with its question mark. Throws `log_in_failed`, `bad_input` and `not_allowed`. */
  finish(query: string, logIn: LogInUnderWay): Promise<NonNullable<Session['who']>>
}

export const callbackPath = '/log-in/callback'

/** Seconds for an answer of the provider. */
const patience = 10

/** `undefined` where the settings name none. Throws `WK_CONFIG`; asks the provider nothing yet. */
export function providerOf(config: ProviderConfig): Provider | undefined {
  if (config.oidcIssuer === '') return undefined
  if (config.consoleUrl === '')
    throw new WatchkeeperError(
      'WK_CONFIG',
      'with WATCHKEEPER_OIDC_ISSUER the provider has to know where to send people back to: set WATCHKEEPER_CONSOLE_URL',
    )
  const issuer = new URL(config.oidcIssuer)
  if (issuer.protocol === 'http:' && !isLoopback(issuer.hostname))
    throw new WatchkeeperError(
      'WK_CONFIG',
      'WATCHKEEPER_OIDC_ISSUER: but for this machine a provider is reached by https',
    )
  const redirect = new URL(callbackPath, config.consoleUrl)
  let known: Promise<Configuration> | undefined

  /** Asked once, with the first log-in; a provider that did not answer is asked again. */
  function metadata(): Promise<Configuration> {
    const { oidcClientId, oidcClientSecret } = config
    known ??= discovery(
      issuer,
      oidcClientId,
      oidcClientSecret === '' ? undefined : oidcClientSecret,
      oidcClientSecret === '' ? None() : undefined,
      { timeout: patience, execute: issuer.protocol === 'http:' ? [allowInsecureRequests] : [] },
    ).catch((error: unknown) => {
      known = undefined
      throw new Refusal('log_in_failed', 'the provider of log-ins does not answer; try again', [], { cause: error })
    })
    return known
  }

  return {
    async begin(next) {
      const logIn = { state: randomState(), nonce: randomNonce(), verifier: randomPKCECodeVerifier(), next }
      const url = buildAuthorizationUrl(await metadata(), {
        redirect_uri: redirect.href,
        scope: config.oidcScope,
        state: logIn.state,
        nonce: logIn.nonce,
        code_challenge: await calculatePKCECodeChallenge(logIn.verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, logIn }
    },
    async finish(query, { state, nonce, verifier }) {
      const provider = await metadata()
      const came = new URL(redirect)
      came.search = query
      if (came.searchParams.get('error') === 'access_denied')
        throw new Refusal('not_allowed', 'the provider did not let you in')
      const tokens = await authorizationCodeGrant(provider, came, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      }).catch((error: unknown) => {
        throw new Refusal('log_in_failed', 'the log-in did not come back as it went out; begin again', [], {
          cause: error,
        })
      })
      return whoIs(tokens.claims() ?? {}, config)
    },
  }
}

type Claims = Readonly<Record<string, unknown>>

/** Throws `not_allowed` for people without a role or a tenant here. */
export function whoIs(claims: Claims, config: ProviderConfig): NonNullable<Session['who']> {
  const given = textsOf(claimOf(claims, config.oidcRoleClaim))
  const roles: readonly string[] =
    config.oidcRoles.length === 0
      ? given
      : config.oidcRoles.flatMap((pair) => {
          const at = pair.indexOf('=')
          return given.includes(pair.slice(at + 1)) ? [pair.slice(0, at)] : []
        })
  const role = accountRoles.findLast((one): one is AccountRole => roles.includes(one))
  if (role === undefined) throw new Refusal('not_allowed', 'your account at the provider has no role here')
  const [tenant = config.oidcTenant, ...more] = textsOf(claimOf(claims, config.oidcTenantClaim))
  if (!isTenantOrAll(tenant) || more.length > 0)
    throw new Refusal('not_allowed', 'your account at the provider is not of one tenant here')
  const id = textsOf(claims['sub'])[0] ?? ''
  const names = [claims['preferred_username'], claims['email'], claims['name'], id].flatMap(textsOf)
  return { way: 'oidc', id, name: (names.find((name) => name !== '') ?? id).slice(0, 64), role, tenant }
}

/** By its name, or by its path where it lies deeper (`realm_access.roles`). */
function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  let value: unknown = claims
  for (const part of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Claims)[part]
  }
  return value
}

const textsOf = (value: unknown): string[] => [value].flat().filter((one): one is string => typeof one === 'string')
