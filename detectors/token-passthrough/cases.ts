import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

type Told = Partial<AuditEvent>

const minute = 60 * second
const at = (minutes: number, told: Told): AuditEvent => {
  const time = baseTime + minutes * minute
  return auditEvent({ startedAt: time, endedAt: time, tool: '', method: '', outcome: '', ...told })
}

/** A server accepted a token. */
const took = (minutes: number, token: string, told: Told = {}): AuditEvent =>
  at(minutes, {
    kind: 'authorization',
    side: 'server',
    decision: 'allowed',
    tokenFingerprint: token,
    issuer: 'https://id.example.com',
    ...told,
  })

/** A client presented one. */
const showed = (minutes: number, token: string, host: string, told: Told = {}): AuditEvent =>
  at(minutes, {
    kind: 'authorization',
    side: 'client',
    decision: 'allowed',
    tokenFingerprint: token,
    serverName: '',
    serverAddress: host,
    expectedAudience: `https://${host}/mcp`,
    ...told,
  })

/** A server turned to another host while it served a call. */
const turnedTo = (minutes: number, host: string, credential: string, told: Told = {}): AuditEvent =>
  at(minutes, {
    kind: 'outbound',
    side: 'server',
    destinations: [host],
    detail: { credential, attribution: 'context', http_client: 'undici' },
    ...told,
  })

const crm = { serverName: 'crm', expectedAudience: 'https://crm.example.com/mcp' }
const wiki = { serverName: 'wiki', expectedAudience: 'https://wiki.example.com/mcp' }

export default [
  {
    name: 'a server shows a downstream host the token that its caller showed it',
    kind: 'fires',
    events: [
      took(0, 't1', { ...crm, audience: crm.expectedAudience }),
      turnedTo(1, 'api.billing.example', 'inbound', { ...crm, tokenFingerprint: 't1' }),
    ],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'the downstream host is our own: still forbidden, less grave',
    kind: 'fires',
    events: [turnedTo(1, 'api.example.com', 'inbound', crm)],
    policy: { isOwnDestination: (host) => host.endsWith('example.com') },
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'one token opens two servers',
    kind: 'fires',
    events: [took(0, 't1', crm), took(90, 't1', wiki)],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'one token opens three servers: told when it turns up at each more',
    kind: 'fires',
    events: [
      took(0, 't1', crm),
      took(90, 't1', wiki),
      took(180, 't1', { serverName: 'mail', expectedAudience: 'https://mail.example.com' }),
    ],
    finds: 2,
    severity: 'high',
  },
  {
    name: 'a client presents one token at two hosts',
    kind: 'fires',
    events: [showed(0, 't1', 'crm.example.com'), showed(1, 't1', 'mcp.attacker.example', { decision: 'denied' })],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'nobody says for which resource, but the second server was called by the first one',
    kind: 'fires',
    events: [
      auditEvent({ endedAt: baseTime, side: 'server', serverName: 'crm', clientName: 'desk', tokenFingerprint: 't1' }),
      auditEvent({
        endedAt: baseTime + second,
        side: 'server',
        serverName: 'mail',
        clientName: 'crm',
        tokenFingerprint: 't1',
      }),
    ],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'a server takes a token that was issued for another one',
    kind: 'fires',
    events: [took(0, 't1', { ...crm, audience: wiki.expectedAudience })],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'a token for another path of the same host',
    kind: 'fires',
    events: [
      took(0, 't1', {
        serverName: 'crm',
        expectedAudience: 'https://a.example/crm',
        audience: 'https://a.example/wiki',
      }),
    ],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'an audience that is a name cannot be compared with an address',
    kind: 'fires',
    events: [took(0, 't1', { ...crm, audience: 'api://5f3c' })],
    finds: 1,
    severity: 'low',
  },
  {
    name: 'noisy, benign: many subjects, servers and downstream hosts, each with a token of its own',
    kind: 'quiet',
    events: ['alice', 'bob', 'carol'].flatMap((subject, number) => [
      showed(number, `${subject} crm`, 'crm.example.com', { subject }),
      took(number, `${subject} crm`, { ...crm, subject, audience: 'https://crm.example.com/mcp/' }),
      showed(number, `${subject} wiki`, 'wiki.example.com', { subject }),
      took(number, `${subject} wiki`, { ...wiki, subject, audience: 'https://wiki.example.com' }),
      turnedTo(number, 'api.billing.example', 'other', { ...crm, subject, tokenFingerprint: `${subject} crm` }),
      turnedTo(number, 'cdn.example', 'none', { ...crm, subject, tokenFingerprint: `${subject} crm` }),
    ]),
    finds: 0,
  },
  {
    name: 'client and server know one server by two names',
    kind: 'quiet',
    events: [
      showed(0, 't1', 'gateway.example.com'),
      took(0, 't1', { serverName: 'crm', expectedAudience: 'http://crm.internal:8080/mcp' }),
    ],
    finds: 0,
  },
  {
    name: 'the issuer is asked whose token it is',
    kind: 'quiet',
    events: [
      took(0, 't1', { ...crm, audience: crm.expectedAudience }),
      turnedTo(1, 'id.example.com', 'inbound', { ...crm, tokenFingerprint: 't1' }),
    ],
    finds: 0,
  },
  {
    name: 'a server that refuses the token of another one did well',
    kind: 'quiet',
    events: [
      took(0, 't1', { ...crm, audience: crm.expectedAudience }),
      took(1, 't1', { ...wiki, audience: crm.expectedAudience, decision: 'denied' }),
    ],
    finds: 0,
  },
  {
    name: 'a development server by two spellings of this machine',
    kind: 'quiet',
    events: [showed(0, 't1', 'localhost:3000'), showed(1, 't1', '127.0.0.1:3000')],
    finds: 0,
  },
] satisfies QueryCase[]
