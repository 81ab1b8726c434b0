/**
 * What the protocol does not carry, and only the host can say: the person's words, what the person agreed to, and what became
 * of an authorization.
 */
import { originOf, resultOf } from './contents.js'
import { currentScope } from './conversation.js'
import type { Emitter } from './emitter.js'
import type { ProducerEvent } from './event.js'
import { fieldsOf } from './messages.js'
import { redirectDetail } from './oauth-fetch/flow.js'

export interface MessageOptions {
  /** Default: that of the surrounding `inConversation`. */
  readonly conversationId?: string
  readonly subject?: string
}

/** The person said this to the agent. Needs a key of the role `agent`: what people asked for lowers suspicion. */
export function userMessage(emitter: Emitter, text: string, options: MessageOptions = {}): string {
  const { conversationId = currentScope().conversationId, subject = '' } = options
  return emitter.emit({
    kind: 'user_message',
    facts: { conversationId, subject, side: 'client' },
    capture: (capturer) => capturer.message(text),
  })
}

/** Who agreed or refused, and where. */
export interface Decided
  extends Partial<
    Pick<ProducerEvent, 'conversationId' | 'side' | 'subject' | 'serverName' | 'clientName' | 'causedBy'>
  > {
  readonly decision: 'allowed' | 'denied'
}

export interface Approval extends Decided {
  readonly tool: string
  /** As the call will have them: an approval holds for these very arguments. */
  readonly arguments?: unknown
  /** Where a person reviewed what came back (a `CallToolResult`): the approval holds for this very result. */
  readonly result?: unknown
}

/**
 * A person approved or refused a call, or let its result through. Contents are kept as digests, the same as those of the
 * call. Needs a key of the role `agent`, as all that lowers suspicion. Returns the event id.
 */
export function approval(emitter: Emitter, stated: Approval): string {
  const { arguments: given, result, ...facts } = stated
  // At once, not after the host's message: an approval without its digest would be worth nothing.
  const { argDigest, argBytes, argCapture } = emitter.capturer.arguments(facts.tool, given)
  const { resultDigest, resultBytes, resultCapture } = emitter.capturer.result(
    result === undefined ? undefined : resultOf('tools/call', fieldsOf(result)),
  )
  return emitter.emit({
    kind: 'approval',
    facts: {
      ...surroundings(),
      ...facts,
      method: 'tools/call',
      ...(given === undefined ? {} : { argDigest, argBytes, argCapture }),
      ...(result === undefined ? {} : { resultDigest, resultBytes, resultCapture }),
    },
  })
}

export interface Consent extends Decided {
  /** The OAuth client that would get access. */
  readonly clientId: string
  readonly redirectUri: string
  readonly scopes: readonly string[]
  /** The authorization server that is asked for it. */
  readonly issuer?: string
}

/**
 * A person agreed or refused that a client gets access. Scheme and host of the redirect URI stay clear; the whole of it is
 * kept as a fingerprint, so that another path is another consent. Needs a key of the role `agent`. Returns the event id.
 */
export function consent(emitter: Emitter, stated: Consent): string {
  const { clientId, redirectUri, scopes, ...facts } = stated
  return emitter.emit({
    kind: 'consent',
    facts: {
      ...surroundings(),
      ...facts,
      oauthClientId: clientId,
      scopesRequested: scopes,
      scopesGranted: facts.decision === 'allowed' ? scopes : [],
      resource: originOf(redirectUri),
      detail: redirectDetail(redirectUri, emitter.capturer),
    },
  })
}

export interface ThirdPartyFlow
  extends Partial<Pick<ProducerEvent, 'conversationId' | 'subject' | 'serverName' | 'clientName' | 'causedBy'>> {
  /** The MCP client that would get access through us; not our own id at the third party. */
  readonly clientId: string
  /** The MCP client's, where the code will end. */
  readonly redirectUri: string
  readonly scopes: readonly string[]
  /** The third party's authorization endpoint or issuer. */
  readonly issuer: string
}

/**
 * A server that stands between its clients and a third party sends a person on to that party's authorization server. It must
 * have asked the person for this very client before, and said so with `consent`: the third party knows only the server, and
 * may let it pass with a cookie (confused deputy). Returns the event id.
 */
export function thirdPartyFlow(emitter: Emitter, stated: ThirdPartyFlow): string {
  const { clientId, redirectUri, scopes, issuer, ...facts } = stated
  const host = URL.canParse(issuer) ? new URL(issuer).hostname : ''
  return emitter.emit({
    kind: 'oauth_fetch',
    facts: {
      ...surroundings(),
      side: 'server',
      ...facts,
      decision: 'allowed',
      oauthClientId: clientId,
      scopesRequested: scopes,
      resource: originOf(issuer),
      destinations: host === '' ? [] : [host],
      detail: { ...redirectDetail(redirectUri, emitter.capturer), mode: 'forwarded', hops: originOf(issuer) },
    },
  })
}

/** A person decides at the client, in the conversation that goes on there. */
function surroundings(): Partial<ProducerEvent> {
  const { conversationId, traceId, spanId } = currentScope()
  return { conversationId, traceId, spanId, side: 'client' }
}

export interface Authorization
  extends Partial<
    Pick<
      ProducerEvent,
      | 'conversationId'
      | 'side'
      | 'subject'
      | 'oauthClientId'
      | 'serverName'
      | 'clientName'
      | 'scopes'
      | 'scopesRequested'
      | 'scopesChallenged'
      | 'scopesGranted'
      | 'audience'
      | 'expectedAudience'
      | 'issuer'
      | 'tool'
      | 'method'
      | 'causedBy'
    >
  > {
  readonly decision: 'allowed' | 'denied' | 'challenged'
  /** Is hashed with the tenant's key; the token itself is not kept. */
  readonly token?: string
}

/** A token was presented, or a challenge was answered. Returns the event id, for `causedBy` of what follows. */
export function authorization(emitter: Emitter, stated: Authorization): string {
  return emitScopes(emitter, 'authorization', stated)
}

/** The scopes of a caller on a server grew: `scopes` before, `scopesGranted` after, `causedBy` the challenge. */
export function elevation(emitter: Emitter, stated: Authorization): string {
  return emitScopes(emitter, 'elevation', stated)
}

function emitScopes(emitter: Emitter, kind: 'authorization' | 'elevation', stated: Authorization): string {
  const { token, ...facts } = stated
  const { conversationId, traceId, spanId } = currentScope()
  return emitter.emit({
    kind,
    facts: {
      conversationId,
      traceId,
      spanId,
      ...facts,
      ...(token === undefined ? {} : { tokenFingerprint: emitter.capturer.secret(token) }),
    },
  })
}
