/** The public door of `@watchkeeper/sdk`. */
export type { EventKind, Fingerprint, Order, ProducerEvent } from './event.js'
export { producerEvent } from './event.js'
