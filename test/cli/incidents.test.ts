import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { startAlert } from '../../src/alert/index.js'
import { stableId } from '../../src/audit-event.js'
import { command } from '../../src/cli/incidents.js'
import { WatchkeeperError } from '../../src/errors.js'
import { act, latestIncidents } from '../../src/incidents.js'
import { openStore } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'
import { commandIo } from '../support/command-io.js'
import { baseTime, finding, findingRow } from '../support/findings.js'
import { answers, httpReceiver } from '../support/http-receiver.js'

const nasty = 'x\u001b[2J\u202e\u009b31m'

/** The command over a store in which two incidents are: one refused by its receiver, one of a trial detector. */
async function incidents(t: TestContext): Promise<(...args: string[]) => Promise<string>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-incidents-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const environment = { WATCHKEEPER_DATA_DIR: dataDir, WATCHKEEPER_LOG_LEVEL: 'silent' }
  const receiver = await httpReceiver(t, answers.status(400))
  const log = pino({ level: 'silent' })
  const now = (): number => baseTime
  const store = await openStore({ config: commandIo(environment).config(), log, now })
  const given = [
    finding({ anchor: 'a', summary: nasty, subject: nasty }),
    finding({
      anchor: 'b',
      maturity: 'trial',
      detector: 'off-task-action',
      title: 'Out of the ordinary',
      severity: 'low',
    }),
  ]
  await store.insert('findings', given.map(findingRow))
  const alert = startAlert({
    store,
    shares: { total: 1, owned: () => new Set([0]), close: async () => undefined },
    config: { alertEveryMs: 3_600_000, webhookUrl: receiver.url, webhookSecret: '', webhookMinSeverity: 'medium' },
    log,
    telemetry: new Telemetry(),
    now,
  })
  await alert.tick()
  await alert.close()
  const [first] = (await latestIncidents(store, 10)).filter(({ maturity }) => maturity === 'stable')
  assert.ok(first)
  await act(store, [
    {
      id: stableId('step', 'one'),
      tenant: first.tenant,
      incident: first.id,
      version: 1,
      action: 'acknowledge',
      value: '',
      text: nasty,
      actor: 'ada',
      by: 'person',
      at: baseTime,
    },
  ])
  await store.close()
  return async (...args) => {
    const io = commandIo(environment)
    assert.equal(await command.run(args, io), 0)
    return io.output.stdout
  }
}

test('incidents lists, shows one as a timeline with what became of it, and prints JSON', async (t) => {
  const run = await incidents(t)

  const list = await run()
  assert.match(list, / HIGH +2026-11-24 03:00:00 {2}[0-9a-f]{8} {2}v1 +dead +A call does what a tool result ordered\n/)
  assert.match(list, / LOW +.* trial +Out of the ordinary\n/)
  assert.equal((await run('list', '--limit', '1')).split('\n').length, 2)

  const id = /([0-9a-f]{8}) {2}v1 +dead/.exec(list)?.[1] ?? ''
  const shown = await run('show', id)
  assert.match(shown, /What happened/)
  assert.match(shown, /version 1 dead \(webhook, 1 attempt: answered 400\)/)
  assert.match(shown, / ada: acknowledge \(x/)

  const lines = (await run('--json')).trimEnd().split('\n')
  assert.equal(lines.length, 2)
  const told = lines.map((line) => JSON.parse(line)).find((incident) => incident.id.startsWith(id))
  assert.equal(told.findings[0].subject, nasty)
  assert.equal(told.deliveries[0].outcome, 'refused')
  assert.equal(told.triage.status, 'acknowledged')
  assert.equal(told.history[0].text, nasty)

  for (const text of [list, shown, ...lines]) assert.doesNotMatch(text, /(?!\n)\p{Cc}|\p{Cf}/u)
  await assert.rejects(run('show', 'ffff'), (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE')
})

test('words that the command does not take are told, before any store is opened', async () => {
  for (const args of [['show'], ['show', 'a', 'b'], ['delete'], ['list', 'x'], ['--limit', '0'], ['show', "' OR 1"]])
    await assert.rejects(command.run(args, commandIo({ WATCHKEEPER_DATA_DIR: '/nowhere/at/all' })), (error) => {
      assert.ok(error instanceof WatchkeeperError)
      return error.code === 'WK_USAGE'
    })
})

test('a store that no service ever opened is told as that', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-incidents-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const io = commandIo({ WATCHKEEPER_DATA_DIR: dataDir, WATCHKEEPER_LOG_LEVEL: 'silent' })
  await assert.rejects(command.run([], io), /no service has run on it yet/)
})
