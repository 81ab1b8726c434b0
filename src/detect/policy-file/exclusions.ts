/**
 * What somebody decided not to be told of, for a reason and until a day. An excluded finding is recorded all the same: only
 * so can be seen what an exclusion hides.
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { PolicyFile, Section } from '../../policy-file.js'
import { faulty, listOf, optional, type ReadBy, type Reader, record, required, text } from '../../yaml-reader.js'
import type { Circumstances, Exclusions } from '../exclusion.js'
import { fits } from './names.js'
import { placeFault, placesOf } from './places.js'
import { anyOf, maybe, name } from './sections.js'

const day = 86_400_000

const id = text((value) =>
  /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value) && value.length <= 64 ? undefined : 'expected lower-case words with hyphens',
)

/** The end of a day (UTC) in microseconds. */
const date: Reader<number> = (node, place) => {
  const value = text((given) => {
    const time = Date.parse(`${given}T00:00:00Z`)
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(given) && !Number.isNaN(time)
    return isDay && new Date(time).toISOString().startsWith(given) ? undefined : 'expected a day such as 2027-03-31'
  })(node, place)
  return value === faulty ? faulty : (Date.parse(`${value}T00:00:00Z`) + day) * 1000
}

/** A file of recorded sessions, from the policy file's folder. */
const recording: Reader<string> = (node, place) => {
  const value = text()(node, place)
  if (value === faulty) return faulty
  const path = resolve(place.folder, value)
  return existsSync(path) ? path : place.fault(node, `there is no file ${path}`)
}

const matchers = ['server', 'tool', 'subject', 'destination', 'scope']

const exclusion = record(
  {
    id: required(id),
    detector: required(id),
    server: maybe,
    tool: maybe,
    subject: maybe,
    destination: optional<string | undefined>(text(placeFault), undefined),
    scope: maybe,
    owner: required(name),
    reason: required(text()),
    expires: required(date),
    case: required(recording),
  },
  // Without one it would switch a detector off, which is another decision.
  anyOf(matchers),
)
export type Exclusion = ReadBy<typeof exclusion>

export const exclusions: Section<readonly Exclusion[]> = {
  name: 'exclusions',
  reader(node, place) {
    const read = listOf(exclusion)(node, place)
    if (read === faulty) return faulty
    const ids = read.map((one) => one.id)
    const twice = ids.find((one, at) => ids.indexOf(one) !== at)
    return twice === undefined ? read : place.fault(node, `${twice} is the id of two exclusions`)
  },
}

/** Those of the file: of all tenants, each with the tenant it is for ('' is all). */
export const exclusionsIn = (file: PolicyFile): readonly (Exclusion & { readonly tenant: string })[] => {
  const common = file.of(exclusions, '').flat()
  return [
    ...common.map((one) => ({ ...one, tenant: '' })),
    ...file.tenants.flatMap((tenant) =>
      file
        .of(exclusions, tenant)
        .flat()
        .filter((one) => !common.includes(one))
        .map((one) => ({ ...one, tenant })),
    ),
  ]
}

export const hasExpired = ({ expires }: Pick<Exclusion, 'expires'>, now: number): boolean => now >= expires

/** The file's exclusions as detection asks for them. */
export function exclusionsOf(file: PolicyFile): Exclusions {
  const known = new Map(
    ['', ...file.tenants].map((tenant) => [
      tenant,
      file
        .of(exclusions, tenant)
        .flat()
        .map((one) => ({ ...one, covers: coverageOf(one) })),
    ]),
  )
  return (tenant, circumstances, now) =>
    (known.get(tenant) ?? known.get('') ?? []).find((one) => !hasExpired(one, now) && one.covers(circumstances))?.id ??
    ''
}

/** One alone, whatever its last day: for its proof. */
export function exclusionOf(one: Exclusion): Exclusions {
  const covers = coverageOf(one)
  return (_, circumstances) => (covers(circumstances) ? one.id : '')
}

/**
 * All matchers have to fit. One about destinations or scopes asks all of them: what also went elsewhere is not what somebody
 * agreed to, and where none is known nothing is.
 */
function coverageOf(one: Exclusion): (circumstances: Circumstances) => boolean {
  const isThere = one.destination === undefined ? undefined : placesOf([one.destination])
  return ({ detector, server, tool, subject, destinations, scopes }) =>
    detector === one.detector &&
    fits(one.server, server) &&
    fits(one.tool, tool) &&
    fits(one.subject, subject) &&
    (isThere === undefined || (destinations.length > 0 && destinations.every(isThere))) &&
    (one.scope === undefined || (scopes.length > 0 && scopes.every((scope) => fits(one.scope, scope))))
}
