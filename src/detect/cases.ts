/**
 * The cases of a detector, told to it: what is wrong with each. The same for a detector of ours, in the tests, and for anybody
 * else's, by `watchkeeper detectors test`.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { auditEventOf } from '../audit-event.js'
import { severityRank } from '../finding.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { Telemetry } from '../telemetry.js'
import { catalogueOf, type Named } from './catalogue.js'
import {
  isNotEvaluated,
  type QueryCase,
  type QueryDetector,
  type SessionCase,
  type SessionDetector,
  type Verdict,
} from './contract.js'
import { judgeRange } from './judge-range.js'
import { defaultPolicy } from './policy.js'
import { byTime } from './sessions.js'
import { baseTime } from './story.js'

/** What came of one case; without faults it is as it says. */
export interface Proof {
  readonly name: string
  readonly faults: readonly string[]
}

export interface CaseOptions {
  /** The store for the stories of query detectors. One serves all: each story is told in a tenant of its own. */
  readonly store: () => Promise<
    Pick<Store, 'insertEvents' | 'refreshRollups' | 'query' | 'resolveSessions' | 'sessionEvents'>
  >
  readonly log: Logger
}

/** All cases of a detector, and first what is wrong with them as a whole. */
export async function proofsOf(named: Named, options: CaseOptions): Promise<readonly Proof[]> {
  const { folder = '' } = named
  if (!existsSync(join(folder, 'cases.js')))
    return [{ name: 'cases', faults: ['there is no cases.js: a detector that nobody saw fire is not known to work'] }]
  let cases: readonly (SessionCase | QueryCase)[]
  try {
    const module = (await import(pathToFileURL(join(folder, 'cases.js')).href)) as { readonly default?: unknown }
    if (!Array.isArray(module.default)) return [{ name: 'cases', faults: ['cases.ts must export a list as default'] }]
    cases = module.default
  } catch (error) {
    return [{ name: 'cases', faults: [`cases.js cannot be loaded: ${(error as Error).message}`] }]
  }
  return [
    { name: 'the cases as a whole', faults: faultsOfCases(named, cases) },
    ...(named.detector.type === 'session'
      ? sessionProofs(named.detector, cases as readonly SessionCase[])
      : await queryProofs(named as Named<QueryDetector>, cases as readonly QueryCase[], options)),
  ]
}

/** A story in which it fires, one in which it does not, one that looks alike and is harmless, and its highest severity. */
export function faultsOfCases(
  { detector }: Pick<Named, 'detector'>,
  cases: readonly Pick<SessionCase | QueryCase, 'name' | 'kind' | 'severity'>[],
): string[] {
  const faults: string[] = []
  const must = (held: boolean, what: string): void => {
    if (!held) faults.push(what)
  }
  must(
    cases.some(({ kind }) => kind === 'fires'),
    'there is no case in which it fires',
  )
  must(
    cases.some(({ kind }) => kind === 'quiet'),
    'there is no case in which it is quiet',
  )
  must(
    cases.some(({ name }) => name.includes('noisy')),
    'there is no case with "noisy" in its name: much that looks alike, and is harmless',
  )
  const names = cases.map(({ name }) => name)
  for (const name of new Set(names.filter((one, at) => names.indexOf(one) !== at)))
    faults.push(`two cases are called "${name}"`)
  const { severity } = detector.about
  must(
    cases.some((one) => one.severity === severity),
    `no case reaches the severity ${severity} that about.severity promises`,
  )
  return faults
}

export const sessionProofs = (detector: SessionDetector, cases: readonly SessionCase[]): Proof[] =>
  cases.map((story) => ({ name: story.name, faults: guarded(() => faultsOfSession(detector, story)) }))

function guarded(judge: () => string[]): string[] {
  try {
    return judge()
  } catch (error) {
    return [`it threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`]
  }
}

function judged(detector: SessionDetector, story: SessionCase, events = story.events): Verdict {
  const [first] = story.events
  return detector.judge({
    tenant: first?.tenant ?? '',
    id: 'story',
    subject: first?.subject ?? '',
    events: [...events].sort(byTime),
    truncated: false,
    policy: { ...defaultPolicy, ...story.policy },
  })
}

const draftsOf = (verdict: Verdict) => (isNotEvaluated(verdict) ? [] : verdict)
const listOf = (items: readonly string[]): string => (items.length === 0 ? 'nothing' : items.join(', '))

function faultsOfSession(detector: SessionDetector, story: SessionCase): string[] {
  const faults: string[] = []
  const must = (held: boolean, what: string): void => {
    if (!held) faults.push(what)
  }
  must(story.events.length > 0, 'it tells of no event')
  must(
    (story.kind === 'fires') === story.finds.length > 0,
    `it is of kind ${story.kind}, and finds ${story.finds.length}`,
  )
  const verdict = judged(detector, story)
  const drafts = draftsOf(verdict)
  const anchors = drafts.map(({ anchor }) => anchor.eventId)
  must(anchors.join() === story.finds.join(), `it found ${listOf(anchors)}, where the case says ${listOf(story.finds)}`)
  const lacks = isNotEvaluated(verdict) ? verdict.notEvaluated : undefined
  must(
    lacks === story.notEvaluated,
    `not evaluated for want of ${lacks ?? 'nothing'}, where the case says ${story.notEvaluated ?? 'nothing'}`,
  )
  const worst = Math.max(-1, ...drafts.map(({ severity }) => severityRank(severity)))
  if (story.severity !== undefined)
    must(worst >= severityRank(story.severity), `no finding reaches the severity ${story.severity}`)
  must(worst <= severityRank(detector.about.severity), `a finding is more severe than ${detector.about.severity}`)
  for (const { anchor, calls, steps } of drafts) {
    must(calls.includes(anchor), `${anchor.eventId}: the anchor is not among the calls`)
    must(
      steps.some(({ eventId }) => eventId === anchor.eventId),
      `${anchor.eventId}: the anchor is not in the evidence`,
    )
    must(
      steps.every(({ at }, index) => index === 0 || at >= (steps[index - 1]?.at ?? 0)),
      `${anchor.eventId}: the evidence is not in order of time`,
    )
  }
  return [...faults, ...faultsOfGrowth(detector, story)]
}

