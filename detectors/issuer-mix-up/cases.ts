import type { AuditEvent, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

type Told = Partial<AuditEvent> & { readonly eventId: string }

const at = (step: number, told: Told): AuditEvent => {
  const time = baseTime + step * second
  return auditEvent({
    kind: 'authorization',
    side: 'server',
    decision: 'allowed',
    startedAt: time,
    endedAt: time,
    method: '',
    tool: '',
    outcome: '',
    oauthClientId: 'desk',
    tokenFingerprint: told.eventId,
    issuer: 'https://id.example.com',
    ...told,
  })
}
const minutesFromBase = (minutes: number): string => new Date(baseTime / 1000 + minutes * 60_000).toISOString()
const ends = (minutes: number) => ({ detail: { token_expires_at: minutesFromBase(minutes) } })
const begins = (minutes: number) => ({ detail: { token_not_before: minutesFromBase(minutes) } })
const stranger = 'https://id.attacker.example'
const policy = { issuersOf: (server: string) => (server === 'crm' ? ['https://id.example.com/'] : []) }

export default [
  {
    name: 'another issuer than before, at the same server, for the same client',
    kind: 'fires',
    events: [at(0, { eventId: 'a1' }), at(60, { eventId: 'a2', issuer: stranger })],
    finds: ['a2'],
    severity: 'medium',
  },
  {
    name: 'an issuer that the policy does not name, from the first token on',
    kind: 'fires',
    events: [at(0, { eventId: 'a1', issuer: stranger })],
    policy,
    finds: ['a1'],
    severity: 'high',
  },
  {
    name: 'a token is taken an hour after its end',
    kind: 'fires',
    events: [at(0, { eventId: 'a1', ...ends(-60) })],
    finds: ['a1'],
    severity: 'high',
  },
  {
    name: 'three minutes after its end',
    kind: 'fires',
    events: [at(0, { eventId: 'a1', ...ends(-3) })],
    finds: ['a1'],
    severity: 'medium',
  },
  {
    name: 'a token that is not valid yet',
    kind: 'fires',
    events: [at(0, { eventId: 'a1', ...begins(30) })],
    finds: ['a1'],
    severity: 'medium',
  },
  {
    name: 'both sides tell of one expired token: one finding',
    kind: 'fires',
    events: [
      at(0, {
        eventId: 'a1',
        side: 'client',
        serverName: '',
        serverAddress: 'crm.example.com',
        tokenFingerprint: 't',
        ...ends(-60),
      }),
      at(1, { eventId: 'a2', tokenFingerprint: 't', ...ends(-60) }),
    ],
    finds: ['a1'],
    severity: 'medium',
  },
  {
    name: "a client presents a stranger's token, and is refused",
    kind: 'fires',
    events: [
      at(0, { eventId: 'a1', side: 'client' }),
      at(60, { eventId: 'a2', side: 'client', issuer: stranger, decision: 'denied' }),
    ],
    finds: ['a2'],
    severity: 'low',
  },
  {
    name: 'noisy, benign: several servers with issuers of their own, tokens renewed in time, one refused after its end',
    kind: 'quiet',
    events: [
      at(0, { eventId: 'a1', ...ends(60) }),
      at(1, { eventId: 'a2', serverName: 'wiki', issuer: 'https://login.wiki.example' }),
      at(2, { eventId: 'a3', issuer: 'https://id.example.com/', ...ends(60) }),
      at(3, { eventId: 'a4', oauthClientId: 'phone', issuer: 'https://login.partner.example' }),
      at(4_000, { eventId: 'a5', decision: 'denied', ...ends(60) }),
      at(4_001, { eventId: 'a6', ...ends(127), ...begins(66) }),
    ],
    finds: [],
  },
  {
    name: 'a server that refuses the token of a stranger',
    kind: 'quiet',
    events: [at(0, { eventId: 'a1' }), at(60, { eventId: 'a2', issuer: stranger, decision: 'denied' })],
    finds: [],
  },
  {
    name: 'the policy names both issuers',
    kind: 'quiet',
    events: [at(0, { eventId: 'a1' }), at(60, { eventId: 'a2', issuer: 'https://login.partner.example' })],
    policy: { issuersOf: () => ['https://id.example.com', 'https://login.partner.example'] },
    finds: [],
  },
  {
    name: 'the clock of the producer is an hour ahead',
    kind: 'quiet',
    events: [at(3_600, { eventId: 'a1', receivedAt: baseTime, ...ends(50) })],
    finds: [],
  },
  {
    name: 'opaque tokens that nobody says anything about',
    kind: 'quiet',
    events: [at(0, { eventId: 'a1', issuer: '' }), auditEvent({ eventId: 'c1' })],
    finds: [],
    notEvaluated: 'authorization',
  },
] satisfies SessionCase[]
