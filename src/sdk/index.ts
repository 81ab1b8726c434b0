/** The public door of `@watchkeeper/sdk`. */

export type { ClearTextRules } from './capture/index.js'
export { inConversation } from './conversation.js'
export type { DeliveryProblem } from './delivery.js'
export { type Dsn, parseDsn } from './dsn.js'
export { Emitter, type EmitterCounts, type EmitterOptions, type Statement } from './emitter.js'
export type { EventKind, Fingerprint, Order, ProducerEvent } from './event.js'
export { producerEvent } from './event.js'
export { type Instrumentable, type InstrumentOptions, instrument } from './instrument.js'
export {
  authorizationUrl,
  type Fetch,
  FetchRefused,
  type GuardOptions,
  type GuardReason,
  type OauthFetchOptions,
  oauthFetch,
  type Resolve,
  type UrlVerdict,
} from './oauth-fetch/index.js'
export { instrumentOutbound, type OutboundCredential, type OutboundOptions } from './outbound/index.js'
export {
  type Approval,
  type Authorization,
  approval,
  authorization,
  type Consent,
  consent,
  type Decided,
  elevation,
  type MessageOptions,
  type ThirdPartyFlow,
  thirdPartyFlow,
  userMessage,
} from './statements.js'
export { type SubjectOf, subjectFromExtra } from './token.js'
