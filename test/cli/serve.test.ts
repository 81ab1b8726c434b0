/** What an operator reads when the service cannot start, and that it ends in order when asked to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { recordCount, until } from '../support/landing.js'
import {
  assertEachOnce,
  baseTime,
  freshSettings,
  recorded,
  type Settings,
  startReplay,
} from '../support/recorded-run.js'
import { freePort, service, watchkeeper } from '../support/service.js'

async function listening(t: TestContext, answer: Parameters<typeof createServer>[1]): Promise<Server> {
  const server = createServer({}, answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return server
}

const portOf = (server: Server): string => String((server.address() as AddressInfo).port)

/** `serve` must end by itself, with this exit code and one line that says all of it. */
async function endsWith(
  settings: Settings,
  { exit, says, role = 'all' }: { readonly exit: number; readonly says: RegExp; readonly role?: string },
): Promise<void> {
  const { code, stderr, stdout } = await watchkeeper(['serve', '--role', role], {
    ...settings,
    WATCHKEEPER_LOG_LEVEL: 'fatal',
  })
  assert.match(stderr, says)
  assert.equal(stderr.trim().split('\n').length, 1, stderr)
  assert.equal(code, exit, stderr)
  assert.equal(stdout, '')
}

test('a port that is taken is named with its setting', async (t) => {
  const settings = await freshSettings(t)
  const taken = portOf(await listening(t, (_, response) => response.end()))
  const exit = 69
  await endsWith(
    { ...settings, WATCHKEEPER_RECEIVE_PORT: taken },
    { exit, says: new RegExp(`port ${taken} .* set WATCHKEEPER_RECEIVE_PORT \\[WK_PORT_IN_USE\\]`) },
  )
  await endsWith(
    { ...settings, WATCHKEEPER_CONSOLE_PORT: taken },
    { exit, says: new RegExp(`port ${taken} .* set WATCHKEEPER_CONSOLE_PORT \\[WK_PORT_IN_USE\\]`) },
  )
})

test('a data folder that cannot be written is named', async (t) => {
  const settings = await freshSettings(t)
  const file = join(String(settings['WATCHKEEPER_DATA_DIR']), 'a-file')
  await writeFile(file, '')
  await endsWith(
    { ...settings, WATCHKEEPER_DATA_DIR: join(file, 'data') },
    { exit: 73, says: /the data folder .*a-file\/data cannot be written \(ENOTDIR\).* \[WK_FILE_UNWRITABLE\]/ },
  )
})

test('brokers that do not answer are an end with a reason, not a hang', async (t) => {
  const nobody = `127.0.0.1:${await freePort()}`
  await endsWith(
    { ...(await freshSettings(t)), WATCHKEEPER_BUS: 'kafka', WATCHKEEPER_KAFKA_BROKERS: nobody },
    { exit: 69, says: new RegExp(`cannot connect at Kafka.*${nobody}.* \\[WK_BUS_UNAVAILABLE\\]`), role: 'receive' },
  )
})

test('a ClickHouse URL behind which there is nothing, or something else, is named', async (t) => {
  const settings = await freshSettings(t)
  const other = portOf(
    await listening(t, (_, response) => void response.writeHead(404).end('<html>nothing here</html>')),
  )
  for (const port of [String(await freePort()), other]) {
    await endsWith(
      { ...settings, WATCHKEEPER_CLICKHOUSE_URL: `http://127.0.0.1:${port}` },
      { exit: 69, says: new RegExp(`http://127.0.0.1:${port}: check .* \\[WK_STORE_UNAVAILABLE\\]`) },
    )
  }
})

test('a ClickHouse URL with a password in it is refused without being shown', async (t) => {
  const { code, stderr } = await watchkeeper(['serve'], {
    ...(await freshSettings(t)),
    WATCHKEEPER_CLICKHOUSE_URL: 'http://someone:hidden@127.0.0.1:1',
  })
  assert.equal(code, 78)
  assert.match(stderr, /WATCHKEEPER_CLICKHOUSE_URL: expected a URL without user and password/)
  assert.doesNotMatch(stderr, /hidden/)
})

