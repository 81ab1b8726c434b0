/**
 * Which conversation the code that runs right now works for. An agent says it once around a turn; everything that is
 * called inside, on whichever server, belongs to it. While a server serves a call, the call's own conversation is in force,
 * so that calls it makes to further servers carry on.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Serving } from './outbound/serving.js'

export interface Scope {
  /** '' where none was said. */
  readonly conversationId: string
  /** Trace and span of the call that is being served; '' outside of one. */
  readonly traceId: string
  readonly spanId: string
  /** The call that is being served, where its outbound requests are watched. */
  readonly serving?: Serving | undefined
}

const nowhere: Scope = { conversationId: '', traceId: '', spanId: '' }
const scopes = new AsyncLocalStorage<Scope>()

export const currentScope = (): Scope => scopes.getStore() ?? nowhere

export const inScope = <T>(scope: Scope, work: () => T): T => scopes.run(scope, work)

/** Runs `work` as nobody's: our own deliveries are no part of the call in which a record happened to be made. */
export const outsideCalls = <T>(work: () => T): T => scopes.run(nowhere, work)

/** Runs `work`, and all that it awaits, as part of a conversation. The id is sent to the servers: no secret, no name of a person. */
export const inConversation = <T>(conversationId: string, work: () => T): T =>
  scopes.run({ ...currentScope(), conversationId }, work)
