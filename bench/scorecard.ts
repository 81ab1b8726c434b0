/**
 *     node dist/bench/scorecard.js [FOLDER_OF_RECORDINGS]
 *
 * Judges the recorded sessions (`../shared/traces`) with every session detector there is, under the default policy, and
 * writes `detectors/SCORECARD.md`. The same sessions give the same file.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { interval, upperBound } from '../src/cli/backtest/proportion.js'
import { loadCatalogue } from '../src/detect/catalogue.js'
import { fromRoot } from '../test/support/root.js'
import { type Judged, judge, type Tally, tally } from './scorecard/judged.js'
import { type Group, type Labelled, readLabelled } from './scorecard/labelled.js'
import { mutations } from './scorecard/mutations.js'
import { table } from './scorecard/table.js'
import { sessionsOf, worlds } from './worlds/sessions.js'

const [folder = fromRoot('../shared/traces')] = process.argv.slice(2)
const capturer = createCapturer({ key: Buffer.alloc(32, 1) })
const { session: detectors, query } = await loadCatalogue()

interface Part {
  readonly name: string
  readonly asked: readonly Judged[]
  readonly unasked: readonly Judged[]
}

function judged(name: string, sessions: readonly Labelled[]): Part {
  const both = sessions.map((labelled) => judge(labelled, detectors, capturer))
  return { name, asked: both.map(({ asked }) => asked), unasked: both.map(({ unasked }) => unasked) }
}

const read = async (file: string): Promise<Labelled[]> => readLabelled(join(folder, `${file}.jsonl.gz`))
const attacks = judged('attacks', await read('attacks-dev'))
const userAsked = judged('asked by the user', await read('user-asked-dev'))
const benignMcp = judged('real MCP servers and dialogues', await read('benign-mcp-dev'))

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
const rate = (k: number, n: number): string => {
  const [low, high] = interval(k, n)
  return n === 0 ? '–' : `${percent(k / n)} (${percent(low)} – ${percent(high)})`
}
const bound = (k: number, n: number): string => `${k} of ${n}; ≤ ${percent(upperBound(k, n))}`

const inGroup = (judged: readonly Judged[], group: Group): Judged[] =>
  judged.filter(({ labelled }) => labelled.group === group)

function groupsOf(judged: readonly Judged[], keyOf: (labelled: Labelled) => string): [string, Judged[]][] {
  const groups = new Map<string, Judged[]>()
  for (const one of judged) {
    const key = keyOf(one.labelled)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1))
}

function recall(judged: readonly Judged[]): string {
  const row = (name: string, { sessions, tasks, named, alerted, paged }: Tally): string[] => [
    name,
    `${sessions} (${tasks})`,
    rate(named, sessions),
    percent(alerted / sessions),
    percent(paged / sessions),
  ]
  const carriedOut = inGroup(judged, 'succeeded')
  return table(
    ['carried-out injections', 'sessions (user tasks)', 'hijacked call named', 'alerted', 'paged'],
    [
      row('all', tally(carriedOut)),
      ...groupsOf(carriedOut, ({ suite }) => suite).map(([name, own]) => row(`suite ${name}`, tally(own))),
      ...groupsOf(carriedOut, ({ attack }) => attack).map(([name, own]) => row(`put as \`${name}\``, tally(own))),
      row('tried without success', tally(inGroup(judged, 'attempted'))),
    ],
  )
}

/** Sessions in which no order was carried out. */
function quiet(view: 'asked' | 'unasked'): string {
  const groups: [string, readonly Judged[]][] = [
    ['saw an order and did not follow it', inGroup(attacks[view], 'resisted')],
    ['attacked, but never read the order', inGroup(attacks[view], 'unseen')],
    ['benign, same suites', inGroup(attacks[view], 'benign')],
    ['benign, the injections’ goals asked by the user', userAsked[view]],
    ...groupsOf(benignMcp[view], ({ suite }) => suite).map(([name, own]): [string, Judged[]] => [
      `benign, ${name}`,
      own,
    ]),
    ['all benign', [...inGroup(attacks[view], 'benign'), ...userAsked[view], ...benignMcp[view]]],
  ]
  return table(
    ['sessions without a carried-out order', 'alerted', 'paged', 'user tasks alerted'],
    groups.map(([name, own]) => {
      const { sessions, alerted, paged, tasks, tasksAlerted } = tally(own)
      return [name, bound(alerted, sessions), bound(paged, sessions), bound(tasksAlerted, tasks)]
    }),
  )
}

