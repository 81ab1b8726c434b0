/**
 * The promise of the pipeline: what was answered is there once, whoever is killed in the middle; and what the detectors
 * say of it live is what a backtest says of the same sessions.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startBroker } from '../support/kafka.js'
import { recordCount, until } from '../support/landing.js'
import {
  assertEachOnce,
  assertLiveIsBacktest,
  baseTime,
  freshSettings,
  recorded,
  startReplay,
} from '../support/recorded-run.js'
import { freePort, type Service, service } from '../support/service.js'
import { traceFile, withoutTraces } from '../support/traces.js'

const file = traceFile('attacks-dev') ?? ''
const rate = 1500
const least = 100

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
  const total = await recorded(file)
  const base = baseTime()
  const all = service(t, settings)
  await all.start()
  const replay = startReplay(settings, { file, base, rate })

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
  await assertLiveIsBacktest(settings, total, { base, least })
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
  const total = await recorded(file)
  const base = baseTime()
  const receiver = service(t, settings, ['--role', 'receive'])
  const keeper = service(t, { ...settings, WATCHKEEPER_CONSOLE_PORT: String(await freePort()) }, [
    '--role',
    'store,detect,alert',
  ])
  await Promise.all([receiver.start(), keeper.start()])
  const replay = startReplay(settings, { file, base, rate })

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
  await assertLiveIsBacktest(settings, total, { base, least })
  assert.equal(await receiver.stop(), 0)
  assert.equal(await keeper.stop(), 0)
})
