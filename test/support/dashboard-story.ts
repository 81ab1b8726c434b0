/**
 * A day at two organisations, small enough to count by hand: what every dashboard is asked about.
 *
 * acme: alice reads three contacts and sends one mail with a secret to a host that nobody used before; bob's one call fails, another is
 * denied, a third in another conversation is well; mail shows another description of a tool without a new version; alice gets a scope after a challenge. globex: carol
 * reads once. Two days earlier, out of the range that is shown: alice's one mail to a host that is known since.
 */
import type { TestContext } from 'node:test'
import { type AuditEvent, stableId } from '../../src/audit-event.js'
import type { Finding } from '../../src/finding.js'
import type { Store } from '../../src/store/index.js'
import { auditEvent, baseTime, second } from './events.js'
import { finding, findingRow } from './findings.js'
import { openTestStore } from './store.js'

export { baseTime, second }
export const minute = 60 * second
export const hour = 60 * minute
/** The day that is shown: from midnight to 14:00, `baseTime` is 10:00. */
export const shown = { fromMs: (baseTime - 10 * hour) / 1000, toMs: (baseTime + 4 * hour) / 1000 } as const

const at = (minutes: number): Pick<AuditEvent, 'startedAt' | 'endedAt'> => ({
  startedAt: baseTime + minutes * minute - 100_000,
  endedAt: baseTime + minutes * minute,
})
const mail = { serverName: 'mail', tool: 'send_email' } as const
const bob = { subject: 'bob', conversationId: 'conv-2', traceId: '1'.repeat(32) } as const
const told = { tool: '', method: '', outcome: '' } as const

export const mailToStranger = auditEvent({
  ...at(4),
  ...mail,
  argBytes: 5000,
  destinations: ['evil.example'],
  argSecretKinds: ['api_key'],
})
export const firstContact = auditEvent({ ...at(1), resultBytes: 900 })

export const events: readonly AuditEvent[] = [
  auditEvent({ ...at(-48 * 60), ...mail, argBytes: 10, destinations: ['known.example'] }),
  firstContact,
  auditEvent({ ...at(2), resultBytes: 100 }),
  auditEvent({ ...at(3), resultBytes: 100 }),
  mailToStranger,
  auditEvent({ ...at(5), ...mail, argBytes: 20, destinations: ['known.example'] }),
  auditEvent({ ...at(6), ...bob, outcome: 'tool_error', errorType: 'tool_error' }),
  auditEvent({ ...at(7), ...bob, tool: 'delete_contact', outcome: 'denied', decision: 'denied' }),
  auditEvent({ ...at(9), ...bob, conversationId: 'conv-4', traceId: '3'.repeat(32) }),
  auditEvent({ ...at(8), tenant: 'globex', subject: 'carol', conversationId: 'conv-3', traceId: '2'.repeat(32) }),
  auditEvent({
    ...at(10),
    ...told,
    kind: 'authorization',
    decision: 'insufficient_scope',
    audience: 'https://mail.example',
    expectedAudience: 'https://crm.example',
    scopes: ['contacts:read'],
    scopesChallenged: ['contacts:write'],
  }),
  auditEvent({
    ...at(11),
    ...told,
    kind: 'elevation',
    scopes: ['contacts:read'],
    scopesRequested: ['contacts:write'],
    scopesGranted: ['contacts:read', 'contacts:write'],
  }),
  ...(['one', 'two'] as const).map((digest, index) =>
    auditEvent({
      ...at(20 + index),
      ...mail,
      kind: 'tool_definition',
      method: '',
      outcome: '',
      detail: { definition_digest: digest, description_digest: digest },
    }),
  ),
  // The same record again with other content: the first stored stands.
  ...(['first', 'second'] as const).map((name) =>
    auditEvent({
      ...at(12),
      ...told,
      kind: 'connection',
      eventId: 'told-twice',
      spanId: '4'.repeat(16),
      requestId: '',
      detail: { name },
    }),
  ),
  auditEvent({ ...at(60), ...told, kind: 'connection', producerId: 'gone', detail: { phase: 'closed' } }),
  // A sensor that told of its health until two hours before the end, another that did to the end.
  auditEvent({ ...at(120), ...told, kind: 'connection', producerId: 'silent', detail: { phase: 'heartbeat' } }),
  auditEvent({ ...at(239), ...told, kind: 'connection', producerId: 'awake', detail: { phase: 'heartbeat' } }),
]

export const findings: readonly Finding[] = [
  finding({
    anchor: 'a',
    subject: 'alice',
    session: 'c:conv-1',
    severity: 'high',
    at: mailToStranger.endedAt,
    matched: [{ kind: 'email', hash: 'abc', firstIn: firstContact.recordId, usedIn: mailToStranger.recordId }],
  }),
  finding({
    anchor: 'b',
    detector: 'new-destination',
    subject: 'alice',
    severity: 'medium',
    at: mailToStranger.endedAt,
  }),
  finding({
    anchor: 'c',
    detector: 'new-destination',
    subject: 'alice',
    severity: 'medium',
    at: baseTime + 5 * minute,
  }),
  finding({
    anchor: 'd',
    detector: 'tool-probing',
    subject: 'bob',
    server: 'crm',
    severity: 'low',
    at: baseTime + 7 * minute,
  }),
  finding({
    anchor: 'f',
    detector: 'tool-probing',
    severity: 'critical',
    subject: 'bob',
    excludedBy: 'load-test',
    at: baseTime,
  }),
  finding({ anchor: 'e', detector: 'off-task-action', maturity: 'trial', subject: 'bob', at: baseTime + 7 * minute }),
]

