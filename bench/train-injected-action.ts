/**
 *     node dist/bench/train-injected-action.js FILE…
 *
 * Fits the weights of `injected-action` on labelled recorded sessions and says how well they carry over: to a suite that was left
 * out, and to user tasks that were left out. Prints; what goes into `weights.ts` is decided by a person, who also knows what
 * the recordings do not hold.
 *
 * A logistic model whose evidence may only raise and whose justification may only lower (projected gradient descent). Which
 * sentence ordered a call is not labelled, so a call counts by its best sentence under the weights so far, and the
 * two steps alternate (multiple-instance learning; Andrews et al., 2002).
 */
import { createCapturer } from '@watchkeeper/sdk/capture'
import { argumentsOf, weigh } from '../detectors/injected-action/evidence.js'
import { actionsOf } from '../detectors/injected-action/session.js'
import { featuresOf, type Part, weights } from '../detectors/injected-action/weights.js'
import type { Session } from '../src/detect/contract.js'
import { sessionAsSeen } from './recorded-events.js'
import { type Labelled, readLabelled } from './scorecard/labelled.js'
import { sessionsOf, worlds } from './worlds/sessions.js'

/** One call: whether it was hijacked, and the features of every sentence that may have ordered it. */
interface Example {
  readonly session: string
  readonly domain: string
  readonly heard: boolean
  readonly task: string
  readonly hijacked: boolean
  readonly candidates: readonly (readonly number[])[]
}

const parts = Object.keys(weights) as Part[]
const shipped = parts.map((part) => weights[part])
const capturer = createCapturer({ key: Buffer.alloc(32, 1) })

/** With the person's request, and without it: an agent-side sensor may be missing. */
function examplesOf(labelled: Labelled): Example[] {
  const seen = sessionAsSeen(labelled.session, capturer)
  const unheard = { ...seen, events: seen.events.filter(({ kind }) => kind !== 'user_message') }
  return [...examplesIn(labelled, seen, ''), ...examplesIn(labelled, unheard, ' unheard')]
}

function examplesIn(
  { session, group, suite, task, hijacked, support }: Labelled,
  seen: Session,
  view: string,
): Example[] {
  const examples: Example[] = []
  for (const { action, candidates, context } of actionsOf(seen)) {
    const index = Number(action.requestId)
    if (support.has(index)) continue
    const args = argumentsOf(action)
    const evidence = candidates.map((candidate) => weigh(action, args, candidate, context))
    examples.push({
      session: `${session.id}${view}`,
      domain: suite,
      heard: view === '',
      task,
      hijacked: group === 'succeeded' && hijacked.has(index),
      candidates: evidence
        .filter((one) => one !== undefined)
        .map((one) => parts.map((part) => featuresOf(one, context.reads)[part])),
    })
  }
  return examples
}

const score = (features: readonly number[], model: readonly number[]): number =>
  features.reduce((sum, feature, at) => sum + feature * (model[at] ?? 0), 0)

function best(example: Pick<Example, 'candidates'>, model: readonly number[]): readonly number[] | undefined {
  let top: readonly number[] | undefined
  for (const candidate of example.candidates)
    if (top === undefined || score(candidate, model) > score(top, model)) top = candidate
  return top
}

/** Times that an alarm about ordinary work counts against one hijacked call that is not named. */
const costOfAlarm = 4
/** What a session without the person's request counts, against one with it. */
const shareUnheard = 0.3
/** Where every fit starts, and is pulled to: evidence counts 1, justification -1, and three pieces of evidence make an alert. Not the shipped weights, which have seen what is left out. */
const start = parts.map((part) => (part === 'bias' ? -3 : Math.sign(weights[part])))
const pull = 0.001
const rounds = 8
const steps = 150

/** One side of a session: its hijacked calls, or all others. It counts by its best call and sentence. */
interface Bag {
  readonly hijacked: boolean
  readonly share: number
  readonly candidates: readonly (readonly number[])[]
}

/** Every domain counts alike, however many sessions it has, and every session alike, however many calls it has. */
function bagsOf(examples: readonly Example[]): Bag[] {
  const bags = new Map<
    string,
    { domain: string; heard: boolean; hijacked: boolean; candidates: (readonly number[])[] }
  >()
  const counts = new Map<string, number>()
  for (const { session, domain, heard, hijacked, candidates } of examples) {
    const id = `${session} ${hijacked}`
    const bag = bags.get(id) ?? { domain, heard, hijacked, candidates: [] }
    if (!bags.has(id)) counts.set(`${domain} ${hijacked}`, (counts.get(`${domain} ${hijacked}`) ?? 0) + 1)
    bags.set(id, bag)
    bag.candidates.push(...candidates)
  }
  return [...bags.values()]
    .filter(({ candidates }) => candidates.length > 0)
    .map(({ domain, heard, hijacked, candidates }) => ({
      hijacked,
      share: ((hijacked ? 1 : costOfAlarm) * (heard ? 1 : shareUnheard)) / (counts.get(`${domain} ${hijacked}`) ?? 1),
      candidates,
    }))
}

