import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

type Told = Partial<AuditEvent> & { readonly eventId: string }

/** Records of one subject at one server, a second apart. */
const at = (step: number, kind: 'authorization' | 'elevation', told: Told): AuditEvent => {
  const time = baseTime + step * second
  return auditEvent({ kind, startedAt: time, endedAt: time, method: '', tool: '', outcome: '', ...told })
}
const presented = (step: number, scopes: string[], told: Told) =>
  at(step, 'authorization', { scopes, decision: 'allowed', ...told })
const challenged = (step: number, scopes: string[], scopesChallenged: string[], told: Told) =>
  at(step, 'authorization', { scopes, scopesChallenged, decision: 'challenged', ...told })
const grew = (step: number, scopes: string[], scopesGranted: string[], told: Told) =>
  at(step, 'elevation', { scopes, scopesGranted, decision: 'allowed', ...told })

const catalogue = { scopes_supported: 'files:read files:write mail:read mail:send calendar:read' }

export default [
  {
    name: 'challenged for one scope, granted another one, too',
    kind: 'fires',
    events: [
      presented(0, ['files:read'], { eventId: 'a1' }),
      challenged(1, ['files:read'], ['files:write'], { eventId: 'a2' }),
      grew(2, ['files:read'], ['files:read', 'files:write', 'mail:send'], { eventId: 'e1' }),
    ],
    finds: ['e1'],
    severity: 'medium',
  },
  {
    name: 'nobody challenged, and the subject is an administrator now',
    kind: 'fires',
    events: [
      presented(0, ['files:read'], { eventId: 'a1' }),
      grew(1, ['files:read'], ['files:read', 'admin:org'], { eventId: 'e1' }),
    ],
    finds: ['e1'],
    severity: 'high',
  },
  {
    name: 'from reading to administration in one step, though it was challenged for',
    kind: 'fires',
    events: [
      challenged(0, ['files:read'], ['admin'], { eventId: 'a1' }),
      grew(1, ['files:read'], ['files:read', 'admin'], { eventId: 'e1' }),
    ],
    finds: ['e1'],
    severity: 'medium',
  },
  {
    name: 'a wildcard comes with a narrow challenge',
    kind: 'fires',
    events: [
      challenged(0, ['files:write'], ['files:delete'], { eventId: 'a1' }),
      grew(1, ['files:write'], ['files:*'], { eventId: 'e1' }),
    ],
    finds: ['e1'],
    severity: 'high',
  },
  {
    name: 'a step-up asks for the whole catalogue',
    kind: 'fires',
    events: [
      challenged(0, ['files:read'], ['files:write'], { eventId: 'a1', detail: catalogue }),
      grew(1, ['files:read'], catalogue.scopes_supported.split(' '), { eventId: 'e1' }),
    ],
    finds: ['e1'],
    severity: 'high',
  },
  {
    name: 'nobody reported a grant, but the token holds more than before and more than was challenged',
    kind: 'fires',
    events: [
      challenged(0, ['files:read'], ['files:write'], { eventId: 'a1' }),
      presented(1, ['files:read', 'files:write', 'mail:send'], { eventId: 'a2' }),
    ],
    finds: ['a2'],
    severity: 'medium',
  },
  {
    name: 'both sides report one grant in the same microsecond: one finding',
    kind: 'fires',
    events: [
      presented(0, ['files:read'], { eventId: 'a1' }),
      grew(1, ['files:read'], ['files:read', 'admin'], {
        eventId: 'e1',
        recordId: '00000000-0000-8000-8000-000000000001',
      }),
      grew(1, ['files:read'], ['files:read', 'admin'], {
        eventId: 'e2',
        side: 'server',
        recordId: '00000000-0000-8000-8000-000000000002',
      }),
    ],
    finds: ['e1'],
    severity: 'high',
  },
  {
    name: 'a first log-in that is given more than it asked for',
    kind: 'fires',
    events: [
      at(0, 'authorization', {
        eventId: 'a1',
        scopesRequested: ['files:read'],
        scopesGranted: ['files:read', 'files:write'],
        decision: 'allowed',
      }),
    ],
    finds: ['a1'],
    severity: 'medium',
  },
  {
    name: 'noisy, benign: step-ups that accumulate exactly what was challenged, over several servers',
    kind: 'quiet',
    events: [
      presented(0, ['mcp'], { eventId: 'a1' }),
      challenged(1, ['mcp'], ['files:read'], { eventId: 'a2' }),
      grew(2, ['mcp'], ['mcp', 'files:read'], { eventId: 'e1' }),
      challenged(3, ['mcp', 'files:read'], ['files:write', 'files:delete'], { eventId: 'a3' }),
      grew(4, ['mcp', 'files:read'], ['mcp', 'files:read', 'files:write', 'files:delete'], { eventId: 'e2' }),
      presented(5, ['mcp', 'files:read', 'files:write', 'files:delete'], { eventId: 'a4' }),
      challenged(6, [], ['mail:read'], { eventId: 'b1', serverName: 'mail' }),
      grew(7, [], ['mail:read'], { eventId: 'e3', serverName: 'mail' }),
      presented(8, ['mail:read'], { eventId: 'b2', serverName: 'mail' }),
    ],
    finds: [],
  },
  {
    name: 'a narrower token than before',
    kind: 'quiet',
    events: [
      presented(0, ['files:read', 'files:write'], { eventId: 'a1' }),
      presented(1, ['files:read'], { eventId: 'a2' }),
    ],
    finds: [],
  },
  {
    name: 'what is held at one server says nothing about another',
    kind: 'quiet',
    events: [
      presented(0, ['files:read'], { eventId: 'a1', serverName: 'files' }),
      presented(1, ['admin'], { eventId: 'a2', serverName: 'wiki' }),
    ],
    finds: [],
  },
  {
    name: 'an administrator who always was one',
    kind: 'quiet',
    events: [presented(0, ['admin', '*'], { eventId: 'a1' }), presented(1, ['admin', '*'], { eventId: 'a2' })],
    finds: [],
  },
  {
    name: 'asked for, and refused',
    kind: 'quiet',
    events: [
      presented(0, ['files:read'], { eventId: 'a1' }),
      at(1, 'authorization', {
        eventId: 'a2',
        scopes: ['files:read'],
        scopesRequested: ['admin'],
        scopesGranted: ['admin'],
        decision: 'denied',
      }),
    ],
    finds: [],
  },
  {
    name: 'calls alone say nothing about scopes',
    kind: 'quiet',
    events: [auditEvent({ eventId: 'c1' }), at(1, 'authorization', { eventId: 'a1', decision: 'allowed' })],
    finds: [],
    notEvaluated: 'authorization',
  },
] satisfies SessionCase[]
