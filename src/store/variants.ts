/**
 * Which of several records stands for all: the rule by which copies, contradictions and the two sides of a call become one
 * row. It looks only at what never changes of a record, so that writers who see the same records decide the same.
 */
import type { AuditEvent } from '../audit-event.js'

/** One record as it was stored once. The same record id with other content, or another kept time, is another variant. */
export interface Variant
  extends Pick<
    AuditEvent,
    'tenant' | 'sessionKey' | 'keptAt' | 'recordId' | 'contentHash' | 'callKey' | 'form' | 'role' | 'side' | 'owner'
  > {
  /** Microseconds. */
  readonly storedAt: number
}

/**
 * - `duplicate`: the same content under another kept time (a late record, clamped anew with each attempt of its sender)
 * - `conflict`: the same record id with other content; the first stands, and the contradiction is evidence itself
 * - `same_call`: another record tells of the same call
 */
export type ShadowReason = 'duplicate' | 'conflict' | 'same_call'

export interface Shadow {
  readonly variant: Variant
  readonly reason: ShadowReason
  /** Record id of the one that stands. */
  readonly by: string
}

export const variantId = (variant: Pick<Variant, 'recordId' | 'contentHash' | 'keptAt'>): string =>
  `${variant.recordId}/${variant.contentHash}/${variant.keptAt}`

/** All records among the variants that another of them stands for. */
export function shadowsAmong(variants: readonly Variant[]): Shadow[] {
  const shadows: Shadow[] = []
  const standing: Variant[] = []
  for (const group of groupBy(variants, (variant) => variant.recordId)) {
    const [first, ...others] = group.sort(byStored)
    if (first === undefined) continue
    standing.push(first)
    for (const variant of others) {
      const reason = variant.contentHash === first.contentHash ? 'duplicate' : 'conflict'
      shadows.push({ variant, reason, by: first.recordId })
    }
  }
  const ofCalls = standing.filter((variant) => variant.callKey !== '')
  for (const group of groupBy(ofCalls, (variant) => `${variant.tenant}/${variant.callKey}`)) {
    const shown: Variant[] = []
    for (const variant of group.sort(byCredit)) {
      const standsFor = shown.find((other) => tellsOfSame(other, variant))
      if (standsFor === undefined) shown.push(variant)
      else shadows.push({ variant, reason: 'same_call', by: standsFor.recordId })
    }
  }
  return shadows
}

const roleOrder: readonly AuditEvent['role'][] = ['agent', 'tap', 'server']
const sideOrder: readonly AuditEvent['side'][] = ['client', 'server', 'unknown']

/** The key of a server cannot speak for the client, whatever side it claims. */
const sideOf = (variant: Variant): AuditEvent['side'] => (variant.role === 'server' ? 'server' : variant.side)

/**
 * Two holders of keys who both claim to be the same side of a call contradict each other; neither may hide the other. So
 * nobody can make a call disappear by telling of it first. And two events of one holder on one side are two calls: each
 * connection counts its requests from 0, so within one trace the calls of two servers often have equal ids.
 */
const tellsOfSame = (one: Variant, other: Variant): boolean =>
  sideOf(one) !== sideOf(other) || (one.owner === other.owner && (one.form === 'span' || other.form === 'span'))

const byText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const byStored = (one: Variant, other: Variant): number =>
  one.storedAt - other.storedAt || byText(variantId(one), variantId(other))

/** An event before a span, an agent's word before a server's, the client's side before the server's, then the first. */
const byCredit = (one: Variant, other: Variant): number =>
  Number(one.form === 'span') - Number(other.form === 'span') ||
  roleOrder.indexOf(one.role) - roleOrder.indexOf(other.role) ||
  sideOrder.indexOf(sideOf(one)) - sideOrder.indexOf(sideOf(other)) ||
  byStored(one, other)

function groupBy<T>(items: readonly T[], key: (item: T) => string): Iterable<T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups.values()
}
