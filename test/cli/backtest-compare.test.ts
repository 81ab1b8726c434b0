/** Two judgements of the same sessions: what was gained and lost, and how far the numbers can be trusted. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { compare } from '../../src/cli/backtest/compare.js'
import { chanceOfSplit, interval } from '../../src/cli/backtest/proportion.js'
import { type FindingLine, type SessionLine, summarise } from '../../src/cli/backtest/report.js'
import { command } from '../../src/cli/backtest.js'
import { WatchkeeperError } from '../../src/errors.js'
import { commandIo } from '../support/command-io.js'

const found = (detector: string, given: Partial<FindingLine> = {}): FindingLine => ({
  detector,
  severity: 'high',
  maturity: 'stable',
  calls: [1],
  fingerprint: `of ${detector}`,
  summary: `${detector} saw it`,
  score: {},
  ...given,
})
const line = (id: string, ...findings: readonly FindingLine[]): SessionLine => ({ id, findings, not_evaluated: [] })
const named = (changes: readonly { readonly session: string; readonly detector: string }[]) =>
  changes.map(({ session, detector }) => `${session} ${detector}`)

async function filesOf(t: TestContext, ...texts: readonly string[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return Promise.all(
    texts.map(async (text, number) => {
      const file = join(folder, `${number}.jsonl`)
      await writeFile(file, text)
      return file
    }),
  )
}
const asText = (lines: readonly SessionLine[]): string => lines.map((one) => `${JSON.stringify(one)}\n`).join('')

test('findings are gained, lost, raised or lowered; sessions alert now or no longer', () => {
  const result = compare(
    [
      line('kept', found('a')),
      line('lost', found('a', { severity: 'medium' })),
      line('raised', found('a', { severity: 'low' })),
      line('gone', found('a')),
    ],
    [line('kept', found('a')), line('lost'), line('raised', found('a')), line('new', found('b')), line('kept-quiet')],
  )
  assert.equal(result.sessions, 3)
  assert.deepEqual([result.only_before, result.only_after], [1, 2])
  assert.deepEqual(named(result.lost), ['lost a'])
  assert.deepEqual(named(result.gained), [])
  assert.deepEqual(
    result.raised.map(({ session, was, severity }) => [session, was, severity]),
    [['raised', 'low', 'high']],
  )
  assert.deepEqual([result.alerted_before, result.alerted_after, result.unchanged], [2, 2, 1])
  assert.deepEqual(named(result.newly_alerted), ['raised a'])
  assert.deepEqual(named(result.no_longer_alerted), ['lost a'])
})

test('with another base time a finding is the same by its detector and first call', () => {
  const result = compare([line('s', found('a', { fingerprint: 'x' }))], [line('s', found('a', { fingerprint: 'y' }))])
  assert.deepEqual([result.gained.length, result.lost.length, result.unchanged], [0, 0, 1])
})

test('an exclusion and a trial take the alert away and not the finding', () => {
  const before = [line('s', found('a')), line('t', found('a'))]
  const after = [line('s', found('a', { excluded_by: 'known' })), line('t', found('a', { maturity: 'trial' }))]
  const result = compare(before, after)
  assert.deepEqual([result.unchanged, result.alerted_before, result.alerted_after], [2, 2, 0])
  assert.match(
    summarise({ lines: after, sessions: 2, detectors: ['a'] }),
    /1 finding excluded by the policy file: known 1/,
  )
})

test('the rate of alerts is of all sessions that were judged, with the interval that so few allow', () => {
  const text = summarise({
    lines: [line('s', found('a')), line('', found('q'))],
    sessions: 1_000,
    detectors: ['a', 'q'],
  })
  const [low, high] = interval(1, 1_000)
  assert.match(text, /1 session of 1,000 alerted .* 10 alerts for 10,000 sessions/)
  assert.ok(text.includes(`(95 %: ${Math.round(low * 10_000)} to ${Math.round(high * 10_000)})`), text)
  assert.match(text, /1 finding about no session in particular/)
})

test('a split that a coin would give says nothing, a lopsided one does', () => {
  assert.equal(chanceOfSplit(5, 5), 1)
  assert.ok(Math.abs(chanceOfSplit(10, 0) - 2 / 1024) < 1e-9)
})

test('compare reads two files, shows what changed by severity and detector, and gives all as JSON', async (t) => {
  const files = await filesOf(
    t,
    asText([line('one', found('a')), line('two')]),
    asText([line('one'), line('two', found('b', { severity: 'critical', summary: 'red \u001b[31m text' }))]),
  )
  const io = commandIo()
  assert.equal(await command.run(['compare', ...files], io), 0)
  const { stdout } = io.output
  assert.match(stdout, /2 sessions judged twice/)
  assert.match(stdout, /1 newly alerted, 1 no longer/)
  assert.match(stdout, /critical +1 +0 +0 +0/)
  assert.match(stdout, /high +0 +1 +0 +0/)
  assert.match(stdout, /newly alerted:\n {2}critical {2}two {2}b: red/)
  assert.ok(!stdout.includes('\u001b'), 'text of an event reaches the terminal as it is')

  const json = commandIo()
  await command.run(['compare', ...files, '--json'], json)
  assert.deepEqual(named(JSON.parse(json.output.stdout).gained), ['two b'])
})

test('a file that is no findings file is named with its line, and half of it is not compared', async (t) => {
  const [good = '', bad = '', twice = ''] = await filesOf(
    t,
    asText([line('one')]),
    `${asText([line('one')])}{"id": "two"}\n`,
    asText([line('one'), line('one')]),
  )
  const fails = (args: readonly string[], code: string, says: RegExp) =>
    assert.rejects(command.run(['compare', ...args], commandIo()), (error) => {
      assert.ok(error instanceof WatchkeeperError)
      assert.equal(error.code, code)
      assert.match(error.message, says)
      return true
    })
  await fails([good, bad], 'WK_FILE_UNREADABLE', /1\.jsonl:2: expected a line of backtest --findings/)
  await fails([good, twice], 'WK_FILE_UNREADABLE', /2\.jsonl:2: repeats the session "one"/)
  await fails([good, `${good}.no`], 'WK_FILE_UNREADABLE', /ENOENT/)
  await fails([good], 'WK_USAGE', /two files/)
})
