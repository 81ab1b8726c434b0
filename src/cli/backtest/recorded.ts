/** Recorded sessions into a scratch store, as a service would have received them, and the verdicts on them back by session. */
import type { Capturer } from '@watchkeeper/sdk/capture'
import { type AuditEvent, auditEventOf } from '../../audit-event.js'
import { fingerprintOf } from '../../detect/index.js'
import type { Finding } from '../../finding.js'
import { type RecordedSession, readRecorded, recordedEvents } from '../../recorded.js'
import type { Store } from '../../store/index.js'
import { excluded, type SessionLine } from './report.js'

export interface IngestOptions {
  readonly files: readonly string[]
  readonly store: Pick<Store, 'insertEvents'>
  readonly capturer: Capturer
  /** Microseconds: when every session begins. */
  readonly baseTime: number
  /** The tenant that findings are told for. */
  readonly tenant: string
  /** All sessions in that one tenant; else each in a tenant of its own, so that none knows of another. */
  readonly together: boolean
  /** A line that is no session. The lines after it are still read. */
  readonly onFault: (message: string) => void
  readonly onSession: (sessions: number) => void
  readonly signal: AbortSignal
}

/** What was put into the store, and where to find it again. */
export interface Ingested {
  /** Ids of the sessions, in the order of the files. */
  readonly sessions: readonly string[]
  /** Which session and which of its calls a record is. */
  readonly calls: ReadonlyMap<string, { readonly session: number; readonly index: number }>
  /** The session that a tenant of its own stands for, and which one a session key is. */
  readonly tenants: ReadonlyMap<string, number>
  readonly keys: ReadonlyMap<string, number>
  /** Microseconds: end of the last event. */
  readonly lastAt: number
}

const batchEvents = 5_000

/** Throws `WK_FILE_UNREADABLE`. */
export async function ingest(options: IngestOptions): Promise<Ingested> {
  const { files, store, baseTime, signal } = options
  const sessions: string[] = []
  const calls = new Map<string, { session: number; index: number }>()
  const tenants = new Map<string, number>()
  const keys = new Map<string, number>()
  const seen = new Set<string>()
  let lastAt = baseTime
  let batch: AuditEvent[] = []
  for (const file of files) {
    for await (const line of readRecorded(file, seen)) {
      if (signal.aborted) return { sessions, calls, tenants, keys, lastAt }
      if ('fault' in line) {
        options.onFault(line.fault.message)
        continue
      }
      const number = sessions.push(line.session.id) - 1
      const tenant = options.together ? options.tenant : `s${number}`
      if (!options.together) tenants.set(tenant, number)
      for (const event of eventsOf(line.session, tenant, options)) {
        if (event.kind === 'call') calls.set(event.recordId, { session: number, index: Number(event.requestId) })
        keys.set(event.sessionKey, number)
        lastAt = Math.max(lastAt, event.endedAt)
        batch.push(event)
      }
      if (batch.length >= batchEvents) {
        await store.insertEvents(batch)
        batch = []
      }
      options.onSession(sessions.length)
    }
  }
  if (batch.length > 0) await store.insertEvents(batch)
  return { sessions, calls, tenants, keys, lastAt }
}

/** Received the moment they ended, through an agent's key: what the recording says of the user is believed. */
const eventsOf = (session: RecordedSession, tenant: string, { capturer, baseTime }: IngestOptions): AuditEvent[] =>
  recordedEvents(session, { capturer, baseTime }).map((event) =>
    auditEventOf(event, { tenant, owner: 'backtest', role: 'agent', form: 'event', receivedAt: event.endedAt }),
  )

interface NotEvaluated {
  readonly tenant: string
  readonly session: string
  readonly detector: string
  readonly input: string
}

/**
 * One line for each session, in the order of the files. A finding's fingerprint is that of a live run in the told tenant.
 * One about several sessions (`--together`) stands in the line of each.
 */
export function sessionLines(
  { sessions, calls, tenants, keys }: Ingested,
  findings: readonly Finding[],
  notEvaluated: readonly NotEvaluated[],
  tenant: string,
): SessionLine[] {
  const lines = sessions.map((id) => ({
    id,
    findings: [] as SessionLine['findings'][number][],
    lacks: new Set<string>(),
  }))
  for (const finding of findings) {
    const places = finding.calls.flatMap((record) => calls.get(record) ?? [])
    const alone = tenants.get(finding.tenant)
    const about = new Set(alone === undefined ? places.map(({ session }) => session) : [alone])
    for (const number of about) {
      lines[number]?.findings.push({
        detector: finding.detector,
        severity: finding.severity,
        maturity: finding.maturity,
        calls: places.filter(({ session }) => session === number).map(({ index }) => index),
        fingerprint: fingerprintOf(finding.detector, tenant, finding.anchor),
        summary: finding.summary,
        score: finding.score,
        ...excluded(finding),
      })
    }
  }
  for (const row of notEvaluated) {
    const number = tenants.get(row.tenant) ?? keys.get(row.session)
    if (number !== undefined) lines[number]?.lacks.add(`${row.detector}: ${row.input}`)
  }
  return lines.map(({ id, findings: found, lacks }) => ({
    id,
    findings: found.sort(byFingerprint),
    not_evaluated: [...lacks].sort(),
  }))
}

const byFingerprint = (a: { fingerprint: string }, b: { fingerprint: string }): number =>
  a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0
