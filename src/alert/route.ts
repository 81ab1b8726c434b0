/**
 * Which receivers an incident goes to: a tree of routes as Alertmanager has it. An incident that fits a route is offered to
 * the routes below in order, up to the first that fits and does not say `continue`; where none fits, the route itself has it.
 */

import type { Incident } from '../incidents.js'
import { faulty, listOf, optional, type Reader, record, text, trueOrFalse } from '../yaml-reader.js'

export interface Route {
  /** What a route leaves out it has from the one above. */
  readonly receiver: string | undefined
  /** All of them have to fit. */
  readonly matchers: readonly Matcher[]
  readonly continue: boolean
  readonly routes: readonly Route[]
}

type Label = 'tenant' | 'severity' | 'detector'
export type Matcher = (incident: Incident) => boolean

const form = /^\s*(\w+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"\s]+))\s*$/
const labels: Readonly<Record<Label, (incident: Incident) => readonly string[]>> = {
  tenant: ({ tenant }) => [tenant],
  severity: ({ severity }) => [severity],
  detector: ({ findings }) => findings.map(({ detector }) => detector),
}

/** `severity=~"high|critical"`. An incident has several detectors: `=` fits where one is, `!=` where none is. A string is what is wrong. */
export function matcherOf(source: string): Matcher | string {
  const [, label = '', operator = '', quoted, bare = ''] = form.exec(source) ?? []
  if (label === '') return 'expected a matcher: severity=~"high|critical", tenant="acme", detector!="outbound-volume"'
  if (!Object.hasOwn(labels, label)) return `there is no label ${label}: tenant, severity, detector`
  const value = quoted?.replace(/\\(["\\])/g, '$1') ?? bare
  let fits: (text: string) => boolean = (found) => found === value
  if (operator.endsWith('~')) {
    try {
      const pattern = new RegExp(`^(?:${value})$`, 'u')
      fits = (found) => pattern.test(found)
    } catch {
      return `${value} is not a regular expression`
    }
  }
  const wanted = !operator.startsWith('!')
  return (incident) => labels[label as Label](incident).some(fits) === wanted
}

const matcher: Reader<Matcher> = (node, place) => {
  const source = text()(node, place)
  if (source === faulty) return faulty
  const read = matcherOf(source)
  return typeof read === 'string' ? place.fault(node, read) : read
}

export const routeReader: Reader<Route> = (node, place) =>
  record({
    receiver: optional<string | undefined>(text(), undefined),
    matchers: optional(listOf(matcher), []),
    continue: optional(trueOrFalse, false),
    routes: optional(listOf(routeReader), []),
  })(node, place)

/** Names of receivers; empty where the incident does not fit. */
export function routed(route: Route, incident: Incident, above = ''): readonly string[] {
  if (!route.matchers.every((fits) => fits(incident))) return []
  const own = route.receiver ?? above
  const names: string[] = []
  for (const below of route.routes) {
    const found = routed(below, incident, own)
    names.push(...found)
    if (found.length > 0 && !below.continue) break
  }
  return names.length > 0 ? [...new Set(names)] : [own]
}

/** Every receiver that a route and those below name. */
export const namesIn = (route: Route): readonly string[] => [
  ...(route.receiver === undefined ? [] : [route.receiver]),
  ...route.routes.flatMap(namesIn),
]
