import { createHash } from 'node:crypto'
import type { AuditEvent, Policy, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')
const at = (step: number) => ({ startedAt: baseTime + step * second, endedAt: baseTime + step * second + second / 2 })
const paid = (step: number, eventId: string, args: string, given: Partial<AuditEvent> = {}): AuditEvent =>
  auditEvent({ eventId, ...at(step), tool: 'pay', serverName: 'bank', argDigest: digest(args), ...given })
const decided = (step: number, eventId: string, args: string, given: Partial<AuditEvent> = {}): AuditEvent =>
  auditEvent({
    kind: 'approval',
    eventId,
    ...at(step),
    tool: 'pay',
    serverName: 'bank',
    outcome: '',
    argDigest: digest(args),
    decision: 'allowed',
    ...given,
  })

const payments: Partial<Policy> = {
  states: (part) => part === 'approvals',
  mustBeApproved: ({ tool }) => (tool === 'pay' ? 'arguments' : tool === 'ask_web' ? 'result' : ''),
}

export default [
  {
    name: 'nobody was asked',
    kind: 'fires',
    events: [paid(0, 'c1', '20 to Bob')],
    policy: payments,
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'what was approved had another amount',
    kind: 'fires',
    events: [decided(0, 'a1', '20 to Bob'), paid(1, 'c1', '2000 to Bob')],
    policy: payments,
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'one approval, two payments',
    kind: 'fires',
    events: [decided(0, 'a1', '20 to Bob'), paid(1, 'c1', '20 to Bob'), paid(2, 'c2', '20 to Bob')],
    policy: payments,
    finds: ['c2'],
    severity: 'high',
  },
  {
    name: 'a person refused it',
    kind: 'fires',
    events: [decided(0, 'a1', '20 to Bob', { decision: 'denied' }), paid(1, 'c1', '20 to Bob')],
    policy: payments,
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'the server’s own word that somebody approved counts for nothing',
    kind: 'fires',
    events: [decided(0, 'a1', '20 to Bob', { role: 'server', trusted: false }), paid(1, 'c1', '20 to Bob')],
    policy: payments,
    finds: ['c1'],
    severity: 'high',
  },
  {
    name: 'refused by the server: an attempt',
    kind: 'fires',
    events: [paid(0, 'c1', '20 to Bob', { outcome: 'denied' })],
    policy: payments,
    finds: ['c1'],
    severity: 'low',
  },
  {
    name: 'an agent goes on with a page that nobody reviewed',
    kind: 'fires',
    events: [
      auditEvent({ eventId: 'c1', ...at(0), tool: 'ask_web', resultDigest: digest('page') }),
      auditEvent({ eventId: 'c2', ...at(2), tool: 'get_contact' }),
    ],
    policy: payments,
    finds: ['c2'],
    severity: 'high',
  },
  {
    name: 'approved before, with these arguments, each time',
    kind: 'quiet',
    events: [
      decided(0, 'a1', '20 to Bob'),
      paid(1, 'c1', '20 to Bob'),
      decided(2, 'a2', '20 to Bob'),
      paid(3, 'c2', '20 to Bob'),
    ],
    policy: payments,
    finds: [],
  },
  {
    name: 'a page that was reviewed before the agent went on',
    kind: 'quiet',
    events: [
      auditEvent({ eventId: 'c1', ...at(0), tool: 'ask_web', resultDigest: digest('page') }),
      decided(1, 'a1', '', { argDigest: '', tool: 'ask_web', resultDigest: digest('page') }),
      auditEvent({ eventId: 'c2', ...at(2), tool: 'get_contact' }),
    ],
    policy: payments,
    finds: [],
  },
  {
    name: 'noisy, benign: a long day of calls that need no approval',
    kind: 'quiet',
    events: Array.from({ length: 40 }, (_, index) =>
      auditEvent({ eventId: `c${index}`, ...at(index), tool: 'get_contact', argDigest: digest(String(index)) }),
    ),
    policy: payments,
    finds: [],
  },
  {
    name: 'without a policy nothing needs approval',
    kind: 'quiet',
    events: [paid(0, 'c1', '20 to Bob')],
    finds: [],
    notEvaluated: 'policy',
  },
] satisfies SessionCase[]