test('a second service on the same data folder names the first, and leaves it alone', async (t) => {
  const settings = await freshSettings(t)
  const first = service(t, settings)
  await first.start()
  const ports = {
    WATCHKEEPER_RECEIVE_PORT: String(await freePort()),
    WATCHKEEPER_CONSOLE_PORT: String(await freePort()),
  }
  const says = new RegExp(`another process \\(pid ${first.pid}\\) works on the data folder .* \\[WK_STORE_LOCKED\\]`)
  await endsWith({ ...settings, ...ports }, { exit: 69, says })
  assert.equal(await recordCount(settings), 0)
  assert.equal(await first.stop(), 0)
})

test('receive and store apart without a bus between them are refused', async (t) => {
  await endsWith(await freshSettings(t), {
    exit: 78,
    says: /set WATCHKEEPER_BUS=kafka.* \[WK_CONFIG\]/,
    role: 'receive',
  })
})

test('a role that waits for its store ends when it is asked to', async (t) => {
  const detect = service(t, await freshSettings(t), ['--role', 'detect'])
  const started = assert.rejects(detect.start(), /ended with 0 before it served/)
  await until(
    async () => detect.log.some(({ msg }) => String(msg).startsWith('waiting for the store')),
    (waits) => waits,
  )
  assert.equal(await detect.stop(), 0)
  await started
})

test('stopped in the middle of a replay it keeps what it answered, and the rest lands after the next start', async (t) => {
  const settings = await freshSettings(t)
  const file = join(String(settings['WATCHKEEPER_DATA_DIR']), 'sessions.jsonl.gz')
  const calls = Array.from({ length: 10 }, (_, turn) => ({
    tool: 'read_note',
    arguments: { turn },
    result: 'ok',
    turn,
  }))
  const sessions = Array.from({ length: 300 }, (_, id) => JSON.stringify({ id: `s${id}`, user_prompt: 'Read.', calls }))
  await writeFile(file, gzipSync(sessions.join('\n')))
  const total = await recorded(file)
  const all = service(t, settings)
  await all.start()
  const replay = startReplay(settings, { file, base: baseTime(), rate: 700 })
  for (const least of [500, 1500]) {
    await until(
      () => recordCount(settings),
      (count) => count >= least,
    )
    assert.equal(await all.stop(), 0)
    await all.start()
  }
  const { code, stderr } = await replay
  assert.equal(code, 0, stderr)
  await assertEachOnce(settings, total)
  assert.equal(await all.stop(), 0)
})

test('a policy file with faults stops the start, and later leaves the policy as it was until it is mended', async (t) => {
  const settings = await freshSettings(t)
  const file = join(String(settings['WATCHKEEPER_DATA_DIR']), 'watchkeeper.yaml')
  const withPolicy = { ...settings, WATCHKEEPER_POLICY: file }
  await writeFile(file, 'severs: []\n')
  const refused = await watchkeeper(['serve'], withPolicy)
  assert.equal(refused.code, 78)
  assert.match(
    refused.stderr,
    /watchkeeper\.yaml:1:1: there is no key "severs" here: did you mean servers\? \[WK_POLICY\]/,
  )

  await writeFile(file, 'servers: []\n')
  const running = service(t, withPolicy)
  await running.start()
  const said = (what: RegExp) => running.log.filter(({ msg }) => what.test(String(msg)))
  await writeFile(file, 'servers: 3\n')
  process.kill(Number(running.pid), 'SIGHUP')
  await until(
    async () => said(/the policy stays as it was/).length,
    (times) => times === 1,
  )
  assert.match(JSON.stringify(said(/the policy stays as it was/)), /watchkeeper\.yaml:1:10: expected a list/)
  const doctor = await watchkeeper(['doctor'], withPolicy)
  assert.match(doctor.stdout, /FAULT policy .*1 fault/)

  await writeFile(file, 'servers: [{ name: crm }]\n')
  process.kill(Number(running.pid), 'SIGHUP')
  await until(
    async () => said(/the policy was read again/).length,
    (times) => times === 1,
  )
  assert.equal(await running.stop(), 0)
})
