/**
 * The sentences of a result stay as long as their event, but not the weak values in them (names, dates, numbers, shingles):
 * whoever holds the keys could guess those, so they stand among the weak fingerprints and expire with them.
 */
import { type Fingerprint, type Order, weakAtomKinds } from '@watchkeeper/sdk/event'

/** A value and where it stood; in sentences, see {@link placeOf}. */
export interface Placed {
  readonly fingerprint: Fingerprint
  readonly position: number
}

const weakKinds: ReadonlySet<string> = new Set(weakAtomKinds)
export const isWeak = ({ kind }: Fingerprint): boolean => weakKinds.has(kind)

/** The lists of a sentence that hold values. Their order is part of what is stored. */
const lists = ['atoms', 'following', 'shingles'] as const
type List = (typeof lists)[number]

/** One number for the sentence, the list and the index in it. */
const placeOf = (order: number, list: number, index: number): number => (order * lists.length + list) * 65_536 + index

const valuesIn = (order: Order, list: List): readonly Fingerprint[] =>
  list === 'shingles' ? order.shingles.map((hash) => ({ kind: 'shingle', hash, leaf: 0 })) : order[list]

const strongIn = (fingerprints: readonly Fingerprint[]): Fingerprint[] => fingerprints.filter((one) => !isWeak(one))

/** What stays with the event. */
export const withoutWeak = (orders: readonly Order[]): Order[] =>
  orders.map((order) => ({
    ...order,
    atoms: strongIn(order.atoms),
    following: strongIn(order.following),
    shingles: [],
  }))

/** What expires early. */
export const weakIn = (orders: readonly Order[]): Placed[] =>
  orders.flatMap((order, at) =>
    lists.flatMap((list, number) =>
      valuesIn(order, list).flatMap((fingerprint, index) =>
        isWeak(fingerprint) ? [{ fingerprint, position: placeOf(at, number, index) }] : [],
      ),
    ),
  )

/** The sentences as they were, or without what has expired. */
export function withWeak(orders: readonly Order[], weak: readonly Placed[]): readonly Order[] {
  if (weak.length === 0) return orders
  const byPosition = new Map(weak.map(({ position, fingerprint }) => [position, fingerprint]))
  return orders.map((order, at) => {
    const whole = (list: List): Fingerprint[] => {
      const strong = [...strongIn(valuesIn(order, list))]
      const values: Fingerprint[] = []
      for (let index = 0; ; index++) {
        const value = byPosition.get(placeOf(at, lists.indexOf(list), index)) ?? strong.shift()
        if (value === undefined) return values
        values.push(value)
      }
    }
    return {
      ...order,
      atoms: whole('atoms'),
      following: whole('following'),
      shingles: whole('shingles').map(({ hash }) => hash),
    }
  })
}
