/**
 * The promise of the pipeline: what was answered is there once, whoever is killed in the middle; and what the detectors
 * say of it live is what a backtest says of the same sessions.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { readRecorded } from '../../src/recorded.js'
import { startBroker } from '../support/kafka.js'
import { recordCount, rows, until } from '../support/landing.js'
import { fromRoot } from '../support/root.js'
import { cleanEnvironment, finished, freePort, type Service, service, watchkeeper } from '../support/service.js'
import { traceFile, withoutTraces } from '../support/traces.js'

type Settings = Readonly<Record<string, string>>

async function freshSettings(t: TestContext): Promise<Record<string, string>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-e2e-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  return {
    WATCHKEEPER_DATA_DIR: dataDir,
    WATCHKEEPER_RECEIVE_PORT: String(await freePort()),
    WATCHKEEPER_CONSOLE_PORT: String(await freePort()),
  }
}

interface Recorded {
  readonly file: string
  readonly sessions: number
  readonly calls: number
  readonly messages: number
}

async function recorded(): Promise<Recorded> {
  const file = traceFile('attacks-dev')
  assert.ok(file)
  const totals = { file, sessions: 0, calls: 0, messages: 0 }
  for await (const line of readRecorded(file)) {
    assert.ok('session' in line)
    totals.sessions += 1
    totals.calls += line.session.calls.length
    totals.messages += line.session.messages.length
  }
  return totals
}

/** Two hours back, so that every window of every query detector is over and settled. */
const baseTime = () => new Date(Math.floor(Date.now() / 1000) * 1000 - 2 * 3_600_000).toISOString()

function startReplay(settings: Settings, { file }: Recorded, base: string) {
  const url = `http://127.0.0.1:${settings['WATCHKEEPER_RECEIVE_PORT']}`
  // Slow enough that the kills come in the middle.
  const args = ['replay', file, '--to', url, '--base-time', base, '--rate', '1500']
  const child = spawn(process.execPath, [fromRoot('dist/src/main.js'), ...args], {
    env: cleanEnvironment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return finished(child)
}

async function assertEachOnce(settings: Settings, { calls, messages }: Recorded): Promise<void> {
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

async function assertLiveIsBacktest(settings: Settings, { file }: Recorded, base: string): Promise<void> {
  const out = join(String(settings['WATCHKEEPER_DATA_DIR']), 'findings.jsonl')
  const backtest = await watchkeeper(
    ['backtest', file, '--together', '--tenant', 'default', '--base-time', base, '--findings', out],
    settings,
  )
  assert.equal(backtest.code, 0, backtest.stderr)
  const expected = inOrder(
    (await readFile(out, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
      .flatMap((line) => (JSON.parse(line) as { readonly findings: readonly Found[] }).findings),
  )
  assert.ok(expected.length > 100, `the backtest found only ${expected.length}`)
  const ask = async () =>
    inOrder((await rows<Found>(settings, 'SELECT fingerprint, detector, severity FROM finding')) ?? [])
  const live = await until(ask, (answer) => answer.length >= expected.length)
  assert.deepEqual(live, expected)
}

/** SIGKILL for the embedded engine: the only child of the process that keeps the store. */
async function killEngine(keeper: Service): Promise<void> {
  const { stdout } = await promisify(execFile)('pgrep', ['-P', String(keeper.pid)])
  process.kill(Number(stdout.trim()), 'SIGKILL')
}

test("embedded: every recorded call lands once though engine and service are killed, and live findings are the backtest's", {
  skip: withoutTraces,
  timeout: 600_000,
}, async (t) => {
  const settings = await freshSettings(t)
  const total = await recorded()
  const base = baseTime()
  const all = service(t, settings)
  await all.start()
  const replay = startReplay(settings, total, base)

  await until(
    () => recordCount(settings),
    (count) => count > 1500,
  )
  await killEngine(all)
  await until(
    () => recordCount(settings),
    (count) => count > 4500,
  )
  await all.kill()
  await all.start()

  const { code, stderr } = await replay
  assert.equal(code, 0, stderr)
  await assertEachOnce(settings, total)
  await assertLiveIsBacktest(settings, total, base)
  assert.equal(await all.stop(), 0)
})

test("Kafka: every recorded call lands once though broker, receiver, engine and store are killed, and live findings are the backtest's", {
  skip: withoutTraces,
  timeout: 900_000,
}, async (t) => {
  const broker = await startBroker()
  if (typeof broker === 'string') return t.skip(broker)
  t.after(() => broker.stop())
  const settings = {
    ...(await freshSettings(t)),
    WATCHKEEPER_BUS: 'kafka',
    WATCHKEEPER_KAFKA_BROKERS: broker.address,
    WATCHKEEPER_KAFKA_TOPIC_PREFIX: `e2e-${Date.now()}`,
    WATCHKEEPER_KAFKA_PARTITIONS: '4',
  }
  const total = await recorded()
  const base = baseTime()
  const receiver = service(t, settings, ['--role', 'receive'])
  const keeper = service(t, { ...settings, WATCHKEEPER_CONSOLE_PORT: String(await freePort()) }, [
    '--role',
    'store,detect,alert',
  ])
  await Promise.all([receiver.start(), keeper.start()])
  const replay = startReplay(settings, total, base)

  await until(
    () => recordCount(settings),
    (count) => count > 1000,
  )
  await killEngine(keeper)
  await until(
    () => recordCount(settings),
    (count) => count > 3000,
  )
  await receiver.kill()
  await receiver.start()
  await until(
    () => recordCount(settings),
    (count) => count > 5000,
  )
  await keeper.kill()
  await broker.kill()
  await broker.start()
  await keeper.start()

  const { code, stderr } = await replay
  assert.equal(code, 0, stderr)
  await until(
    () => recordCount(settings),
    (count) => count >= total.calls + total.messages,
  )
  await assertEachOnce(settings, total)
  await assertLiveIsBacktest(settings, total, base)
  assert.equal(await receiver.stop(), 0)
  assert.equal(await keeper.stop(), 0)
})
