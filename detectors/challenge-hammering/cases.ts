import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

type Told = Partial<AuditEvent> & { readonly eventId: string }

const at = (step: number, kind: 'authorization' | 'elevation' | 'consent', told: Told): AuditEvent => {
  const time = baseTime + step * second
  return auditEvent({ kind, startedAt: time, endedAt: time, method: '', tool: '', outcome: '', ...told })
}
const lacked = (step: number, eventId: string, scope: string, told: Partial<AuditEvent> = {}): AuditEvent =>
  at(step, 'authorization', {
    eventId,
    decision: 'challenged',
    errorType: '403',
    tokenFingerprint: 't1',
    scopes: ['files:read'],
    scopesChallenged: [scope],
    detail: { challenge_error: 'insufficient_scope' },
    ...told,
  })
const refused = (step: number, eventId: string, token: string, told: Partial<AuditEvent> = {}): AuditEvent =>
  at(step, 'authorization', {
    eventId,
    decision: token === '' ? 'challenged' : 'denied',
    errorType: '401',
    tokenFingerprint: token,
    detail: { challenge_error: 'invalid_token' },
    ...told,
  })
const grew = (step: number, eventId: string, scope: string, told: Partial<AuditEvent> = {}): AuditEvent =>
  at(step, 'elevation', {
    eventId,
    decision: 'allowed',
    scopes: ['files:read'],
    scopesGranted: ['files:read', scope],
    ...told,
  })
const asked = (
  step: number,
  eventId: string,
  decision: 'allowed' | 'denied',
  told: Partial<AuditEvent> = {},
): AuditEvent => at(step, 'consent', { eventId, decision, oauthClientId: 'desk', ...told })

export default [
  {
    name: 'the same right is refused three times, and then granted',
    kind: 'fires',
    events: [
      lacked(0, 'a1', 'files:write'),
      lacked(30, 'a2', 'files:write'),
      lacked(60, 'a3', 'files:write'),
      grew(90, 'e1', 'files:write'),
    ],
    finds: ['e1'],
    severity: 'medium',
  },
  {
    name: 'the right to administer is refused four times, and then held, which no elevation states',
    kind: 'fires',
    events: [
      ...[0, 30, 60, 90].map((step, number) => lacked(step, `a${number}`, 'admin')),
      at(120, 'authorization', {
        eventId: 'a9',
        decision: 'allowed',
        scopes: ['files:read', 'admin'],
        tokenFingerprint: 't2',
      }),
    ],
    finds: ['a9'],
    severity: 'high',
  },
  {
    name: 'one scope after another',
    kind: 'fires',
    events: ['files:write', 'mail:send', 'users:read', 'billing:read', 'audit:read'].map((scope, number) =>
      lacked(number * 10, `a${number}`, scope),
    ),
    finds: ['a3'],
    severity: 'medium',
  },
  {
    name: 'one token after another',
    kind: 'fires',
    events: [refused(0, 'a1', 'x1'), refused(5, 'a2', 'x2'), refused(9, 'a3', 'x3'), refused(12, 'a4', 'x4')],
    finds: ['a3'],
    severity: 'medium',
  },
  {
    name: 'a broken client that goes on with one token',
    kind: 'fires',
    events: Array.from({ length: 20 }, (_, number) => refused(number * 20, `a${number}`, 'x1')),
    finds: ['a7'],
    severity: 'low',
  },
  {
    name: 'a person who is asked until the answer is yes',
    kind: 'fires',
    events: [asked(0, 'g1', 'denied'), asked(20, 'g2', 'denied'), asked(40, 'g3', 'allowed')],
    finds: ['g3'],
    severity: 'medium',
  },
  {
    name: 'both sides tell of the same refusals: one finding',
    kind: 'fires',
    events: [0, 30, 60]
      .flatMap((step, number) => [
        lacked(step, `s${number}`, 'admin', { side: 'server', expectedAudience: 'https://crm.example.com/mcp' }),
        lacked(step + 0.1, `c${number}`, 'admin', { expectedAudience: 'https://crm.example.com/mcp' }),
      ])
      .concat([
        grew(90, 'e1', 'admin', { side: 'server', expectedAudience: 'https://crm.example.com/mcp' }),
        grew(90.1, 'e2', 'admin', { expectedAudience: 'https://crm.example.com/mcp' }),
      ]),
    finds: ['e1'],
    severity: 'high',
  },
  {
    name: 'noisy, benign: log-ins and step-ups at three servers, with parallel calls that are refused together',
    kind: 'quiet',
    events: ['crm', 'wiki', 'mail'].flatMap((serverName, number) => {
      const told = { serverName }
      const from = number * 5
      return [
        refused(from, `${serverName} 1`, '', told),
        ...Array.from({ length: 12 }, (_, call) =>
          lacked(20 + from + call / 20, `${serverName} 2 ${call}`, 'files:write', told),
        ),
        grew(40 + from, `${serverName} 3`, 'files:write', told),
        lacked(60 + from, `${serverName} 4`, 'files:delete', told),
        grew(80 + from, `${serverName} 5`, 'files:delete', told),
        ...Array.from({ length: 12 }, (_, call) =>
          refused(200 + from + call / 20, `${serverName} 6 ${call}`, 'old', told),
        ),
      ]
    }),
    finds: [],
  },
  {
    name: 'a token that ends every hour, all day',
    kind: 'quiet',
    events: Array.from({ length: 12 }, (_, hour) => refused(hour * 3_600, `a${hour}`, `x${hour}`)),
    finds: [],
  },
  {
    name: 'a person who thinks better of it once',
    kind: 'quiet',
    events: [
      asked(0, 'g1', 'denied'),
      asked(20, 'g2', 'allowed'),
      asked(30, 'g3', 'denied', { oauthClientId: 'phone' }),
    ],
    finds: [],
  },
  {
    name: 'what is granted is something else than what was refused',
    kind: 'quiet',
    events: [
      lacked(0, 'a1', 'files:write'),
      lacked(30, 'a2', 'files:write'),
      lacked(60, 'a3', 'files:write'),
      grew(90, 'e1', 'mail:read'),
    ],
    finds: [],
  },
  {
    name: 'calls alone say nothing of refusals',
    kind: 'quiet',
    events: [auditEvent({ eventId: 'c1' })],
    finds: [],
    notEvaluated: 'authorization',
  },
] satisfies SessionCase[]
