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
import { sessionAsSeen } from './recorded-events.js'
import { readLabelled } from './scorecard/labelled.js'

/** One call: whether it was hijacked, and the features of every sentence that may have ordered it. */
interface Example {
  readonly session: string
  readonly domain: string
  readonly task: string
  readonly hijacked: boolean
  readonly candidates: readonly (readonly number[])[]
}

const parts = Object.keys(weights) as Part[]
const capturer = createCapturer({ key: Buffer.alloc(32, 1) })

async function examplesOf(file: string): Promise<Example[]> {
  const examples: Example[] = []
  for (const { session, group, suite, task, hijacked, support } of await readLabelled(file)) {
    // An attempt that failed is neither; calls that only prepared a hijack are neither.
    if (group === 'attempted') continue
    for (const { action, candidates, context } of actionsOf(sessionAsSeen(session, capturer))) {
      const index = Number(action.requestId)
      if (support.has(index)) continue
      const args = argumentsOf(action)
      const evidence = candidates.map((candidate) => weigh(action, args, candidate, context))
      examples.push({
        session: session.id,
        domain: suite,
        task,
        hijacked: group === 'succeeded' && hijacked.has(index),
        candidates: evidence
          .filter((one) => one !== undefined)
          .map((one) => parts.map((part) => featuresOf(one, context.reads)[part])),
      })
    }
  }
  return examples
}

const score = (features: readonly number[], model: readonly number[]): number =>
  features.reduce((sum, feature, at) => sum + feature * (model[at] ?? 0), 0)

function best(example: Example, model: readonly number[]): readonly number[] | undefined {
  let top: readonly number[] | undefined
  for (const candidate of example.candidates)
    if (top === undefined || score(candidate, model) > score(top, model)) top = candidate
  return top
}

/** Times that a call of ordinary work counts against one hijacked call: a false alarm costs more than a miss. */
const costOfAlarm = 4
const decay = 0.002

function fit(examples: readonly Example[]): number[] {
  let model: number[] = parts.map((part) => weights[part])
  for (let round = 0; round < 5; round++) {
    const rows = examples.flatMap((example) => {
      const features = best(example, model)
      return features === undefined ? [] : [{ features, hijacked: example.hijacked }]
    })
    model = descend(rows, model)
  }
  return model
}

function descend(
  rows: readonly { features: readonly number[]; hijacked: boolean }[],
  start: readonly number[],
): number[] {
  const model = [...start]
  const speed = model.map(() => 0)
  const total = rows.reduce((sum, row) => sum + (row.hijacked ? 1 : costOfAlarm), 0)
  for (let step = 0; step < 300; step++) {
    const slope = model.map((weight, at) => (parts[at] === 'bias' ? 0 : decay * weight))
    for (const { features, hijacked } of rows) {
      const error = 1 / (1 + Math.exp(-score(features, model))) - (hijacked ? 1 : 0)
      const cost = (error * (hijacked ? 1 : costOfAlarm)) / total
      features.forEach((feature, at) => {
        slope[at] = (slope[at] ?? 0) + cost * feature
      })
    }
    parts.forEach((part, at) => {
      speed[at] = 0.9 * (speed[at] ?? 0) - 2 * (slope[at] ?? 0)
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
  for (const [example, result] of judged) {
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

const examples = (await Promise.all(process.argv.slice(2).map(examplesOf))).flat()
const shipped = parts.map((part) => weights[part])
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
