/** `#detector/story`: audit events with sensible defaults, for the cases of a detector. Say only what a case is about. */
import { createHash } from 'node:crypto'
import { producerEvent } from '@watchkeeper/sdk/event'
import { type AuditEvent, auditEventOf } from '../audit-event.js'

/** 2026-11-02 10:00:00 UTC in microseconds: the start of an hour, so that stories know their buckets. */
export const baseTime = Date.UTC(2026, 10, 2, 10) * 1000
export const second = 1_000_000

let made = 0

/**
 * A call of tenant `acme` by `alice` in conversation `conv-1`, one second after the one made before it, with the identity
 * that `receive` would give it (what is given stands, also where it is identity).
 */
export function auditEvent(given: Partial<AuditEvent> = {}): AuditEvent {
  const number = made++
  const endedAt = given.endedAt ?? baseTime + number * second
  const said = producerEvent({
    kind: 'call',
    eventId: `event-${number}`,
    producerId: 'producer-1',
    startedAt: Math.max(0, endedAt - 20_000),
    endedAt,
    conversationId: 'conv-1',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: createHash('sha256').update(`span ${number}`).digest('hex').slice(0, 16),
    side: 'client',
    clientName: 'desk',
    clientVersion: '1.0.0',
    serverName: 'crm',
    serverVersion: '2.1.0',
    transport: 'http',
    protocolVersion: '2025-11-25',
    subject: 'alice',
    method: 'tools/call',
    requestId: String(number),
    tool: 'get_contact',
    outcome: 'ok',
    captureVersion: 1,
    keyId: 'k1',
    ...given,
  })
  const { tenant = 'acme', owner = 'key-1', role = 'agent', form = 'event', receivedAt = endedAt + second } = given
  return { ...auditEventOf(said, { tenant, owner, role, form, receivedAt }), ...given }
}
