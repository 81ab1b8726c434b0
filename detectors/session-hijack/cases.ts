import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

type Told = Partial<AuditEvent>

const minute = 60 * second
const server = (minutes: number, told: Told = {}): AuditEvent =>
  auditEvent({
    side: 'server',
    conversationId: '',
    mcpSessionId: 'session-1',
    tokenFingerprint: `token of ${told.subject ?? 'alice'}`,
    oauthClientId: 'desk',
    endedAt: baseTime + minutes * minute,
    ...told,
  })
const took = (minutes: number, told: Told = {}): AuditEvent =>
  server(minutes, { kind: 'authorization', decision: 'allowed', outcome: '', ...told })

export default [
  {
    name: 'one MCP session, two subjects',
    kind: 'fires',
    events: [server(0), server(1), server(2, { subject: 'mallory' })],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'the second subject comes hours later',
    kind: 'fires',
    events: [server(0), server(300, { subject: 'mallory', oauthClientId: 'other' })],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'the result of a task is fetched by somebody else',
    kind: 'fires',
    events: [
      server(0, { mcpSessionId: '', detail: { task_digest: '00aa', task_status: 'working' } }),
      server(1, {
        mcpSessionId: '',
        method: 'tasks/result',
        tool: '',
        subject: 'mallory',
        detail: { task_digest: '00aa', task_status: 'completed' },
      }),
    ],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'one session, one subject, two OAuth clients',
    kind: 'fires',
    events: [server(0), server(1, { oauthClientId: 'unknown-app' })],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'a session that was opened with a token goes on without one',
    kind: 'fires',
    events: [server(0), server(1, { subject: '', oauthClientId: '', tokenFingerprint: '' })],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'one session from two networks, with another client there',
    kind: 'fires',
    events: [
      took(0, { clientAddress: '198.51.100.7' }),
      took(1, { clientAddress: '203.0.113.9', clientName: 'curl', clientVersion: '' }),
    ],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'one session from two networks alone is a note',
    kind: 'fires',
    events: [took(0, { clientAddress: '198.51.100.7' }), took(1, { clientAddress: '203.0.113.9' })],
    finds: 1,
    severity: 'low',
  },
  {
    name: 'one conversation with two subjects, of whom one comes from elsewhere',
    kind: 'fires',
    events: [
      took(0, { mcpSessionId: '', conversationId: 'talk', clientAddress: '198.51.100.7' }),
      took(1, { mcpSessionId: '', conversationId: 'talk', clientAddress: '203.0.113.9', subject: 'mallory' }),
    ],
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'several people in one thread with one agent is a note',
    kind: 'fires',
    events: [
      server(0, { mcpSessionId: '', conversationId: 'talk' }),
      server(1, { mcpSessionId: '', conversationId: 'talk', subject: 'bob' }),
    ],
    finds: 1,
    severity: 'low',
  },
  {
    name: 'noisy, benign: new tokens, addresses of both families and of one office, many sessions and servers',
    kind: 'quiet',
    events: ['alice', 'bob', 'carol'].flatMap((subject) => [
      took(0, { subject, mcpSessionId: subject, clientAddress: '198.51.100.7' }),
      server(1, { subject, mcpSessionId: subject, tokenFingerprint: `${subject} 1` }),
      took(2, { subject, mcpSessionId: subject, tokenFingerprint: `${subject} 2`, clientAddress: '198.51.101.8' }),
      took(3, { subject, mcpSessionId: subject, tokenFingerprint: `${subject} 2`, clientAddress: '2001:db8::7' }),
      server(4, { subject, mcpSessionId: subject, serverName: 'wiki', oauthClientId: 'desk-at-wiki' }),
    ]),
    finds: 0,
  },
  {
    name: 'two servers and the client know one person by different names',
    kind: 'quiet',
    events: [
      server(0, { conversationId: 'talk', mcpSessionId: 'a', subject: 'auth0|17' }),
      server(1, { conversationId: 'talk', mcpSessionId: 'b', subject: 'alice@example.com', serverName: 'wiki' }),
      auditEvent({ side: 'client', conversationId: 'talk', subject: 'alice', endedAt: baseTime + 2 * minute }),
      auditEvent({
        side: 'client',
        conversationId: 'talk',
        subject: 'alice',
        serverName: 'wiki',
        endedAt: baseTime + 2 * minute,
      }),
    ],
    finds: 0,
  },
  {
    name: 'two sensors of one server know one person by different names',
    kind: 'quiet',
    events: [
      server(0, { source: '@watchkeeper/sdk' }),
      server(1, { source: 'another', subject: 'alice@example.com', oauthClientId: '' }),
    ],
    finds: 0,
  },
  {
    name: 'the server refused the second subject',
    kind: 'quiet',
    events: [
      server(0),
      took(1, { subject: 'mallory', decision: 'denied' }),
      server(2, { subject: 'mallory', outcome: 'denied' }),
    ],
    finds: 0,
  },
  {
    name: 'the client tells no token, the server does',
    kind: 'quiet',
    events: [
      server(0),
      auditEvent({
        side: 'client',
        mcpSessionId: 'session-1',
        conversationId: '',
        subject: '',
        endedAt: baseTime + minute,
      }),
      server(2, { producerId: 'a gateway', subject: '', oauthClientId: '', tokenFingerprint: '' }),
    ],
    finds: 0,
  },
] satisfies QueryCase[]
