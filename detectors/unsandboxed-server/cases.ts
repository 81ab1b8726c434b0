import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const hour = 3_600 * second
const boxed = {
  posture_platform: 'linux',
  posture_uid: '1000',
  posture_container: 'docker',
  posture_seccomp: 'filter',
  posture_capabilities: 'none',
  posture_network: 'none',
  posture_home_writable: 'no',
}
const bare = {
  ...boxed,
  posture_container: 'none',
  posture_seccomp: 'off',
  posture_network: 'host',
  posture_home_writable: 'yes',
}

const opened = (hoursAgo: number, posture: Readonly<Record<string, string>>, serverName = 'files'): AuditEvent => {
  const at = baseTime - hoursAgo * hour + 60 * second
  return auditEvent({
    kind: 'connection',
    startedAt: at,
    endedAt: at,
    serverName,
    tool: '',
    method: '',
    outcome: '',
    transport: 'stdio',
    traceId: '',
    conversationId: `c ${serverName} ${hoursAgo}`,
    detail: { phase: 'opened', ...posture },
  })
}

export default [
  {
    name: 'the policy wants this server in a box, and it is in none',
    kind: 'fires',
    events: [opened(0, bare)],
    judgedFrom: baseTime,
    policy: { mustBeSandboxed: (server) => server === 'files' },
    finds: 1,
    severity: 'high',
  },
  {
    name: 'root, in no container',
    kind: 'fires',
    events: [opened(0, { ...bare, posture_uid: '0', posture_capabilities: 'all' })],
    judgedFrom: baseTime,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'as its developer, on a laptop',
    kind: 'fires',
    events: [opened(0, bare)],
    judgedFrom: baseTime,
    finds: 1,
    severity: 'low',
  },
  {
    name: 'yesterday it ran boxed, today it does not',
    kind: 'fires',
    events: [opened(24, boxed), opened(0, { ...bare, posture_uid: '0' })],
    judgedFrom: baseTime,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'noisy, benign: the same laptop every hour of the week',
    kind: 'quiet',
    events: Array.from({ length: 48 }, (_, index) => opened(index, bare)),
    judgedFrom: baseTime,
    finds: 0,
  },
  {
    name: 'in a good box',
    kind: 'quiet',
    events: [opened(0, boxed), opened(0, { ...boxed, posture_uid: '65534' }, 'mail')],
    judgedFrom: baseTime,
    finds: 0,
  },
] satisfies QueryCase[]
