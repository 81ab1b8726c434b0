/**
 * The hash chain of a producer: each record names the hash of the one before it, so that a record that was altered,
 * removed or put in between shows. The hash is over values and not over bytes on the wire: a Collector on the way may
 * re-encode the record, reorder its attributes or add some of its own.
 */
import { createHash } from 'node:crypto'
import { attributeNames } from './attributes.js'
import { canonicalJson } from './canonical.js'

/** What of a log record is under the hash, beside its attributes. */
export interface ChainedRecord {
  readonly eventName: string
  /** Lower-case hex, '' where there is none. */
  readonly traceId: string
  readonly spanId: string
}

const own = 'watchkeeper.producer.hash'

/**
 * 64 lower-case hex digits: SHA-256 over `watchkeeper.producer.previous_hash` (a colon, then) RFC 8785 JSON of the record's
 * names and of all attributes that the wire knows, but for the hash itself. Attributes of others are left out.
 */
export function chainHash(record: ChainedRecord, attributes: Readonly<Record<string, unknown>>): string {
  const chained = Object.fromEntries(
    Object.entries(attributes).filter(
      ([name]) => name !== own && (attributeNames.has(name) || name.startsWith('watchkeeper.detail.')),
    ),
  )
  const previous = attributes['watchkeeper.producer.previous_hash']
  return createHash('sha256')
    .update(`${typeof previous === 'string' ? previous : ''}:`)
    .update(canonicalJson({ ...record, attributes: chained }))
    .digest('hex')
}
