/** Recorded sessions as a session detector sees them, in memory: no store, no bus. The quick loop of whoever tunes a detector. */
import type { Capturer } from '@watchkeeper/sdk/capture'
import { auditEventOf } from '../src/audit-event.js'
import type { Session } from '../src/detect/contract.js'
import { defaultPolicy } from '../src/detect/policy.js'
import { type RecordedSession, recordedEvents } from '../src/recorded.js'

/** Microseconds: every session starts here, so that two runs make the same ids. */
export const baseTime = Date.UTC(2026, 0, 1) * 1000

export function sessionAsSeen(recorded: RecordedSession, capturer: Capturer): Session {
  const events = recordedEvents(recorded, { capturer, baseTime }).map((said) =>
    auditEventOf(said, { tenant: recorded.id, owner: 'bench', role: 'agent', form: 'event', receivedAt: baseTime }),
  )
  return {
    tenant: recorded.id,
    id: recorded.id,
    subject: 'recorded-user',
    events,
    truncated: false,
    policy: defaultPolicy,
  }
}
