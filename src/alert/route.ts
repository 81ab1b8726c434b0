/**
 * Which receivers an incident goes to, and how it is told there: a tree of routes as Alertmanager has it. An incident that fits a route
 * is offered to the routes below in order, up to the first that fits and does not say `continue`; where none fits, the route itself
 * has it. What a route leaves out it has from the one above.
 */
import { type Incident, type Label, leading, type Matcher } from '../incidents.js'
import { faulty, listOf, optional, type Reader, record, text, trueOrFalse } from '../yaml-reader.js'
import { duration } from './durations.js'
import { labelReader, matcherReader } from './inhibition.js'
import { isInside, type TimeInterval } from './time-intervals.js'

export interface Route {
  readonly receiver: string | undefined
  /** All of them have to fit. */
  readonly matchers: readonly Matcher[]
  readonly continue: boolean
  /** Incidents with the same of these are told together; `undefined` is as above. */
  readonly groupBy: readonly Label[] | undefined
  /** Microseconds. */
  readonly groupWait: number | undefined
  readonly groupInterval: number | undefined
  readonly repeatInterval: number | undefined
  /** Names of time intervals, of this route alone. */
  readonly mute: readonly string[]
  readonly active: readonly string[]
  readonly routes: readonly Route[]
}

/** How an incident is told to a receiver. Times in microseconds. */
export interface Routing {
  readonly receiver: string
  /** Route and labels: what has the same is told together. */
  readonly group: string
  /** How long the first of a group waits for others, and how long after a message the next one may go. */
  readonly groupWait: number
  readonly groupInterval: number
  /** What still stands and nobody acknowledged is told again after this; `undefined`: never. */
  readonly repeatInterval: number | undefined
  /** Whether its route is not to tell anything now. */
  isMuted(at: number): boolean
}

const second = 1_000_000

/** Alertmanager's word for all labels: each incident is told for itself. */
const each = '...'

const groupBy: Reader<readonly Label[]> = (node, place) => {
  const names = listOf(text())(node, place)
  if (names === faulty) return faulty
  if (names.length === 1 && names[0] === each) return ['incident']
  return listOf(labelReader)(node, place)
}

export const routeReader: Reader<Route> = (node, place) => {
  const read = record({
    receiver: optional<string | undefined>(text(), undefined),
    matchers: optional(listOf(matcherReader), []),
    continue: optional(trueOrFalse, false),
    group_by: optional<readonly Label[] | undefined>(groupBy, undefined),
    group_wait: optional<number | undefined>(duration(), undefined),
    group_interval: optional<number | undefined>(duration(), undefined),
    repeat_interval: optional<number | undefined>(duration(60 * second), undefined),
    mute_time_intervals: optional(listOf(text()), []),
    active_time_intervals: optional(listOf(text()), []),
    routes: optional(listOf(routeReader), []),
  })(node, place)
  if (read === faulty) return faulty
  const { group_by, group_wait, group_interval, repeat_interval, mute_time_intervals, active_time_intervals, ...same } =
    read
  return {
    ...same,
    groupBy: group_by,
    groupWait: group_wait,
    groupInterval: group_interval,
    repeatInterval: repeat_interval,
    mute: mute_time_intervals,
    active: active_time_intervals,
  }
}

type Inherited = Pick<Route, 'receiver' | 'groupBy' | 'groupWait' | 'groupInterval' | 'repeatInterval'>

const none: Inherited = {
  receiver: undefined,
  groupBy: undefined,
  groupWait: undefined,
  groupInterval: undefined,
  repeatInterval: undefined,
}

/** Empty where the incident does not fit; each receiver at most once, by the first route that leads there. */
export function routed(
  route: Route,
  incident: Incident,
  intervals: readonly TimeInterval[] = [],
  above: Inherited = none,
  path = '0',
): readonly Routing[] {
  if (!route.matchers.every((fits) => fits(incident))) return []
  const own: Inherited = {
    receiver: route.receiver ?? above.receiver,
    groupBy: route.groupBy ?? above.groupBy,
    groupWait: route.groupWait ?? above.groupWait,
    groupInterval: route.groupInterval ?? above.groupInterval,
    repeatInterval: route.repeatInterval ?? above.repeatInterval,
  }
  const found: Routing[] = []
  for (const [index, below] of route.routes.entries()) {
    const there = routed(below, incident, intervals, own, `${path}.${index}`)
    found.push(...there)
    if (there.length > 0 && !below.continue) break
  }
  if (found.length === 0) return [routingOf(route, own, incident, intervals, path)]
  const first = new Map<string, Routing>()
  for (const routing of found) if (!first.has(routing.receiver)) first.set(routing.receiver, routing)
  return [...first.values()]
}

function routingOf(
  { mute, active }: Route,
  { receiver = '', groupBy: labels, groupWait, groupInterval, repeatInterval }: Inherited,
  incident: Incident,
  intervals: readonly TimeInterval[],
  path: string,
): Routing {
  // Grouped, Alertmanager's times hold; where each is told for itself, there is nothing to wait for.
  const grouped = labels !== undefined && !labels.includes('incident')
  const inside = (names: readonly string[], at: number): boolean =>
    names.some((name) => intervals.some((one) => one.name === name && isInside(one, at)))
  return {
    receiver,
    group: JSON.stringify([
      path,
      incident.tenant,
      ...(labels ?? ['incident']).map((label) => leading(incident, label)),
    ]),
    groupWait: groupWait ?? (grouped ? 30 * second : 0),
    groupInterval: groupInterval ?? (grouped ? 300 * second : 0),
    repeatInterval,
    isMuted: (at) => (active.length > 0 && !inside(active, at)) || inside(mute, at),
  }
}

/** Every receiver that a route and those below name. */
export const namesIn = (route: Route): readonly string[] => [
  ...(route.receiver === undefined ? [] : [route.receiver]),
  ...route.routes.flatMap(namesIn),
]

/** Every time interval that a route and those below name. */
export const intervalsIn = (route: Route): readonly string[] => [
  ...route.mute,
  ...route.active,
  ...route.routes.flatMap(intervalsIn),
]

/** After which times a route and those below tell again, microseconds. */
export const repeatsIn = (route: Route): readonly number[] => [
  ...(route.repeatInterval === undefined ? [] : [route.repeatInterval]),
  ...route.routes.flatMap(repeatsIn),
]
