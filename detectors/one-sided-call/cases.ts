import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

/** Both ends of call number `n`. */
const both = (n: number, server: Partial<AuditEvent> = {}, client: Partial<AuditEvent> = {}): AuditEvent[] => {
  const common = {
    traceId: n.toString(16).padStart(32, '1'),
    requestId: String(n),
    tool: 'pay',
    argDigest: `args ${n}`,
    argCapture: 'captured',
    resultDigest: `result ${n}`,
    resultCapture: 'captured',
    endedAt: baseTime + n * second,
  } as const
  return [
    auditEvent({ ...common, eventId: `client ${n}`, side: 'client', producerId: 'agent', ...client }),
    auditEvent({ ...common, eventId: `server ${n}`, side: 'server', producerId: 'bank', role: 'server', ...server }),
  ]
}

export default [
  {
    name: 'the server got other arguments',
    kind: 'fires',
    events: [...both(1), ...both(2, { argDigest: 'others' })],
    finds: 1,
    severity: 'high',
  },
  {
    name: 'the client got another result',
    kind: 'fires',
    events: both(1, {}, { resultDigest: 'another' }),
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'done, says the client; refused, says the server',
    kind: 'fires',
    events: both(1, { outcome: 'denied', resultDigest: '' }),
    finds: 1,
    severity: 'low',
  },
  {
    name: 'noisy, benign: the client gave up, keys differ, one side captured only in part',
    kind: 'quiet',
    events: [
      ...both(1, {}, { outcome: 'cancelled', resultDigest: '', resultCapture: 'omitted' }),
      ...both(2, { keyId: 'k2', argDigest: 'x', resultDigest: 'y' }),
      ...both(3, { argCapture: 'truncated', argDigest: 'z' }),
      ...both(4, { argCapture: 'omitted', argDigest: '', resultCapture: 'omitted', resultDigest: '' }),
    ],
    finds: 0,
  },
  { name: 'a day of agreement', kind: 'quiet', events: Array.from({ length: 50 }, (_, n) => both(n)).flat(), finds: 0 },
] satisfies QueryCase[]
