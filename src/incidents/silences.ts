/** Silences: incidents that nobody is told of for a while. They stay in the lists, and are told when the silence ends and they still stand. */
import type { Store } from '../store/index.js'
import type { Incident } from './incident.js'
import type { Queries } from './incident-rows.js'
import { type Matcher, matcherOf } from './matchers.js'

export interface Silence {
  /** UUID. */
  readonly id: string
  /** '' silences in all tenants. */
  readonly tenant: string
  /** 1, 2, 3 …: a silence is never changed, each change is a further version. */
  readonly version: number
  /** As in a route; all of them have to fit. */
  readonly matchers: readonly string[]
  /** Who answers for it. */
  readonly owner: string
  readonly reason: string
  /** Microseconds, [startsAt, endsAt). */
  readonly startsAt: number
  readonly endsAt: number
  /** Who wrote this version, and when (microseconds). */
  readonly actor: string
  readonly at: number
}

/** A silence is for a while: what is never to be told is an exclusion of the policy file, with a case. Microseconds. */
export const longestSilence = 31 * 86_400_000_000

/** All that is wrong with it; empty where it can be kept. */
export function faultsOf(silence: Silence): readonly string[] {
  const faults = silence.matchers.map(matcherOf).filter((read) => typeof read === 'string')
  if (silence.matchers.length === 0) faults.push('a silence needs at least one matcher')
  if (silence.matchers.length > 20) faults.push('a silence has at most 20 matchers')
  if (silence.owner.trim() === '') faults.push('a silence needs an owner')
  if (silence.reason.trim() === '') faults.push('a silence needs a reason')
  if (silence.owner.length > 200 || silence.reason.length > 2_000) faults.push('owner or reason is too long')
  if (!(silence.endsAt > silence.startsAt)) faults.push('a silence ends after it starts')
  if (silence.endsAt - silence.startsAt > longestSilence) faults.push('a silence lasts at most 31 days')
  return faults
}

/** `at` in microseconds. */
export const isActive = ({ startsAt, endsAt }: Pick<Silence, 'startsAt' | 'endsAt'>, at: number): boolean =>
  startsAt <= at && at < endsAt

/** The silence that covers an incident at a time (microseconds), or `undefined`. Matchers are read once. */
export function silencer(silences: readonly Silence[]): (incident: Incident, at: number) => Silence | undefined {
  const ready = silences.map((silence) => ({ silence, matchers: silence.matchers.map(matcherOf) }))
  return (incident, at) =>
    ready.find(
      ({ silence, matchers }) =>
        isActive(silence, at) &&
        (silence.tenant === '' || silence.tenant === incident.tenant) &&
        matchers.every((fits): boolean => typeof fits !== 'string' && (fits as Matcher)(incident)),
    )?.silence
}

/** Latest versions, last written first; of one tenant also those of all tenants. `endsAfter` in microseconds. */
export async function silencesOf(
  store: Queries,
  { tenant, endsAfter = 0 }: { readonly tenant?: string | undefined; readonly endsAfter?: number } = {},
): Promise<Silence[]> {
  const rows = await store.query<SilenceRow>(
    `SELECT silence_id AS id, tenant, version, matchers, owner, reason, toUnixTimestamp64Micro(starts_at) AS starts,
       toUnixTimestamp64Micro(ends_at) AS ends, actor, toUnixTimestamp64Micro(at) AS written
     FROM silence
     WHERE ({every:Bool} OR tenant IN ('', {tenant:String}))
       AND ends_at > fromUnixTimestamp64Micro({ends:Int64}, 'UTC')
     ORDER BY at DESC, silence_id LIMIT 10000`,
    { every: tenant === undefined, tenant: tenant ?? '', ends: endsAfter },
  )
  return rows.map(({ starts, ends, written, version, ...row }) => ({
    ...row,
    version: Number(version),
    startsAt: Number(starts),
    endsAt: Number(ends),
    at: Number(written),
  }))
}

type SilenceRow = Omit<Silence, 'startsAt' | 'endsAt' | 'at'> & Readonly<Record<'starts' | 'ends' | 'written', string>>

export async function keepSilence(store: Pick<Store, 'insert'>, silence: Silence): Promise<void> {
  const { id, startsAt, endsAt, ...rest } = silence
  await store.insert(
    'silences',
    [{ ...rest, silence_id: id, starts_at: startsAt, ends_at: endsAt }],
    `${id}.${silence.version}.${silence.at}`,
  )
}

/** Ends a silence now (microseconds). */
export async function expireSilence(
  store: Pick<Store, 'insert'>,
  silence: Silence,
  { actor, now }: { readonly actor: string; readonly now: number },
): Promise<Silence> {
  const ended = { ...silence, version: silence.version + 1, endsAt: Math.max(silence.startsAt, now), actor, at: now }
  await keepSilence(store, ended)
  return ended
}
