import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { command } from '../../src/cli/inventory.js'
import { WatchkeeperError } from '../../src/errors.js'
import { openStore } from '../../src/store/index.js'
import { commandIo } from '../support/command-io.js'
import { silent } from '../support/detect.js'
import { auditEvent, baseTime } from '../support/events.js'

const nasty = 'x\u001b[2J\u202e'

/** The command beside a service that holds the store open. */
async function inventory(t: TestContext, policy = '') {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-inventory-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const file = join(dataDir, 'watchkeeper.yaml')
  await writeFile(file, policy)
  const environment = { WATCHKEEPER_DATA_DIR: dataDir, WATCHKEEPER_LOG_LEVEL: 'silent', WATCHKEEPER_POLICY: file }
  const store = await openStore({ config: commandIo(environment).config(), log: silent, now: () => baseTime })
  t.after(() => store.close())
  await store.insertEvents([
    auditEvent({ endedAt: baseTime, serverName: 'crm', tool: 'export_all', claimedClass: 'high-impact' }),
    auditEvent({ endedAt: baseTime, serverName: nasty, tool: nasty, subject: nasty }),
    auditEvent({ endedAt: baseTime, kind: 'authorization', tool: '', method: '', outcome: '', scopes: [nasty] }),
  ])
  await store.refreshRollups()
  return async (...args: string[]) => {
    const io = commandIo(environment)
    const code = await command.run(args, io)
    return { code, ...io.output }
  }
}

test('each kind as a table and as JSON, beside a running service, with foreign text made harmless', async (t) => {
  const run = await inventory(t, 'servers: [{ name: crm }]\n')
  const servers = await run()
  assert.equal(servers.code, 0)
  assert.match(servers.stdout, /^acme +crm +approved +- +1 +1 +1 +2026-11-02 10:00 +2026-11-02 10:00 +-$/m)
  assert.match((await run('tools')).stdout, /^acme +crm +export_all +high-impact +annotation +/m)
  assert.match((await run('subjects', '--tenant', 'acme')).stdout, /^acme +alice +1 +0 +1 +1 +/m)
  for (const kind of ['servers', 'tools', 'scopes', 'subjects'])
    for (const form of [[], ['--json']]) {
      const { stdout } = await run(kind, ...form)
      assert.ok(stdout.length > 0 && !stdout.includes('\u001b') && !stdout.includes('\u202e'), `${kind} ${form}`)
    }
  const rows = (await run('tools', '--json')).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(rows.map(({ tool }) => tool).sort(), ['export_all', nasty].sort())
  assert.equal((await run('scopes', '--unused')).stdout, 'Nothing was seen so far.\n')
  assert.match((await run('servers', '--draft')).stdout, /^ {2}- \{"name":"x\\u001b\[2J\\u202e"\}$/m)
  assert.match((await run('servers', '--limit', '1')).stderr, /more than 1/)
})

test('mistakes of the caller are told before the store is opened', async () => {
  const fails = (args: string[], text: RegExp) =>
    assert.rejects(
      () => command.run(args, commandIo({ WATCHKEEPER_DATA_DIR: '/nowhere' })),
      (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE' && text.test(error.message),
    )
  await fails(['constructor'], /servers, tools, scopes or subjects/)
  await fails(['tools', '--draft'], /about servers/)
  await fails(['--unused'], /about scopes/)
  await fails(['--tenant', 'A b'], /--tenant expects/)
  await fails(['--limit', '0'], /1 to 10000/)
})
