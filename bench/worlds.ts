/**
 *     node dist/bench/worlds.js [--misses] [WORLD…]
 *
 * Every session detector over the worlds of our own making: how many hijacked calls are named in each wording and world, and how many
 * sessions without a carried-out order are alerted. `--misses` names the sessions that went wrong, with the best score of `injected-action`.
 */
import { createCapturer } from '@watchkeeper/sdk/capture'
import { argumentsOf, weigh } from '../detectors/injected-action/evidence.js'
import { actionsOf } from '../detectors/injected-action/session.js'
import { partsOf, scoreOf } from '../detectors/injected-action/weights.js'
import { loadCatalogue } from '../src/detect/catalogue.js'
import { sessionAsSeen } from './recorded-events.js'
import { alerts, type Judged, judge, names, tally } from './scorecard/judged.js'
import type { Labelled } from './scorecard/labelled.js'
import { table } from './scorecard/table.js'
import { sessionsOf, worlds } from './worlds/sessions.js'

const misses = process.argv.includes('--misses')
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const chosen = worlds.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
const capturer = createCapturer({ key: Buffer.alloc(32, 1) })
const { session: detectors } = await loadCatalogue()
const judged = chosen.flatMap(sessionsOf).map((labelled) => judge(labelled, detectors, capturer).asked)

const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const attacks = (group: string): string[] => [
  ...new Set(judged.filter(({ labelled }) => labelled.group === group).map(({ labelled }) => labelled.attack)),
]
const cell = (own: readonly Judged[], succeeded: boolean): string => {
  const { named, alerted, paged, sessions } = tally(own)
  return succeeded ? `${named}/${sessions}` : `${alerted} (${paged})/${sessions}`
}
for (const group of ['succeeded', 'resisted', 'benign'] as const)
  say(
    `${table(
      [group, ...chosen.map(({ name }) => name), 'all'],
      [...attacks(group), ''].map((attack) => {
        const own = judged.filter(
          ({ labelled }) => labelled.group === group && (attack === '' || labelled.attack === attack),
        )
        const each = chosen.map(({ name }) => own.filter(({ labelled }) => labelled.suite === name))
        return [attack || 'all', ...[...each, own].map((some) => cell(some, group === 'succeeded'))]
      }),
    )}\n`,
  )

if (misses)
  for (const one of judged) {
    const { labelled, said } = one
    const wrong = labelled.group === 'succeeded' ? !said.some((finding) => names(finding, labelled)) : said.some(alerts)
    if (wrong) say(`${labelled.attack} ${labelled.session.id}\n${why(labelled).join('\n')}`)
  }

/** The best-explained calls of a session, with what speaks for and against. */
function why({ session, hijacked }: Labelled): string[] {
  return actionsOf(sessionAsSeen(session, capturer)).flatMap(({ action, candidates, context }) => {
    const args = argumentsOf(action)
    const [best] = candidates
      .map((candidate) => weigh(action, args, candidate, context))
      .filter((evidence) => evidence !== undefined)
      .sort((a, b) => scoreOf(b, context.reads) - scoreOf(a, context.reads))
    const index = Number(action.requestId)
    const mark = hijacked.has(index) ? '*' : ' '
    const given = JSON.stringify(session.calls[index]?.arguments)
    if (best === undefined)
      return hijacked.has(index) ? [`  ${mark} ${action.tool} ${given}: no sentence shares a value`] : []
    const parts = Object.entries(partsOf(best, context.reads)).filter(([, part]) => part !== 0)
    const { verbs, nouns, flags } = best.candidate.order
    return [
      `  ${mark} ${action.tool} ${given}: ${scoreOf(best, context.reads).toFixed(2)} = ${parts.map(([name, part]) => `${name} ${part.toFixed(1)}`).join(' ')}`,
      `      mood ${best.mood.toFixed(2)} value ${best.value.toFixed(2)} cover ${best.coverage.toFixed(2)} verb ${best.verb} (${verbs} | ${action.verbs}) noun ${best.noun} (${nouns} | ${action.nouns}) ${flags}`,
    ]
  })
}
