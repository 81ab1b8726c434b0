/** Stories that it must fire on, and those it must not. `watchkeeper detectors test` tells them, also growing event by event. */
import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '#detector/story'

/** A call in the given second; say only what a case is about. */
const call = (at: number, eventId: string, given: Partial<AuditEvent>): AuditEvent =>
  auditEvent({ eventId, endedAt: baseTime + at * second, tool: 'send_payment', argDigest: 'a1', ...given })

export default [
  {
    name: 'one tool refuses, and another takes the same arguments',
    kind: 'fires',
    events: [call(1, 'c1', { outcome: 'denied' }), call(2, 'c2', { tool: 'run_batch' })],
    // Event ids of the anchors.
    finds: ['c2'],
    severity: 'medium',
  },
  {
    name: 'noisy, benign: refused, granted, and then the same tool did it',
    kind: 'quiet',
    events: [
      call(1, 'c1', { outcome: 'denied' }),
      call(2, 'c2', { tool: 'run_batch', argDigest: 'b2' }),
      call(3, 'c3', {}),
      call(4, 'c4', { tool: 'list_payments' }),
    ],
    finds: [],
  },
  {
    name: 'what was refused only afterwards explains nothing',
    kind: 'quiet',
    events: [call(1, 'c1', { tool: 'run_batch' }), call(2, 'c2', { outcome: 'denied' })],
    finds: [],
  },
  {
    name: 'without arguments nothing can be said',
    kind: 'quiet',
    events: [call(1, 'c1', { argDigest: '' })],
    finds: [],
    notEvaluated: 'arguments',
  },
] satisfies SessionCase[]
