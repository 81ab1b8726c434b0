/**
 * The producer's own hash over its record, recomputed on arrival. Whether a hash goes on from the one before is seen in the
 * store, where all records of a producer are; here it shows whether this record was altered on its way.
 */
import { type ChainedRecord, chainHash } from '@watchkeeper/sdk/chain'

export type ChainState = 'absent' | 'sound' | 'broken'

export function chainState(record: ChainedRecord, attributes: Readonly<Record<string, unknown>>): ChainState {
  const said = attributes['watchkeeper.producer.hash']
  if (said === undefined || said === '') return 'absent'
  return chainHash(record, attributes) === said ? 'sound' : 'broken'
}
