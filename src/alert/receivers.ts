/** The sections of the policy file that say who is told of what and when, and the receivers that they make. */
import { WatchkeeperError } from '../errors.js'
import { type Severity, severities } from '../finding.js'
import type { Incident, Places } from '../incidents.js'
import type { PolicyFile, Section } from '../policy-file.js'
import { faulty, listOf, oneOf, optional, type Reader, record, required, text } from '../yaml-reader.js'
import { type InhibitRule, inhibitor, inhibitRulesReader } from './inhibition.js'
import { type Kind, kinds } from './kinds.js'
import type { Notifier } from './notifiers/contract.js'
import { intervalsIn, namesIn, type Route, type Routing, repeatsIn, routed, routeReader } from './route.js'
import type { Environment } from './secrets.js'
import { type TimeInterval, timeIntervalsReader } from './time-intervals.js'

export interface Receiver {
  readonly notifier: Notifier
  readonly least: Severity
  /** How an incident is told here; `undefined` where its route leads elsewhere. */
  routing(incident: Incident): Routing | undefined
  /** The shortest time after which any route tells again what still stands, microseconds; `undefined`: none does. */
  readonly soonestReminder: number | undefined
  /** Whether any incident keeps another from being told. */
  readonly inhibits: boolean
  /** The one of those that stand that keeps this one from being told. */
  inhibitor(incident: Incident, standing: readonly Incident[]): Incident | undefined
}

/** A receiver that is told of each incident for itself and at once. */
export const atOnce = (
  notifier: Notifier,
  least: Severity,
  concerns: (incident: Incident) => boolean = () => true,
): Receiver => ({
  notifier,
  least,
  routing: (incident) =>
    concerns(incident)
      ? {
          receiver: notifier.name,
          group: JSON.stringify(['', incident.tenant, incident.id]),
          groupWait: 0,
          groupInterval: 0,
          repeatInterval: undefined,
          isMuted: () => false,
        }
      : undefined,
  soonestReminder: undefined,
  inhibits: false,
  inhibitor: () => undefined,
})

interface Described {
  readonly name: string
  readonly least: Severity
  readonly make: Kind
}

/** Receipts of the receiver that the settings name are kept under this name. */
export const webhookName = 'webhook'

const nameReader = text((value) => {
  if (value === webhookName) return `${webhookName} is the name of WATCHKEEPER_WEBHOOK_URL's receiver: take another`
  return /^[a-z0-9][a-z0-9_-]{0,62}$/.test(value) ? undefined : 'a receiver is lower-case letters, digits, - and _'
})
const kindNames = Object.keys(kinds)
const kindKeys = Object.fromEntries(
  Object.entries(kinds).map(([kind, reader]) => [kind, optional<Kind | undefined>(reader, undefined)]),
)
const keyed = record(
  { name: required(nameReader), min_severity: optional(oneOf(...severities), 'medium'), ...kindKeys },
  (value: Readonly<Record<string, unknown>>) =>
    kindNames.filter((kind) => value[kind] !== undefined).length === 1
      ? undefined
      : `expected exactly one of ${kindNames.join(', ')}`,
) as Reader<Readonly<Record<string, unknown>>>

const receiver: Reader<Described> = (node, place) => {
  const read = keyed(node, place)
  if (read === faulty) return faulty
  const make = kindNames.map((kind) => read[kind]).find((one) => one !== undefined) as Kind
  return { name: read['name'] as string, least: read['min_severity'] as Severity, make }
}

export const receiversSection: Section<readonly Described[]> = { name: 'receivers', reader: listOf(receiver) }
export const routeSection: Section<Route> = { name: 'route', reader: routeReader }
export const timeIntervalsSection: Section<readonly TimeInterval[]> = {
  name: 'time_intervals',
  reader: timeIntervalsReader,
}
export const inhibitRulesSection: Section<readonly InhibitRule[]> = {
  name: 'inhibit_rules',
  reader: inhibitRulesReader,
}
export const alertSections: readonly Section[] = [
  receiversSection,
  routeSection,
  timeIntervalsSection,
  inhibitRulesSection,
]

