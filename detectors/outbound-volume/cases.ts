import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const hour = 3_600 * second
/** The hour that is judged last, and by which a story's history has ended. */
const now = baseTime + 40 * hour

interface Sent {
  readonly subject?: string
  readonly to?: string
  readonly bytes: number
  readonly calls?: number
}

/** Calls within the hour that begins `ago` hours before the judged one. */
function sent(ago: number, { subject = 'alice', to = 'api.partner.example', bytes, calls = 1 }: Sent): AuditEvent[] {
  return Array.from({ length: calls }, (_, index) => {
    const endedAt = now - ago * hour + (index + 1) * second
    return auditEvent({
      eventId: `${subject} ${to} ${ago} ${index}`,
      subject,
      conversationId: `${subject} ${ago}`,
      traceId: '',
      tool: 'upload',
      endedAt,
      argBytes: Math.round(bytes / calls),
      destinations: [to],
    })
  })
}

/** Between 8 and 12 kB in each of the last hours, the same in every run. */
const usual = (hours: number, given: Omit<Sent, 'bytes'> = {}): AuditEvent[] =>
  Array.from({ length: hours }, (_, index) =>
    sent(index + 1, { ...given, bytes: 8_000 + ((index * 7) % 5) * 1_000 }),
  ).flat()

const peers = ['bob', 'carol', 'dave'].flatMap((subject) => usual(30, { subject }))

export default [
  {
    name: 'fifty times the usual, to a place that nobody ever sent anything to',
    kind: 'fires',
    events: [...usual(30), ...peers, ...sent(0, { to: 'paste.example', bytes: 500_000, calls: 5 })],
    judgedFrom: now,
    finds: 1,
    severity: 'high',
  },
  {
    name: 'fifty times the usual, to the usual place',
    kind: 'fires',
    events: [...usual(30), ...peers, ...sent(0, { bytes: 500_000 })],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'many small calls where one an hour is usual',
    kind: 'fires',
    events: [...usual(30), ...peers, ...sent(0, { bytes: 12_000, calls: 120 })],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'a subject without a past is measured by its peers',
    kind: 'fires',
    events: [...peers, ...sent(0, { subject: 'newcomer', bytes: 500_000 })],
    judgedFrom: now,
    finds: 1,
    severity: 'medium',
  },
  {
    name: 'noisy, benign: large and irregular every day',
    kind: 'quiet',
    events: [
      ...Array.from({ length: 30 }, (_, index) => sent(index + 1, { bytes: 50_000 * (1 + ((index * 5) % 7)) })).flat(),
      ...sent(0, { bytes: 420_000 }),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'unusual for the subject, ordinary for its peers',
    kind: 'quiet',
    events: [
      ...usual(30),
      ...['bob', 'carol', 'dave'].flatMap((subject) =>
        Array.from({ length: 30 }, (_, index) =>
          sent(index + 1, { subject, bytes: 400_000 + ((index * 7) % 5) * 50_000 }),
        ).flat(),
      ),
      ...sent(0, { bytes: 500_000 }),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'ten times the usual of next to nothing',
    kind: 'quiet',
    events: [
      ...Array.from({ length: 30 }, (_, index) => sent(index + 1, { bytes: 500 })).flat(),
      ...sent(0, { bytes: 5_000 }),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'one call reported twenty times counts once',
    kind: 'quiet',
    events: [...usual(30), ...peers, ...Array.from({ length: 20 }, () => sent(0, { bytes: 11_000 })).flat()],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'the first day of a tenant',
    kind: 'quiet',
    events: [...usual(5), ...sent(0, { bytes: 500_000 })],
    judgedFrom: now,
    finds: 0,
    notEvaluated: 'history',
  },
] satisfies QueryCase[]