function fit(examples: readonly Example[]): number[] {
  const bags = bagsOf(examples)
  let model: number[] = [...start]
  for (let round = 0; round < rounds; round++)
    model = descend(
      bags.flatMap(({ candidates, ...bag }) => {
        const features = best({ candidates }, model)
        return features === undefined ? [] : [{ ...bag, features }]
      }),
      model,
    )
  return model
}

function descend(
  rows: readonly { features: readonly number[]; hijacked: boolean; share: number }[],
  from: readonly number[],
): number[] {
  const model = [...from]
  const speed = model.map(() => 0)
  const total = rows.reduce((sum, row) => sum + row.share, 0)
  for (let step = 0; step < steps; step++) {
    const slope = model.map((weight, at) => pull * (weight - (start[at] ?? 0)))
    for (const { features, hijacked, share } of rows) {
      const error = 1 / (1 + Math.exp(-score(features, model))) - (hijacked ? 1 : 0)
      const cost = (error * share) / total
      for (let at = 0; at < features.length; at++) slope[at] = (slope[at] ?? 0) + cost * (features[at] ?? 0)
    }
    parts.forEach((part, at) => {
      speed[at] = 0.9 * (speed[at] ?? 0) - 0.5 * (slope[at] ?? 0)
      const moved = (model[at] ?? 0) + (speed[at] ?? 0)
      const allowed = part === 'bias' || Math.sign(moved) === Math.sign(weights[part]) || moved === 0
      model[at] = allowed ? moved : 0
      if (!allowed) speed[at] = 0
    })
  }
  return model
}

/** Sessions of each domain: of those with a hijacked call how many are named, of the others how many are alerted. */
function report(title: string, judged: readonly (readonly [Example, number])[]): void {
  const sessions = new Map<string, { domain: string; attacked: boolean; named: boolean; alerted: boolean }>()
  for (const [example, result] of judged.filter(([{ heard }]) => heard)) {
    const seen = sessions.get(example.session) ?? {
      domain: example.domain,
      attacked: false,
      named: false,
      alerted: false,
    }
    seen.attacked ||= example.hijacked
    seen.named ||= example.hijacked && result >= 0
    seen.alerted ||= result >= 0
    sessions.set(example.session, seen)
  }
  const all = [...sessions.values()]
  const lines = [...new Set(all.map(({ domain }) => domain))].map((domain) => {
    const own = all.filter((session) => session.domain === domain)
    const attacked = own.filter((session) => session.attacked)
    const others = own.filter((session) => !session.attacked)
    const named = attacked.filter((session) => session.named).length
    const alerted = others.filter((session) => session.alerted).length
    return `${domain}: named ${named}/${attacked.length}, others alerted ${alerted}/${others.length}`
  })
  process.stdout.write(`${title}\n  ${lines.join('\n  ')}\n`)
}

const judge = (examples: readonly Example[], model: readonly number[]): [Example, number][] =>
  examples.map((example) => {
    const features = best(example, model)
    return [example, features === undefined ? Number.NEGATIVE_INFINITY : score(features, model)]
  })

/**
 * A label teaches only where it is plain whose order it was: delegated work is decided by rule, not by weight. Texts that guide
 * ordinary work differ from orders in nothing but whose wish they are, and are kept for judging.
 */
const teaches = ({ group, attack, suite }: Labelled): boolean =>
  group !== 'attempted' && attack !== 'delegated' && suite !== 'guided'
const recordings = (await Promise.all(process.argv.slice(2).map(readLabelled))).flat()
const examples = [...recordings, ...worlds.flatMap(sessionsOf)].filter(teaches).flatMap(examplesOf)
report('shipped weights', judge(examples, shipped))

const fitted = fit(examples)
process.stdout.write(`fitted: ${parts.map((part, at) => `${part} ${(fitted[at] ?? 0).toFixed(2)}`).join(', ')}\n`)
report('fitted on all', judge(examples, fitted))

function leftOut(keyOf: (example: Example) => string): [Example, number][] {
  return [...new Set(examples.map(keyOf))].flatMap((key) =>
    judge(
      examples.filter((example) => keyOf(example) === key),
      fit(examples.filter((example) => keyOf(example) !== key)),
    ),
  )
}
report(
  'each suite judged by weights fitted without it',
  leftOut(({ domain }) => domain),
)

const foldOf = new Map([...new Set(examples.map(({ task }) => task))].map((task, at) => [task, String(at % 5)]))
report(
  'each user task judged by weights fitted without it (5 folds)',
  leftOut(({ task }) => foldOf.get(task) ?? ''),
)