export interface Surroundings {
  /** Microseconds. */
  readonly now: () => number
  /** The variables `WATCHKEEPER_SECRET_…`. */
  readonly environment: Environment
  /** For links in messages. */
  readonly places?: Places
}

/**
 * The receivers of a policy file. A tenant's own route replaces the common one for its incidents, and only it leads to the
 * tenant's own receivers. Throws `WK_POLICY` where a name stands for two receivers or for none.
 */
export function receiversOf(file: PolicyFile, { now, environment, places }: Surroundings): readonly Receiver[] {
  const nobody = ''
  const common = file.of(receiversSection, nobody)[0] ?? []
  const commonRoute = file.of(routeSection, nobody)[0]
  const faults: string[] = []
  // A tenant's own come first, so its name for an interval goes before the common one.
  const intervals = ['', ...file.tenants].flatMap((tenant) => file.of(timeIntervalsSection, tenant).flat())
  const check = (where: string, route: Route | undefined, known: readonly Described[]): void => {
    if (route === undefined) {
      if (known.length > 0)
        faults.push(`${where} has receivers and no route: say route: { receiver: ${known[0]?.name} }`)
      return
    }
    if (route.receiver === undefined) faults.push(`${where}'s route names no receiver for what fits none of its routes`)
    if (route.matchers.length > 0) faults.push(`${where}'s route itself takes no matchers: put them into its routes`)
    for (const name of namesIn(route))
      if (!known.some((one) => one.name === name))
        faults.push(`${where}'s route leads to ${name}, which is no receiver`)
    for (const name of intervalsIn(route))
      if (!intervals.some((one) => one.name === name))
        faults.push(`${where}'s route names the time interval ${name}, which there is not`)
    if (route.mute.length + route.active.length > 0)
      faults.push(`${where}'s route itself takes no time intervals: put them into its routes`)
  }
  check('the file', commonRoute, common)
  const described = [...common]
  const routes = new Map<string, Route>()
  for (const tenant of file.tenants) {
    const own = file.of(receiversSection, tenant).filter((list) => list !== common)[0] ?? []
    const route = file.of(routeSection, tenant).find((one) => one !== commonRoute)
    if (route !== undefined || own.length > 0) check(`tenant ${tenant}`, route, [...own, ...common])
    if (route !== undefined) routes.set(tenant, route)
    described.push(...own)
  }
  const names = described.map(({ name }) => name)
  for (const name of new Set(names.filter((one, at) => names.indexOf(one) !== at)))
    faults.push(`two receivers are called ${name}`)
  if (faults.length > 0) throw new WatchkeeperError('WK_POLICY', `${file.path}: ${faults.join('; ')}`)

  const leadsTo = (incident: Incident): readonly Routing[] => {
    const route = routes.get(incident.tenant) ?? commonRoute
    return route === undefined ? [] : routed(route, incident, file.of(timeIntervalsSection, incident.tenant).flat())
  }
  const rulesOf = (tenant: string): readonly InhibitRule[] => file.of(inhibitRulesSection, tenant).flat()
  const everyRoute = [...(commonRoute === undefined ? [] : [commonRoute]), ...routes.values()]
  return described.map(({ name, least, make }) => ({
    notifier: make({ name, now, ...(places === undefined ? {} : { places }) }, environment),
    least,
    routing: (incident) => leadsTo(incident).find(({ receiver: there }) => there === name),
    soonestReminder: everyRoute.flatMap(repeatsIn).toSorted((a, b) => a - b)[0],
    inhibits: ['', ...file.tenants].some((tenant) => rulesOf(tenant).length > 0),
    inhibitor: (incident, standing) => inhibitor(rulesOf(incident.tenant), incident, standing),
  }))
}
