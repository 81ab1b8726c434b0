import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

type Told = Partial<AuditEvent> & { readonly eventId: string }

const at = (step: number, told: Told): AuditEvent => {
  const time = baseTime + step * second
  return auditEvent({
    startedAt: time,
    endedAt: time,
    method: '',
    tool: '',
    outcome: '',
    oauthClientId: 'desk',
    ...told,
  })
}
const home = { redirect_origin: 'https://desk.example', redirect_uri_fingerprint: '0a' }
const away = { redirect_origin: 'https://attacker.example', redirect_uri_fingerprint: '0b' }
const agreed = (step: number, told: Told): AuditEvent =>
  at(step, {
    kind: 'consent',
    decision: 'allowed',
    scopesRequested: ['repo'],
    scopesGranted: ['repo'],
    detail: home,
    ...told,
  })
const forwarded = (step: number, told: Told, redirect = home): AuditEvent =>
  at(step, {
    kind: 'oauth_fetch',
    side: 'server',
    serverName: 'code',
    decision: 'allowed',
    resource: 'https://login.code.example',
    scopesRequested: ['repo'],
    detail: { ...redirect, mode: 'forwarded' },
    ...told,
  })
const opened = (step: number, told: Told): AuditEvent =>
  forwarded(step, { side: 'client', detail: { ...home, mode: 'opened' }, ...told })

export default [
  {
    name: 'a server sends the person on for a client that nobody agreed to',
    kind: 'fires',
    events: [agreed(0, { eventId: 'g1' }), forwarded(1, { eventId: 'f1', oauthClientId: 'registered-today' })],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'the known client, and the code would go somewhere else',
    kind: 'fires',
    events: [agreed(0, { eventId: 'g1' }), forwarded(1, { eventId: 'f1' }, away)],
    finds: ['f1'],
    severity: 'high',
  },
  {
    name: 'the person refused',
    kind: 'fires',
    events: [agreed(0, { eventId: 'g1', decision: 'denied', scopesGranted: [] }), forwarded(1, { eventId: 'f1' })],
    finds: ['f1'],
    severity: 'high',
  },
  {
    name: 'more scopes than the person was asked about',
    kind: 'fires',
    events: [agreed(0, { eventId: 'g1' }), forwarded(1, { eventId: 'f1', scopesRequested: ['repo', 'admin:org'] })],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'a consent that a server claims with a key of its own is none',
    kind: 'fires',
    events: [agreed(0, { eventId: 'g1', trusted: false, role: 'server' }), forwarded(1, { eventId: 'f1' })],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'the person agrees only afterwards',
    kind: 'fires',
    events: [forwarded(0, { eventId: 'f1' }), agreed(1, { eventId: 'g1' }), forwarded(2, { eventId: 'f2' })],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'a consent for another authorization server',
    kind: 'fires',
    events: [agreed(0, { eventId: 'g1', issuer: 'https://login.mail.example' }), forwarded(1, { eventId: 'f1' })],
    finds: ['f1'],
    severity: 'medium',
  },
  {
    name: 'a client opens a log-in, and nobody tells of consents: a note, once',
    kind: 'fires',
    events: [opened(0, { eventId: 'f1' }), opened(60, { eventId: 'f2' })],
    finds: ['f1'],
    severity: 'low',
  },
  {
    name: 'noisy, benign: several clients and servers, each agreed to, one of them twice, one with fewer scopes',
    kind: 'quiet',
    events: [
      agreed(0, { eventId: 'g1' }),
      forwarded(1, { eventId: 'f1' }),
      agreed(2, { eventId: 'g2', oauthClientId: 'phone', detail: away }),
      forwarded(3, { eventId: 'f2', oauthClientId: 'phone' }, away),
      agreed(4, { eventId: 'g3', scopesGranted: ['gist', 'repo'], issuer: 'https://login.code.example/' }),
      forwarded(5, { eventId: 'f3', scopesRequested: ['gist'] }),
      opened(6, { eventId: 'f4', scopesRequested: [] }),
    ],
    finds: [],
  },
  {
    name: 'refused, then thought better of',
    kind: 'quiet',
    events: [
      agreed(0, { eventId: 'g1', decision: 'denied', scopesGranted: [] }),
      agreed(1, { eventId: 'g2' }),
      forwarded(2, { eventId: 'f1' }),
    ],
    finds: [],
  },
  {
    name: 'the URL was not opened',
    kind: 'quiet',
    events: [opened(0, { eventId: 'f1', decision: 'denied' })],
    finds: [],
    notEvaluated: 'authorization',
  },
  {
    name: 'metadata that is fetched asks for nothing',
    kind: 'quiet',
    events: [
      at(0, {
        eventId: 'f1',
        kind: 'oauth_fetch',
        decision: 'allowed',
        oauthClientId: '',
        detail: { mode: 'watched' },
      }),
    ],
    finds: [],
    notEvaluated: 'authorization',
  },
] satisfies SessionCase[]
