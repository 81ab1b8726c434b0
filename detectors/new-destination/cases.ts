import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const day = 86_400 * second
const now = baseTime + 20 * day

let made = 0
const called = (at: number, session: string, given: Partial<AuditEvent>): AuditEvent =>
  auditEvent({
    eventId: `n${made++}`,
    conversationId: session,
    traceId: '',
    startedAt: at - 1000,
    endedAt: at,
    ...given,
  })

/** What the tenant sends to its usual places, every day. */
const history = Array.from({ length: 12 }, (_, ago) =>
  ['bob', 'alice'].flatMap((subject) =>
    ['partner', 'bank', 'hub', 'shop', 'press'].map((place) =>
      called(now - (ago + 1) * day, `${subject} ${ago}`, {
        subject,
        tool: 'send_mail',
        verbs: ['message'],
        destinations: [`${place}.example`],
      }),
    ),
  ),
).flat()

const read = (session: string, given: Partial<AuditEvent> = {}): AuditEvent =>
  called(now + 10 * second, session, { tool: 'list_customer_records', serverName: 'crm', resultBytes: 900, ...given })
const sent = (session: string, destination: string, given: Partial<AuditEvent> = {}): AuditEvent =>
  called(now + 20 * second, session, {
    tool: 'send_mail',
    serverName: 'mail',
    verbs: ['message'],
    destinations: [destination],
    argBytes: 800,
    ...given,
  })

export default [
  {
    name: 'a place that nobody ever wrote to, after secrets were read',
    kind: 'fires',
    events: [...history, read('today', { resultSecretKinds: ['aws_access_key'] }), sent('today', 'paste.example')],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'a place that nobody ever wrote to, after private data was read',
    kind: 'fires',
    events: [...history, read('today'), sent('today', 'paste.example')],
    judgedFrom: now,
    finds: 1,
    severity: 'low',
  },
  {
    name: 'new to this subject only',
    kind: 'fires',
    events: [...history, read('today', { subject: 'carol' }), sent('today', 'bank.example', { subject: 'carol' })],
    judgedFrom: now,
    finds: 1,
    severity: 'info',
  },
  {
    name: 'noisy, benign: usual places, new pages that are only read, and a new place without anything private before',
    kind: 'quiet',
    events: [
      ...history,
      read('today'),
      sent('today', 'partner.example'),
      ...Array.from({ length: 20 }, (_, index) =>
        called(now + (30 + index) * second, 'today', {
          tool: 'fetch_page',
          verbs: ['read'],
          destinations: [`page-${index}.example`],
        }),
      ),
      sent('elsewhere', 'newcomer.example'),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'the first days of a tenant',
    kind: 'quiet',
    events: [read('today'), sent('today', 'paste.example')],
    judgedFrom: now,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
