/** One audit event as rows of the tables that keep it, and back. */

import type { Fingerprint } from '@watchkeeper/sdk/event'
import type { AuditEvent } from '../audit-event.js'
import { columnOf, type EventField, eventFields } from './event-columns.js'
import {
  type Cell,
  type Columns,
  flag,
  hash64,
  list,
  micros,
  optionalUuid,
  type RowOf,
  text,
  uint32,
  uuid,
} from './native.js'
import { isWeak, type Placed, weakIn, withoutWeak, withWeak } from './orders.js'
import type { Variant } from './variants.js'

export const eventColumns: Columns = {
  ...Object.fromEntries(Object.entries(eventFields).map(([field, type]) => [columnOf(field), type])),
  stored_at: micros,
}

export const fingerprintColumns = {
  tenant: text(),
  session_key: text(),
  kept_at: micros,
  record_id: uuid,
  content_hash: hash64,
  place: text<'argument' | 'result' | 'order'>(),
  weak: flag,
  key_id: text(),
  kinds: list(text<Fingerprint['kind']>()),
  hashes: list(hash64),
  leaves: list(uint32),
  positions: list(uint32),
}
export type FingerprintRow = RowOf<typeof fingerprintColumns>

export const keyColumns = {
  key: uuid,
  tenant: text(),
  session_key: text(),
  kept_at: micros,
  record_id: uuid,
  content_hash: hash64,
  call_key: optionalUuid,
  form: text<AuditEvent['form']>(),
  role: text<AuditEvent['role']>(),
  side: text<AuditEvent['side']>(),
  owner: text(),
  stored_at: micros,
}

const fields = Object.keys(eventFields) as EventField[]
const names = fields.map((field) => [field, columnOf(field)] as const)

const fieldOf: Readonly<Record<string, EventField>> = Object.fromEntries(
  names.map(([field, column]) => [column, field]),
)

/** The columns of `events` out of an event. */
export const eventCell =
  (storedAt: number): Cell<AuditEvent> =>
  (event, column) => {
    const field = fieldOf[column]
    if (field === 'orders') return withoutWeak(event.orders)
    return field === undefined ? storedAt : event[field]
  }

/** Only calls have two sides. A call's own key row makes its sides find each other. */
export function keyRows(event: AuditEvent, storedAt: number): RowOf<typeof keyColumns>[] {
  const callKey = event.kind === 'call' ? event.callKey : ''
  const row = {
    key: event.recordId,
    tenant: event.tenant,
    session_key: event.sessionKey,
    kept_at: event.keptAt,
    record_id: event.recordId,
    content_hash: event.contentHash,
    call_key: callKey,
    form: event.form,
    role: event.role,
    side: event.side,
    owner: event.owner,
    stored_at: storedAt,
  }
  return callKey === '' ? [row] : [row, { ...row, key: callKey }]
}

export const variantOf = (row: RowOf<typeof keyColumns>): Variant => ({
  tenant: row.tenant,
  sessionKey: row.session_key,
  keptAt: row.kept_at,
  recordId: row.record_id,
  contentHash: row.content_hash,
  callKey: row.call_key,
  form: row.form,
  role: row.role,
  side: row.side,
  owner: row.owner,
  storedAt: row.stored_at,
})

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] }

export function fingerprintRows(event: AuditEvent): FingerprintRow[] {
  const rows: FingerprintRow[] = []
  addRows(rows, event, 'argument', inOrder(event.argFingerprints))
  addRows(rows, event, 'result', inOrder(event.resultFingerprints))
  addRows(rows, event, 'order', weakIn(event.orders))
  return rows
}

const inOrder = (fingerprints: readonly Fingerprint[]): Placed[] =>
  fingerprints.map((fingerprint, position) => ({ fingerprint, position }))

function addRows(
  rows: FingerprintRow[],
  event: AuditEvent,
  place: FingerprintRow['place'],
  values: readonly Placed[],
): void {
  const row = (weak: boolean): Mutable<FingerprintRow> => ({
    tenant: event.tenant,
    session_key: event.sessionKey,
    kept_at: event.keptAt,
    record_id: event.recordId,
    content_hash: event.contentHash,
    place,
    weak,
    key_id: event.keyId,
    kinds: [],
    hashes: [],
    leaves: [],
    positions: [],
  })
  const strong = row(false)
  const weak = row(true)
  for (const { fingerprint, position } of values) {
    const chosen = isWeak(fingerprint) ? weak : strong
    chosen.kinds.push(fingerprint.kind)
    chosen.hashes.push(fingerprint.hash)
    chosen.leaves.push(fingerprint.leaf)
    chosen.positions.push(position)
  }
  for (const chosen of [strong, weak]) if (chosen.kinds.length > 0) rows.push(chosen)
}

/** The fingerprints of one place of one record, from its rows, in their order. What expired is missing. */
export const fingerprintsOf = (rows: readonly FingerprintRow[], place: FingerprintRow['place']): Fingerprint[] =>
  placed(rows, place).map(({ fingerprint }) => fingerprint)

function placed(rows: readonly FingerprintRow[], place: FingerprintRow['place']): Placed[] {
  return rows
    .filter((row) => row.place === place)
    .flatMap((row) =>
      row.kinds.map((kind, index) => ({
        position: row.positions[index] ?? 0,
        fingerprint: { kind, hash: row.hashes[index] ?? '', leaf: row.leaves[index] ?? 0 },
      })),
    )
    .sort((one, other) => one.position - other.position)
}

/**
 * `SELECT` list under which {@link readRow} finds its columns. Its names are those of the columns, and ClickHouse prefers the
 * former in a `WHERE`: conditions belong in a subquery.
 */
export const selectList = (columns: Columns, only: readonly string[] = Object.keys(columns)): string =>
  only.map((name) => `${columnType(columns, name).select(name)} AS ${name}`).join(', ')

export function readRow<C extends Columns>(columns: C, row: Readonly<Record<string, unknown>>): RowOf<C> {
  return Object.fromEntries(
    Object.keys(row)
      .filter((name) => name in columns)
      .map((name) => [name, columnType(columns, name).read(row[name])]),
  ) as RowOf<C>
}

const columnType = (columns: Columns, name: string) => {
  const type = columns[name]
  if (type === undefined) throw new TypeError(`there is no column ${name}`)
  return type
}

export function eventOf(row: Readonly<Record<string, unknown>>, fingerprints: readonly FingerprintRow[]): AuditEvent {
  const event: Record<string, unknown> = {
    argFingerprints: fingerprintsOf(fingerprints, 'argument'),
    resultFingerprints: fingerprintsOf(fingerprints, 'result'),
  }
  for (const [field, column] of names) event[field] = eventFields[field].read(row[column])
  event['orders'] = withWeak(event['orders'] as AuditEvent['orders'], placed(fingerprints, 'order'))
  return event as unknown as AuditEvent
}