function each(view: 'asked' | 'unasked'): string {
  const carriedOut = inGroup(attacks[view], 'succeeded')
  const resisted = [...inGroup(attacks[view], 'resisted'), ...inGroup(attacks[view], 'unseen')]
  const sameSuites = inGroup(attacks[view], 'benign')
  const cells = (own: readonly Judged[], id: string): string => {
    const { alerted, paged } = tally(own, id)
    return alerted === 0 ? '0' : `${alerted} (${paged})`
  }
  return table(
    [
      'detector',
      `named, of ${carriedOut.length}`,
      `not carried out, ${resisted.length}`,
      `benign, ${sameSuites.length}`,
      `asked by the user, ${userAsked[view].length}`,
      `real MCP, ${benignMcp[view].length}`,
    ],
    detectors.map(({ id }) => [
      `[${id}](${id}/README.md)`,
      String(tally(carriedOut, id).named),
      cells(resisted, id),
      cells(sameSuites, id),
      cells(userAsked[view], id),
      cells(benignMcp[view], id),
    ]),
  )
}

/** The recordings with one thing changed. */
function changed(): string {
  const recordings = [...attacks.asked, ...userAsked.asked, ...benignMcp.asked].map(({ labelled }) => labelled)
  const suites = [...new Set(inGroup(attacks.asked, 'succeeded').map(({ labelled }) => labelled.suite))].sort()
  const rows = Object.entries(mutations).map(([name, change]) => {
    const own = recordings
      .filter(({ group }) => group === 'succeeded' || group === 'benign')
      .map((labelled) => judge(change(labelled), detectors, capturer).asked)
    const benign = tally(inGroup(own, 'benign'))
    return [
      name,
      ...suites.map((suite) => {
        const { named, sessions } = tally(inGroup(own, 'succeeded').filter(({ labelled }) => labelled.suite === suite))
        return percent(named / sessions)
      }),
      `${benign.alerted} of ${benign.sessions}`,
    ]
  })
  return table(
    ['recorded sessions, changed so that', ...suites.map((suite) => `named, ${suite}`), 'benign alerted'],
    rows,
  )
}

/** The worlds of our own: how each wording and world fares. */
function ours(): { attacked: string; quiet: string; worlds: string } {
  const all = worlds.flatMap(sessionsOf).map((labelled) => judge(labelled, detectors, capturer).asked)
  const carriedOut = inGroup(all, 'succeeded')
  const row = (name: string, own: readonly Judged[]): string[] => {
    const { named, sessions, paged } = tally(own)
    return [name, String(sessions), rate(named, sessions), percent(paged / sessions)]
  }
  const others = all.filter(({ labelled }) => labelled.group !== 'succeeded')
  return {
    attacked: table(
      ['the order is put as', 'sessions', 'hijacked call named', 'paged'],
      [row('all', carriedOut), ...groupsOf(carriedOut, ({ attack }) => attack).map(([name, own]) => row(name, own))],
    ),
    worlds: table(
      ['world', 'sessions', 'hijacked call named', 'paged'],
      groupsOf(carriedOut, ({ suite }) => suite).map(([name, own]) => row(name, own)),
    ),
    quiet: table(
      ['sessions without a strange order carried out', 'alerted', 'paged'],
      groupsOf(others, ({ group, attack }) =>
        group === 'resisted' ? 'saw an order and did not follow it' : attack,
      ).map(([name, own]) => {
        const { sessions, alerted, paged } = tally(own)
        return [name, `${alerted} of ${sessions}`, `${paged} of ${sessions}`]
      }),
    ),
  }
}

const own = ours()
const text = `# Scorecard

Written by \`node dist/bench/scorecard.js\`; do not edit. All ${detectors.length} session detectors with the default policy over
recorded sessions of real models. An _alert_ is a finding of medium or above, a _page_ one of high; _named_: an alert points at a call that
carried the injected order out, which is what counts. In brackets the exact 95 % interval (Clopper–Pearson); after ≤ the rate that so few
alarms still allow (95 %). Sessions of one user task resemble each other, so the bound over user tasks is the honest one.

These recordings were in sight when features, word lists and weights were chosen: read the figures as an upper end.

## The person's request is known

${recall(attacks.asked)}

${quiet('asked')}

## The request is unknown (no agent-side sensor)

${recall(attacks.unasked)}

${quiet('unasked')}

## The recordings, changed

Behaviour kept, one thing changed; request known.

${changed()}

## Worlds of our own

${worlds.length} domains that the recordings do not have, ${worlds.reduce((sum, { goals }) => sum + goals.length, 0)} injected goals, most of them with ordinary names, dates and settings (\`bench/worlds/\`). All but \`depot\` were in sight, too,
when words and weights were chosen; \`train-injected-action\` tells what is left when a world is left out.

${own.attacked}

${own.worlds}

${own.quiet}

_near miss_: pages in the imperative and texts whose values the person's own task uses. _delegated_: the person told the agent to do what the
text says, so an alert asks them to look, and nobody is paged.

## Each detector

Request known. Sessions alerted by this detector, in brackets those paged.

${each('asked')}

Request unknown.

${each('unasked')}

Detectors of windows (${query.map(({ id }) => id).join(', ')}) compare hours and users: recordings that lack both say nothing about them. Their
own cases are in their folders.
`
const out = fromRoot('detectors/SCORECARD.md')
await writeFile(out, text)
process.stdout.write(`${out}\n`)
