import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const day = 86_400 * second
const now = baseTime + 20 * day

let made = 0
const held = (
  subject: string,
  daysAgo: number,
  scopes: readonly string[],
  given: Partial<AuditEvent> = {},
): AuditEvent => {
  const at = now - daysAgo * day + 60 * second
  return auditEvent({
    kind: 'authorization',
    eventId: `h${made++}`,
    startedAt: at,
    endedAt: at,
    subject,
    scopes,
    decision: 'allowed',
    tool: '',
    method: '',
    outcome: '',
    traceId: '',
    conversationId: `${subject} ${daysAgo}`,
    ...given,
  })
}
const peers = ['bob', 'carol', 'dave', 'erin', 'frank', 'grace'].flatMap((subject) =>
  [10, 5, 1].map((ago) => held(subject, ago, ['files:read'])),
)
const alice = [12, 6, 1].map((ago) => held('alice', ago, ['files:read']))

export default [
  {
    name: 'administration, which nobody here holds',
    kind: 'fires',
    events: [...peers, ...alice, held('alice', 0, ['files:read', 'admin:org'])],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'to read something else, which nobody here does',
    kind: 'fires',
    events: [...peers, ...alice, held('alice', 0, ['files:read', 'payroll:read'])],
    judgedFrom: now,
    finds: 1,
    severity: 'low',
  },
  {
    name: 'it was challenged for last week, and is granted only now',
    kind: 'fires',
    events: [
      ...peers,
      ...alice,
      held('alice', 6, ['files:read'], { scopesChallenged: ['admin:org'], decision: 'challenged' }),
      held('alice', 0, ['files:read'], {
        kind: 'elevation',
        scopesGranted: ['files:read', 'admin:org'],
        scopesChallenged: ['admin:org'],
      }),
    ],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'a colleague was challenged for it and never got it',
    kind: 'fires',
    events: [
      ...peers,
      held('bob', 2, ['files:read'], { scopesChallenged: ['files:write'], decision: 'challenged' }),
      ...alice,
      held('alice', 0, ['files:write']),
    ],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'it was challenged for and granted last week, and is held again',
    kind: 'quiet',
    events: [
      ...peers,
      ...alice,
      held('alice', 6, ['files:read'], {
        kind: 'elevation',
        scopesGranted: ['files:read', 'admin:org'],
        scopesChallenged: ['admin:org'],
      }),
      held('alice', 0, ['files:read', 'admin:org']),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'what half of the colleagues hold',
    kind: 'quiet',
    events: [
      ...peers,
      ...['bob', 'carol', 'dave'].map((subject) => held(subject, 2, ['files:write'])),
      ...alice,
      held('alice', 0, ['files:write']),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'noisy, benign: the same scopes every day, and challenges for others',
    kind: 'quiet',
    events: [
      ...peers,
      ...alice,
      held('alice', 0, ['files:read']),
      held('alice', 0, ['files:read'], { scopesChallenged: ['admin:org'], decision: 'challenged' }),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'a new colleague holds everything for the first time',
    kind: 'quiet',
    events: [...peers, held('newcomer', 0, ['admin:org'])],
    judgedFrom: now,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
