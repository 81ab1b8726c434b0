import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const day = 86_400 * second
const midnight = Math.floor(baseTime / day) * day
const now = midnight + 30 * day

let made = 0
const told = (daysAgo: number, at: number, given: Partial<AuditEvent>): AuditEvent =>
  auditEvent({
    eventId: `s${made++}`,
    conversationId: `day ${daysAgo}`,
    traceId: '',
    startedAt: now - daysAgo * day + at * second - 1000,
    endedAt: now - daysAgo * day + at * second,
    ...given,
  })
const value = (number: number): AuditEvent['argFingerprints'][number] => ({
  kind: 'id',
  hash: number.toString(16).padStart(16, '0'),
  leaf: 0,
})

/** The tenant's ordinary mail for four weeks. */
const history = Array.from({ length: 27 }, (_, ago) =>
  [1, 2, 3].map((n) => told(ago, n * 60, { tool: 'send_mail', destinations: ['partner.example'], argBytes: 900 })),
).flat()

/** `each` small sends a day on six days of this week, each with a value that a record gave the day before. */
const drip = (
  each: number,
  to: string,
  given: { from?: string; values?: boolean; bytes?: number } = {},
): AuditEvent[] =>
  [1, 2, 3, 4, 5, 6].flatMap((ago) =>
    Array.from({ length: each }, (_, index) => {
      const number = ago * 100 + index
      const { from = 'list_customer_records', values = true, bytes = 300 } = given
      return [
        told(ago, 3_600 + index * 60, {
          tool: from,
          serverName: 'crm',
          resultBytes: 300,
          resultFingerprints: values ? [value(number)] : [],
        }),
        told(ago, 3_630 + index * 60, {
          tool: 'create_note',
          serverName: 'notes',
          destinations: [to],
          argBytes: bytes,
          argFingerprints: values ? [value(number)] : [],
        }),
      ]
    }).flat(),
  )

export default [
  {
    name: 'ten records a day to a place that was never written to',
    kind: 'fires',
    events: [...history, ...drip(10, 'paste.example')],
    judgedFrom: now - day,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'bytes that add up, of no known source',
    kind: 'fires',
    events: [...history, ...drip(10, 'paste.example', { values: false, bytes: 8_000 })],
    judgedFrom: now - day,
    finds: 1,
    severity: 'low',
  },
  {
    name: 'noisy, benign: a partner who is written to every day, for weeks',
    kind: 'quiet',
    events: [
      ...history,
      ...Array.from({ length: 26 }, (_, ago) =>
        Array.from({ length: 8 }, (_, n) =>
          told(ago, 7_200 + n, { tool: 'send_mail', destinations: ['client.example'], argBytes: 6_000 }),
        ),
      ).flat(),
    ],
    judgedFrom: now - day,
    finds: 0,
  },
  {
    name: 'a new contact and a few notes',
    kind: 'quiet',
    events: [...history, ...drip(2, 'newcomer.example')],
    judgedFrom: now - day,
    finds: 0,
  },
  {
    name: 'the first week of a tenant',
    kind: 'quiet',
    events: drip(10, 'paste.example'),
    judgedFrom: now - day,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
