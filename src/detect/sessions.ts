/**
 * What the store hands over for a session's keys is not yet a session: records of two subjects may carry one key, records
 * without a key are only known to be of one subject and client, and a session may be longer than what is judged at once.
 */
import type { AuditEvent } from '../audit-event.js'

/** Most events that are judged together. */
export const windowSize = 500

/** The events of one session, at most a window of them, in order. */
export interface Piece {
  readonly tenant: string
  readonly id: string
  readonly subject: string
  readonly events: readonly AuditEvent[]
  /** Older events were left out. */
  readonly truncated: boolean
}

export interface Cut {
  readonly tenant: string
  /** The session's id: the strongest of its keys, as the store resolved them. */
  readonly id: string
  /** Microseconds of silence that end a session of records without a key. */
  readonly idle: number
  readonly truncated: boolean
}

/** Orders as `Session.events` promises: by end, then start, then record id. */
export const byTime = (a: AuditEvent, b: AuditEvent): number =>
  a.endedAt - b.endedAt || a.startedAt - b.startedAt || (a.recordId < b.recordId ? -1 : a.recordId > b.recordId ? 1 : 0)

/**
 * The sessions in one list of events. Two authenticated subjects are never joined, whatever their records say: a key is
 * only a claim, and to be judged together is to vouch for each other. Where there are two, records that name nobody stand
 * alone; where there is one, they are its own (a client's side of a call knows no token).
 */
export function piecesOf(events: readonly AuditEvent[], cut: Cut): Piece[] {
  const ordered = [...events].sort(byTime)
  const subjects = new Set(ordered.map(({ subject }) => subject).filter((subject) => subject !== ''))
  const [only = ''] = subjects
  const owners = subjects.size <= 1 ? [only] : [...new Set(ordered.map(({ subject }) => subject))]
  return owners.flatMap((subject) => {
    const own = subjects.size <= 1 ? ordered : ordered.filter((event) => event.subject === subject)
    const id = subjects.size <= 1 ? cut.id : `${cut.id} ${subject === '' ? '(nobody named)' : subject}`
    return idleCuts(own, cut).map((part) => ({ tenant: cut.tenant, subject, id: part.id(id), ...part.rest }))
  })
}

interface IdlePart {
  readonly id: (session: string) => string
  readonly rest: Pick<Piece, 'events' | 'truncated'>
}

/** Records with a key are one session however long they pause; those without end at the first long silence. */
function idleCuts(events: readonly AuditEvent[], { id, idle, truncated }: Cut): IdlePart[] {
  if (!id.startsWith('s:')) return [{ id: (session) => session, rest: { events, truncated } }]
  const parts: AuditEvent[][] = []
  let end = Number.NEGATIVE_INFINITY
  for (const event of events) {
    if (event.startedAt - end > idle) parts.push([])
    parts.at(-1)?.push(event)
    end = Math.max(end, event.endedAt)
  }
  return parts.map((part, index) => {
    const begun = new Date((part[0]?.startedAt ?? 0) / 1000).toISOString()
    // The first part may have begun before what was fetched: then its start is not known, and not part of its id.
    const open = truncated && index === 0
    return { id: (session) => (open ? session : `${session} ${begun}`), rest: { events: part, truncated: open } }
  })
}
