import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const hour = 3_600 * second
/** A Monday, 10:00. */
const now = baseTime + 28 * 24 * hour

let made = 0
const worked = (
  at: number,
  calls: number,
  given: Partial<AuditEvent> = {},
  tools: readonly string[] = ['get_contact', 'list_orders'],
): AuditEvent[] =>
  Array.from({ length: calls }, (_, index) =>
    auditEvent({
      eventId: `u${made++}`,
      conversationId: `at ${at} ${given.subject ?? ''}`,
      traceId: '',
      startedAt: at + (index + 1) * second,
      endedAt: at + (index + 1) * second,
      tool: tools[index % tools.length] ?? '',
      ...given,
    }),
  )
/** Office hours of four weeks. */
const weeks = (subject: string, calls: number): AuditEvent[] =>
  Array.from({ length: 16 }, (_, index) => Math.floor(index / 5) * 7 + (index % 5) + 3)
    .flatMap((ago) => [9, 11, 14].map((clock) => now - ago * 24 * hour + (clock - 10) * hour))
    .flatMap((at, index) => worked(at, calls + (index % 3), { subject }))

const office = [...weeks('alice', 6), ...weeks('bob', 6)]

export default [
  {
    name: 'many calls, of tools that nobody uses',
    kind: 'fires',
    events: [...office, ...worked(now, 120, { subject: 'alice' }, ['dump_table', 'export_all'])],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'many calls of the usual tools',
    kind: 'fires',
    events: [...office, ...worked(now, 120, { subject: 'alice' })],
    judgedFrom: now,
    finds: 1,
    severity: 'low',
  },
  {
    name: 'many calls in the middle of the night, most of which fail',
    kind: 'fires',
    events: [...office, ...worked(now - 8 * hour, 60, { subject: 'alice', outcome: 'tool_error' })],
    judgedFrom: now - 8 * hour,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'noisy, benign: an ordinary hour, and a busy one that is not far away',
    kind: 'quiet',
    events: [...office, ...worked(now, 30, { subject: 'alice' }), ...worked(now, 14, { subject: 'bob' })],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'a subject without a past, in a tenant without one',
    kind: 'quiet',
    events: worked(now, 120, { subject: 'newcomer' }),
    judgedFrom: now,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
