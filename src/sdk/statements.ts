/** What the protocol does not carry, and only the host can say: the person's words, and what became of an authorization. */
import { currentScope } from './conversation.js'
import type { Emitter } from './emitter.js'
import type { ProducerEvent } from './event.js'

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
