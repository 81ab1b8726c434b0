/** What tells one message about an incident from another. */
import type { Incident } from '../incidents.js'
import type { Notice } from './notifiers/contract.js'

/**
 * Incident and version, so that what is sent twice is dropped; for what is told of a version that was told before, also what it is and
 * when (milliseconds).
 */
export function eventIdOf(
  { id, version, updatedAt }: Pick<Incident, 'id' | 'version' | 'updatedAt'>,
  notice: Notice = 'opened',
): string {
  const event = `${id}.${version}`
  return notice === 'opened' || notice === 'updated' ? event : `${event}.${notice}.${Math.trunc(updatedAt / 1_000)}`
}
