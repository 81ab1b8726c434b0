import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const hour = 3_600 * second
const now = baseTime + 48 * hour

let made = 0
/** `count` calls told by each of the sides in the hour that begins `ago` hours before the judged one. */
const told = (
  ago: number,
  count: number,
  sides: readonly ('client' | 'server')[] = ['client', 'server'],
  server = 'crm',
): AuditEvent[] =>
  Array.from({ length: count }, () => {
    const number = made++
    return sides.map((side) =>
      auditEvent({
        eventId: `${side} ${number}`,
        side,
        role: side === 'server' ? 'server' : 'agent',
        serverName: server,
        traceId: number.toString(16).padStart(32, '2'),
        conversationId: `day ${ago}`,
        requestId: String(number),
        endedAt: now - ago * hour + (1 + (number % 3000)) * second,
      }),
    )
  }).flat()
const days = (server: string, sides?: readonly ('client' | 'server')[], count = 12): AuditEvent[] =>
  Array.from({ length: 40 }, (_, index) => told(index + 1, count, sides, server)).flat()

export default [
  {
    name: 'silent, while another server goes on',
    kind: 'fires',
    events: [...days('crm'), ...days('mail'), ...told(0, 6, ['client', 'server'], 'mail')],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'its clients go on to tell of it, it does not',
    kind: 'fires',
    events: [...days('crm'), ...told(0, 8, ['client'])],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'it is used, and no watched host tells of that',
    kind: 'fires',
    events: [...days('crm'), ...told(0, 8, ['server'])],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'it said goodbye',
    kind: 'quiet',
    events: [
      ...days('crm'),
      auditEvent({
        kind: 'connection',
        serverName: 'crm',
        tool: '',
        endedAt: now - second,
        detail: { phase: 'closed' },
      }),
      ...days('mail'),
      ...told(0, 6, ['client', 'server'], 'mail'),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'noisy, benign: a server that was always told of by one side, and one that is used now and then',
    kind: 'quiet',
    events: [
      ...days('legacy', ['client']),
      ...told(0, 9, ['client'], 'legacy'),
      ...Array.from({ length: 30 }, (_, index) =>
        index % 3 === 0 ? told(index + 1, 3, undefined, 'rare') : [],
      ).flat(),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'the first day',
    kind: 'quiet',
    events: [...told(1, 20), ...told(0, 8, ['client'])],
    judgedFrom: now,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
