import type { AuditEvent, Policy, SessionCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const approved: Partial<Policy> = {
  states: (part) => part === 'servers',
  standing: ({ serverName, serverAddress, detail = {} }) =>
    serverName !== 'crm'
      ? 'unknown'
      : ['', 'crm.corp.example'].includes(serverAddress) && ['', 'node crm.js'].includes(detail['command_line'] ?? '')
        ? 'approved'
        : 'moved',
}

const met = (step: number, eventId: string, given: Partial<AuditEvent>): AuditEvent =>
  auditEvent({
    kind: 'connection',
    eventId,
    startedAt: baseTime + step * second,
    endedAt: baseTime + step * second,
    tool: '',
    method: '',
    outcome: '',
    ...given,
  })

export default [
  {
    name: 'a server that nobody approved, told once for the whole session',
    kind: 'fires',
    events: [
      met(0, 'n1', { serverName: 'crm' }),
      met(1, 'n2', { serverName: 'free-pdf-tools' }),
      auditEvent({ eventId: 'c1', serverName: 'free-pdf-tools', endedAt: baseTime + 5 * second }),
      auditEvent({ eventId: 'c2', serverName: 'free-pdf-tools', endedAt: baseTime + 6 * second }),
    ],
    policy: approved,
    finds: ['n2'],
    severity: 'medium',
  },
  {
    name: 'a known name at another address',
    kind: 'fires',
    events: [met(0, 'n1', { serverName: 'crm', serverAddress: 'crm.evil.example' })],
    policy: approved,
    finds: ['n1'],
    severity: 'high',
  },
  {
    name: 'a known name with another command line',
    kind: 'fires',
    events: [
      met(0, 'n1', { serverName: 'crm', detail: { command_line: 'node crm.js', command_digest: 'd1' } }),
      met(9, 'n2', { serverName: 'crm', detail: { command_line: 'npx crm-pro', command_digest: 'd2' } }),
    ],
    policy: approved,
    finds: ['n2'],
    severity: 'high',
  },
  {
    name: 'noisy, benign: an approved server in many calls and connections, and messages of a person',
    kind: 'quiet',
    events: [
      ...Array.from({ length: 20 }, (_, index) =>
        met(index, `n${index}`, { serverName: 'crm', serverAddress: 'crm.corp.example' }),
      ),
      auditEvent({ eventId: 'm1', kind: 'user_message', serverName: '', endedAt: baseTime + 30 * second }),
    ],
    policy: approved,
    finds: [],
  },
  {
    name: 'without an allowlist nothing can be said',
    kind: 'quiet',
    events: [met(0, 'n1', { serverName: 'free-pdf-tools' })],
    finds: [],
    notEvaluated: 'policy',
  },
] satisfies SessionCase[]