export const incidentId = stableId('incident', 'one')

interface Told {
  readonly id: string
  readonly severity: Finding['severity']
  readonly maturity: Finding['maturity']
  readonly title: string
  readonly session: string
  readonly of: readonly Finding[]
}

const incidentRow = ({ id, severity, maturity, title, session, of }: Told): Parameters<Store['insert']>[1][number] => ({
  incident_id: id,
  tenant: 'acme',
  version: 1,
  status: 'open',
  maturity,
  severity,
  title,
  summary: `${title}.`,
  session,
  group_key: id,
  causes: [id],
  findings: of.map(({ fingerprint }) => fingerprint),
  opened_at: baseTime + 30 * minute,
  updated_at: baseTime + 40 * minute,
  body: JSON.stringify({
    timeline: of.flatMap(({ steps }) => steps),
    matched: of.flatMap(({ matched }) => matched),
    groupKey: id,
  }),
})

const run = (detector: string, outcome: string, durationMs: number, reason = '') => ({
  detector,
  tenant: 'acme',
  started_at: baseTime + 5 * minute,
  duration_us: durationMs * 1000,
  sessions: 1,
  findings: outcome === 'ok' ? 1 : 0,
  outcome,
  reason,
})

/** Two minutes of one process, which was then started anew and counts from nothing. */
const counters = [
  ['store', 'received', '', [100, 160, 30]],
  ['store', 'sent', '', [100, 150, 30]],
  ['receive', 'dropped', 'full', [0, 5, 0]],
  ['receive', 'failed', 'malformed_record', [0, 2, 1]],
] as const

/** A store in which all this happened. */
export async function storeOfTheDay(t: Pick<TestContext, 'after'>): Promise<Store> {
  const store = await openTestStore(t, { now: () => baseTime + 4 * hour })
  await store.insertEvents(events)
  await store.refreshRollups()
  await store.insert('findings', findings.map(findingRow))
  const [a, b, c, d] = findings
  const e = findings.at(-1)
  if (!a || !b || !c || !d || !e) throw new Error('at least five findings')
  const incidents: readonly Told[] = [
    {
      id: incidentId,
      severity: 'high',
      maturity: 'stable',
      title: 'Turned by a ticket',
      session: 'c:conv-1',
      of: [a, b, c],
    },
    { id: stableId('incident', 'two'), severity: 'low', maturity: 'stable', title: 'Probing', session: '', of: [d] },
    { id: stableId('incident', 'three'), severity: 'high', maturity: 'trial', title: 'On trial', session: '', of: [e] },
  ]
  await store.insert('incidents', incidents.map(incidentRow) as never)
  await store.insert(
    'deliveries',
    [
      { incident: incidentId, outcome: 'retry', attempt: 1, status: 503 },
      { incident: incidentId, outcome: 'delivered', attempt: 2, status: 200 },
      { incident: stableId('incident', 'two'), outcome: 'refused', attempt: 1, status: 400 },
    ].map(({ incident, outcome, attempt, status }) => ({
      incident_id: incident,
      version: 1,
      receiver: 'webhook',
      attempt,
      outcome,
      status,
      reason: outcome === 'delivered' ? '' : `HTTP ${status}`,
      at: baseTime + (40 + attempt) * minute,
      next_at: 0,
      step_id: '',
      message_group: '',
    })),
  )
  await store.insert('detector_runs', [
    run('injected-action', 'ok', 10),
    run('injected-action', 'ok', 30),
    run('slow-drip', 'timeout', 5000, 'no answer in 5 s'),
    run('slow-drip', 'ok', 20),
  ])
  await store.insert('not_evaluated', [
    {
      tenant: 'acme',
      session: 'c:conv-2',
      detector: 'off-task-action',
      input: 'user_message',
      because: 'nobody told of it',
      at: baseTime + minute,
    },
  ])
  await store.insert('watermarks', [
    { name: 'detect/query/slow-drip', position: baseTime + 3 * hour, detail: '{}', at: baseTime + 4 * hour },
  ])
  await store.insert(
    'pipeline_counters',
    counters.flatMap(([stage, name, reason, values]) =>
      values.map((value, index) => ({ at: baseTime + index * minute, host: 'host-1', stage, name, reason, value })),
    ),
  )
  await store.insertDeadLetters([
    {
      id: stableId('letter'),
      tenant: 'acme',
      owner: 'key-1',
      role: 'agent',
      stage: 'receive',
      reason: 'unknown_event',
      explanation: 'event.name watchkeeper.dance is not known',
      at: baseTime + minute,
      body: '{}',
      signal: 'logs',
    },
  ])
  return store
}
