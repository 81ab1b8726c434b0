/** The words in which detectors name things: the same for all, so that evidence reads as one report. */
import type { AuditEvent } from '../audit-event.js'
import type { EvidenceStep } from '../finding.js'

/** One line of evidence about an event. */
export function stepOf(event: AuditEvent, part: EvidenceStep['part'], note: string): EvidenceStep {
  return { recordId: event.recordId, eventId: event.eventId, at: event.endedAt, part, note }
}

/** `send_email (mail)`: the tool (or the method) and, where it is known, the server. */
export function nameOf({ serverName, serverAddress, tool, method, kind }: AuditEvent): string {
  const server = serverName || serverAddress
  const what = tool || method || kind
  return server === '' ? what : `${what} (${server})`
}

/** The call did not do what it was asked for; an answer that asks back is on its way to it. */
export const failed = ({ outcome }: AuditEvent): boolean => outcome !== 'ok' && outcome !== 'input_required'

/** Who acted, for the start of a sentence. */
export const whoOf = ({ subject }: { readonly subject: string }): string => subject || 'an unnamed subject'

/** `a, b, c and 4 more`. */
export function listed(items: Iterable<string>, most = 5): string {
  const all = [...items]
  return all.length <= most ? all.join(', ') : `${all.slice(0, most).join(', ')} and ${all.length - most} more`
}