/** A live engine judges a session while it grows, so what is found about an anchor must not change with what comes after it. */
function faultsOfGrowth(detector: SessionDetector, story: SessionCase): string[] {
  const whole = draftsOf(judged(detector, story))
  const ordered = [...story.events].sort(byTime)
  const told = (drafts: typeof whole): string =>
    listOf(drafts.map(({ anchor, severity }) => `${anchor.eventId} (${severity})`))
  for (let length = 1; length < ordered.length; length++) {
    const prefix = ordered.slice(0, length)
    const found = told(draftsOf(judged(detector, story, prefix)))
    const expected = told(whole.filter(({ anchor }) => prefix.includes(anchor)))
    if (found !== expected)
      return [
        `with the first ${length} events alone it found ${found}, with all of them ${expected}: what came later changed it`,
      ]
  }
  return []
}

/** Told stories in one store, each in a tenant of its own; rows go straight to `judge`. */
export async function queryProofs(
  named: Named<QueryDetector>,
  cases: readonly QueryCase[],
  { store: storeOf, log }: CaseOptions,
): Promise<Proof[]> {
  const told = cases.filter(({ events }) => events !== undefined)
  const byRow = cases.filter(({ events }) => events === undefined)
  const proofs: Proof[] = byRow.map((story) => ({ name: story.name, faults: guarded(() => faultsOfRow(named, story)) }))
  if (told.length === 0) return proofs

  const tenantOf = (number: number): string => `${named.id.slice(0, 50)}-${number}`
  const events = told.flatMap((story, number) =>
    (story.events ?? []).map((event) => auditEventOf(event, { ...event, tenant: tenantOf(number) })),
  )
  const store = await storeOf()
  try {
    await store.insertEvents(events)
    await store.refreshRollups()
    const every = named.detector.everySeconds * 1_000_000
    for (const [number, story] of told.entries()) {
      const tenant = tenantOf(number)
      const times = events.filter((event) => event.tenant === tenant).map(({ keptAt }) => keptAt)
      if (times.length === 0) {
        proofs.push({ name: story.name, faults: ['it tells of no event'] })
        continue
      }
      const from = story.judgedFrom ?? Math.min(...times)
      const verdicts = await judgeRange({
        store,
        from: Math.floor(from / every) * every,
        to: Math.ceil((Math.max(...times) + 1) / every) * every,
        tenants: [tenant],
        policies: () => ({ ...defaultPolicy, ...story.policy }),
        catalogue: catalogueOf([named]),
        idle: 1_800_000_000,
        budgetMs: 5_000,
        log,
        telemetry: new Telemetry(),
        now: () => baseTime,
      })
      proofs.push({ name: story.name, faults: faultsOfWindows(named, story, verdicts) })
    }
  } catch (error) {
    proofs.push({ name: 'its SQL on a real store', faults: [(error as Error).message] })
  }
  return proofs
}

function faultsOfWindows(
  { detector }: Named<QueryDetector>,
  story: QueryCase,
  { findings, notEvaluated }: Awaited<ReturnType<typeof judgeRange>>,
): string[] {
  const faults: string[] = []
  const must = (held: boolean, what: string): void => {
    if (!held) faults.push(what)
  }
  const found = listOf(findings.map(({ severity, summary }) => `"${summary}" (${severity})`))
  must(findings.length === story.finds, `it found ${found}, where the case says ${story.finds}`)
  must((story.kind === 'fires') === story.finds > 0, `it is of kind ${story.kind}, and finds ${story.finds}`)
  if (story.severity !== undefined)
    must(
      findings.some(({ severity }) => severity === story.severity),
      `no finding has the severity ${story.severity}: ${found}`,
    )
  for (const { calls, score, severity, summary } of findings) {
    must(
      severityRank(severity) <= severityRank(detector.about.severity),
      `"${summary}" is more severe than ${detector.about.severity}`,
    )
    must(calls.length > 0, `"${summary}" names no record`)
    must(Object.keys(score).length > 0, `"${summary}" has an empty score: nothing explains it`)
  }
  const failed = notEvaluated.find(({ input }) => input === 'detector')
  must(failed === undefined, `judge failed on a row: ${failed?.because}`)
  if (story.notEvaluated !== undefined)
    must(
      notEvaluated.some(({ input }) => input === story.notEvaluated),
      `nothing was left unjudged for want of ${story.notEvaluated}`,
    )
  return faults
}

function faultsOfRow({ detector }: Named<QueryDetector>, story: QueryCase): string[] {
  if (story.row === undefined) return ['it tells neither events nor a row']
  const faults: string[] = []
  const verdict = detector.judge(story.row, { ...defaultPolicy, ...story.policy })
  const lacks = verdict !== undefined && isNotEvaluated(verdict) ? verdict.notEvaluated : undefined
  const found = verdict !== undefined && lacks === undefined ? 1 : 0
  if (found !== story.finds) faults.push(`it found ${found}, where the case says ${story.finds}`)
  if (lacks !== story.notEvaluated)
    faults.push(
      `not evaluated for want of ${lacks ?? 'nothing'}, where the case says ${story.notEvaluated ?? 'nothing'}`,
    )
  return faults
}
