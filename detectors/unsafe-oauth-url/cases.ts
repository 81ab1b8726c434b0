import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'
import { fetched } from '../../test/support/journeys.js'

const agreed = (
  step: number,
  eventId: string,
  resource: string,
  uri: string,
  given: Partial<AuditEvent> = {},
): AuditEvent =>
  auditEvent({
    kind: 'consent',
    eventId,
    startedAt: baseTime + step * second,
    endedAt: baseTime + step * second,
    tool: '',
    method: '',
    outcome: '',
    decision: 'allowed',
    oauthClientId: 'client-7',
    resource,
    detail: { redirect_uri_fingerprint: uri },
    ...given,
  })

export default [
  {
    name: 'an authorization URL that executes is opened',
    kind: 'fires',
    events: [fetched(0, 'f1', [{ origin: 'javascript:' }], { resource: 'javascript:', detail: { mode: 'opened' } })],
    finds: ['f1'],
    severity: 'high',
  },
  {
    name: 'a redirect to a file of the machine, refused',
    kind: 'fires',
    events: [
      fetched(0, 'f1', [{ origin: 'https://auth.example.com' }, { origin: 'file://' }], {
        decision: 'denied',
        detail: { reason: 'scheme' },
      }),
    ],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'a token endpoint without https',
    kind: 'fires',
    events: [fetched(0, 'f1', [{ origin: 'http://auth.example.com' }])],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'the code of a known client goes to another host',
    kind: 'fires',
    events: [agreed(0, 'a1', 'https://app.example.com', 'u1'), agreed(9, 'a2', 'https://app.example.net', 'u2')],
    finds: ['a2'],
    severity: 'high',
  },
  {
    name: 'the same host and another path',
    kind: 'fires',
    events: [agreed(0, 'a1', 'https://app.example.com', 'u1'), agreed(9, 'a2', 'https://app.example.com', 'u2')],
    finds: ['a2'],
    severity: 'medium',
  },
  {
    name: 'the person refused it',
    kind: 'fires',
    events: [
      agreed(0, 'a1', 'https://app.example.com', 'u1'),
      agreed(9, 'a2', 'https://app.example.net', 'u2', { decision: 'denied' }),
    ],
    finds: ['a2'],
    severity: 'low',
  },
  {
    name: 'https throughout, and http on loopback only',
    kind: 'quiet',
    events: [
      fetched(0, 'f1', [{ origin: 'https://auth.example.com' }, { origin: 'https://login.example.com' }]),
      fetched(1, 'f2', [{ origin: 'http://localhost:3000' }]),
      fetched(2, 'f3', [{ origin: 'http://[::1]:3000' }]),
    ],
    finds: [],
  },
  {
    name: 'noisy, benign: a native client on another port each time, and two clients of one person',
    kind: 'quiet',
    events: [
      ...Array.from({ length: 12 }, (_, index) =>
        agreed(index, `a${index}`, `http://127.0.0.1:${49_152 + index}`, `u${index}`),
      ),
      agreed(20, 'b1', 'https://app.example.com', 'v1', { oauthClientId: 'client-8' }),
      agreed(21, 'b2', 'https://app.example.com', 'v1', { oauthClientId: 'client-8' }),
      agreed(22, 'b3', 'cursor://anysphere', 'v2', { oauthClientId: 'client-9' }),
    ],
    finds: [],
  },
] satisfies SessionCase[]
