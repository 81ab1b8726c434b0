import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const called = (step: number, eventId: string, given: Partial<AuditEvent>): AuditEvent =>
  auditEvent({
    eventId,
    startedAt: baseTime + step * second,
    endedAt: baseTime + step * second + second / 10,
    argDigest: `digest ${eventId}`,
    ...given,
  })
const each = (count: number, given: (index: number) => Partial<AuditEvent>, apart = 1): AuditEvent[] =>
  Array.from({ length: count }, (_, index) => called(index * apart, `c${index + 1}`, given(index)))

const unknown = { outcome: 'protocol_error', errorType: '-32602', rpcCode: '-32602' } as const

export default [
  {
    name: 'five names that do not exist',
    kind: 'fires',
    events: each(6, (index) => ({ tool: `admin_${index}`, ...unknown })),
    finds: ['c5'],
    severity: 'medium',
  },
  {
    name: 'five doors, all of them closed',
    kind: 'fires',
    events: each(5, (index) => ({ tool: `export_${index}`, outcome: 'denied', errorType: '403' })),
    finds: ['c5'],
    severity: 'medium',
  },
  {
    name: 'everything is listed again and again',
    kind: 'fires',
    events: each(45, () => ({ tool: '', method: 'resources/list' })),
    finds: ['c40'],
    severity: 'low',
  },
  {
    name: 'one tool with every argument',
    kind: 'fires',
    events: each(20, () => ({ tool: 'get_user', outcome: 'tool_error', errorType: 'tool_error' })),
    finds: ['c20'],
    severity: 'low',
  },
  {
    name: 'noisy, benign: a confused model tries one wrong name over and over, and errs now and then',
    kind: 'quiet',
    events: [
      ...each(12, () => ({ tool: 'serch', ...unknown })),
      ...Array.from({ length: 10 }, (_, index) =>
        called(20 + index, `d${index}`, { tool: 'search', outcome: index % 3 === 0 ? 'tool_error' : 'ok' }),
      ),
      ...Array.from({ length: 8 }, (_, index) => called(40 + index, `l${index}`, { tool: '', method: 'tools/list' })),
    ],
    finds: [],
  },
  {
    name: 'the same number over an hour, and over five servers',
    kind: 'quiet',
    events: [
      ...each(6, (index) => ({ tool: `a_${index}`, ...unknown }), 600),
      ...Array.from({ length: 5 }, (_, index) =>
        called(9_000 + index, `s${index}`, { tool: `b_${index}`, serverName: `server-${index}`, ...unknown }),
      ),
    ],
    finds: [],
  },
] satisfies SessionCase[]
