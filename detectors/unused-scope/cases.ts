import type { AuditEvent, QueryCase } from '#detector'
import { auditEvent, baseTime, second } from '../../test/support/events.js'

const day = 86_400 * second
const midnight = Math.floor(baseTime / day) * day
const now = midnight + 40 * day

let made = 0
/** A day's calls with the scopes held. */
const worked = (
  daysAgo: number,
  scopes: readonly string[],
  tools: readonly string[],
  given: Partial<AuditEvent> = {},
): AuditEvent[] =>
  tools.map((tool) => {
    const at = now - daysAgo * day + (600 + (made++ % 1000)) * second
    return auditEvent({
      eventId: `w${made}`,
      startedAt: at,
      endedAt: at,
      scopes,
      tool,
      verbs: ['read'],
      traceId: '',
      conversationId: `day ${daysAgo}`,
      ...given,
    })
  })
const month = (scopes: readonly string[], tools: readonly string[], given: Partial<AuditEvent> = {}): AuditEvent[] =>
  Array.from({ length: 36 }, (_, index) => worked(index, scopes, tools, given)).flat()

export default [
  {
    name: 'calendars and sending of mail, and only mail was read',
    kind: 'fires',
    events: month(['mail:read', 'mail:send', 'calendar:read'], ['list_mails', 'read_mail']),
    judgedFrom: now,
    finds: 1,
    severity: 'info',
  },
  {
    name: 'noisy, benign: everything that is held is used, if seldom',
    kind: 'quiet',
    events: [
      ...month(['mail:read', 'mail:send'], ['list_mails', 'read_mail']),
      ...worked(12, ['mail:read', 'mail:send'], ['send_mail'], { verbs: ['message'] }),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'a scope that the server challenged for',
    kind: 'quiet',
    events: [
      ...month(['mail:read', 'files:write'], ['list_mails']),
      ...worked(3, ['mail:read'], [''], {
        kind: 'authorization',
        scopesChallenged: ['files:write'],
        decision: 'challenged',
      }),
    ],
    judgedFrom: now,
    finds: 0,
  },
  {
    name: 'held for a month, and hardly used: too little to say what is needed',
    kind: 'quiet',
    events: [36, 20, 10, 1].flatMap((ago) => worked(ago, ['mail:read', 'calendar:read'], ['list_mails'])),
    judgedFrom: now - day,
    finds: 0,
    notEvaluated: 'history',
  },
  {
    name: 'held for a week only',
    kind: 'quiet',
    events: Array.from({ length: 7 }, (_, index) =>
      worked(index, ['mail:read', 'calendar:read'], ['list_mails', 'a', 'b', 'c']),
    ).flat(),
    judgedFrom: now,
    finds: 0,
  },
] satisfies QueryCase[]
