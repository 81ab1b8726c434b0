/** Stories that it must fire on, and those it must not: put into a real store by `watchkeeper detectors test`. */
import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '#detector/story'

/** That many calls, a minute apart. */
const calls = (number: number, given: Partial<AuditEvent>): AuditEvent[] =>
  Array.from({ length: number }, (_, at) => auditEvent({ endedAt: baseTime + (1 + 60 * at) * second, ...given }))

export default [
  {
    name: 'refused 30 times within an hour',
    kind: 'fires',
    events: calls(30, { outcome: 'denied' }),
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'noisy, benign: as many errors, and as many refusals of many people together',
    kind: 'quiet',
    events: [
      ...calls(50, { outcome: 'tool_error' }),
      ...calls(15, { outcome: 'denied', subject: 'bob' }),
      ...calls(15, { outcome: 'denied', subject: 'carol' }),
    ],
    finds: 0,
  },
  {
    name: 'spread over two hours',
    kind: 'quiet',
    events: calls(30, { outcome: 'denied' }).map((event, at) =>
      auditEvent({ ...event, endedAt: baseTime + 240 * at * second }),
    ),
    finds: 0,
  },
] satisfies QueryCase[]
