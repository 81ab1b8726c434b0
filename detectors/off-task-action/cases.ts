import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const hour = 3_600 * second
const now = baseTime + 48 * hour

/** `count` calls of a tool in each of the last 40 hours. */
const usual = (tool: string, count: number, given: Partial<AuditEvent> = {}): AuditEvent[] =>
  Array.from({ length: 40 * count }, (_, index) => {
    const endedAt = now - (1 + (index % 40)) * hour + (index + 1) * second
    return auditEvent({
      eventId: `${tool} ${given.clientName ?? ''} ${index}`,
      tool,
      endedAt,
      traceId: '',
      conversationId: `old ${index % 40}`,
      ...given,
    })
  })

const read = (step: number, orders: number): AuditEvent =>
  auditEvent({
    eventId: `r${step}`,
    tool: 'read_page',
    traceId: '',
    conversationId: 'now',
    endedAt: now + step * second,
    startedAt: now + step * second - 1000,
    resultSignals: { instruction: orders },
  })
const acted = (step: number, tool: string): AuditEvent =>
  auditEvent({
    eventId: `a${step}`,
    tool,
    verbs: ['message'],
    traceId: '',
    conversationId: 'now',
    endedAt: now + step * second,
    startedAt: now + step * second - 1000,
  })

const history = [...usual('get_contact', 20), ...usual('read_page', 20)]

export default [
  {
    name: 'a tool that nobody here ever used, right after a page that gives orders',
    kind: 'fires',
    events: [...history, read(1, 0.8), acted(3, 'forward_all')],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'the same after a page that gives none',
    kind: 'quiet',
    events: [...history, read(1, 0), acted(3, 'forward_all')],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'noisy, benign: a tool of every day after pages that give orders',
    kind: 'quiet',
    events: [
      ...history,
      ...usual('send_mail', 5),
      ...[1, 5, 9, 13].flatMap((step) => [read(step, 0.9), acted(step + 2, 'send_mail')]),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'the first days of a tenant',
    kind: 'quiet',
    events: [...usual('get_contact', 1), read(1, 0.8), acted(3, 'forward_all')],
    judgedFrom: now,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
