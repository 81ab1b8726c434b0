/** The rows that the inventory is made of. */
import { producerEvent } from '@watchkeeper/sdk/event'
import { type AuditEvent, auditEventOf } from '../audit-event.js'
import type { Policies } from '../detect/index.js'
import type { Store } from '../store/index.js'

export interface Sight {
  readonly store: Pick<Store, 'query'>
  readonly policies: Policies
  /** [] is all. */
  readonly tenants: readonly string[]
  /** Most rows of an answer, those seen last first: names come from outside, and there may be any number of them. */
  readonly limit: number
}

export interface Inventory<Row> {
  /** Seen last first, where not said otherwise. */
  readonly rows: readonly Row[]
  /** There are more than the limit. */
  readonly more: boolean
}

/** Microseconds of a DateTime64(6) in a SELECT. */
export const micros = (column: string): string => `toUnixTimestamp64Micro(${column})`

export const ofTenants = '(empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})'

/** Asks for one row more than the limit, so that it is known whether there are more. */
export async function ask<Row>(sight: Sight, sql: string): Promise<Inventory<Row>> {
  const { store, tenants, limit } = sight
  const rows = await store.query<Row>(`${sql} LIMIT {rows:UInt32}`, { tenants, rows: limit + 1 })
  return { rows: rows.slice(0, limit), more: rows.length > limit }
}

/** A call of a tool as it is usual, to ask the policy about. */
export const callOf = (tenant: string, given: Partial<AuditEvent>): AuditEvent =>
  auditEventOf(
    producerEvent({
      kind: 'call',
      method: 'tools/call',
      eventId: '',
      producerId: '',
      startedAt: 0,
      endedAt: 0,
      ...given,
    }),
    { tenant, owner: '', role: 'server', form: 'event', receivedAt: 0 },
  )

const classes: readonly string[] = ['high-impact', 'write', 'unknown', 'read']

/** What weighs most of what is claimed: a claim may raise a class. */
export const gravest = <Class extends string>(claims: readonly Class[]): Class | undefined =>
  [...claims].sort((a, b) => rankOf(a) - rankOf(b))[0]

const rankOf = (name: string): number => {
  const at = classes.indexOf(name)
  return at < 0 ? classes.length : at
}
