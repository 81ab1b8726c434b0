/** A run of the service over recorded sessions: its settings, the replay, and what must hold when all was answered. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { readRecorded } from '../../src/recorded.js'
import { rows, until } from './landing.js'
import { fromRoot } from './root.js'
import { cleanEnvironment, finished, freePort, type Run, watchkeeper } from './service.js'

export type Settings = Readonly<Record<string, string>>

/** A data folder and ports of its own; the folder is removed after the test. */
export async function freshSettings(t: TestContext): Promise<Record<string, string>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-e2e-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  return {
    WATCHKEEPER_DATA_DIR: dataDir,
    WATCHKEEPER_RECEIVE_PORT: String(await freePort()),
    WATCHKEEPER_CONSOLE_PORT: String(await freePort()),
  }
}

/** Files of recorded sessions and what is in them. */
export interface Recorded {
  readonly files: readonly string[]
  readonly calls: number
  readonly messages: number
}

export async function recorded(...files: readonly string[]): Promise<Recorded> {
  const totals = { files, calls: 0, messages: 0 }
  for (const file of files) {
    for await (const line of readRecorded(file)) {
      assert.ok('session' in line)
      totals.calls += line.session.calls.length
      totals.messages += line.session.messages.length
    }
  }
  return totals
}

/** Two hours back, so that every window of every query detector is over and settled. */
export const baseTime = (): string => new Date(Math.floor(Date.now() / 1000) * 1000 - 2 * 3_600_000).toISOString()

export interface Replay {
  readonly file: string
  readonly base: string
  /** Records a second: slow enough that what is to happen in the middle does. */
  readonly rate: number
}

export function startReplay(settings: Settings, { file, base, rate }: Replay): Promise<Run> {
  const url = `http://127.0.0.1:${settings['WATCHKEEPER_RECEIVE_PORT']}`
  const args = ['replay', file, '--to', url, '--base-time', base, '--rate', String(rate)]
  const child = spawn(process.execPath, [fromRoot('dist/src/main.js'), ...args], {
    env: cleanEnvironment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return finished(child)
}

export async function assertEachOnce(settings: Settings, { calls, messages }: Recorded): Promise<void> {
  const answer = await rows<Record<string, number>>(
    settings,
    `SELECT countIf(kind = 'call') AS calls, uniqExactIf(event_id, kind = 'call') AS distinct_calls,
            countIf(kind = 'user_message') AS messages, count() AS records FROM audit`,
  )
  assert.deepEqual(answer, [{ calls, distinct_calls: calls, messages, records: calls + messages }])
}

interface Found {
  readonly fingerprint: string
  readonly detector: string
  readonly severity: string
}

const inOrder = (found: readonly Found[]): readonly string[] =>
  found.map(({ fingerprint, detector, severity }) => `${fingerprint} ${detector} ${severity}`).sort()

/** Waits until there are as many findings as a backtest has, at least `least`, and compares them. Returns their number. */
export async function assertLiveIsBacktest(
  settings: Settings,
  { files }: Recorded,
  { base, least }: { readonly base: string; readonly least: number },
): Promise<number> {
  const out = join(String(settings['WATCHKEEPER_DATA_DIR']), 'findings.jsonl')
  const backtest = await watchkeeper(
    ['backtest', ...files, '--together', '--tenant', 'default', '--base-time', base, '--findings', out],
    settings,
  )
  assert.equal(backtest.code, 0, backtest.stderr)
  const expected = inOrder(
    (await readFile(out, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => (JSON.parse(line) as { readonly findings: readonly Found[] }).findings),
  )
  assert.ok(expected.length >= least, `the backtest found only ${expected.length}`)
  const ask = async () =>
    inOrder((await rows<Found>(settings, 'SELECT fingerprint, detector, severity FROM finding')) ?? [])
  const differing = (live: readonly string[]) => ({
    missing: expected.filter((one) => !live.includes(one)),
    unexpected: live.filter((one) => !expected.includes(one)),
  })
  const apart = await until(
    async () => differing(await ask()),
    ({ missing }) => missing.length === 0,
  )
  assert.deepEqual(apart, { missing: [], unexpected: [] })
  return expected.length
}
