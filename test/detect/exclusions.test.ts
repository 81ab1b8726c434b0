/** What an exclusion covers, until when, and what becomes of an excluded finding. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startAlert } from '../../src/alert/index.js'
import { catalogueOf } from '../../src/detect/catalogue.js'
import type { Circumstances } from '../../src/detect/exclusion.js'
import { exclusionsOf, startDetect } from '../../src/detect/index.js'
import { policySections } from '../../src/policies.js'
import { parsePolicy } from '../../src/policy-file.js'
import { Telemetry } from '../../src/telemetry.js'
import { findsCallsOf, querying, sharesOf, silent } from '../support/detect.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore } from '../support/store.js'

/** A folder with a recorded story, and the text of an exclusion with these lines. */
async function fileWith(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'story.jsonl'), '{}\n')
  return (...lines: readonly string[]) =>
    parsePolicy(
      join(folder, 'w.yaml'),
      `exclusions:\n${lines.map((line) => `  - { ${line} }\n`).join('')}`,
      policySections,
    )
}

const ours = 'owner: ops, reason: known, expires: 2026-11-30, case: story.jsonl'
const now = Date.UTC(2026, 10, 2) * 1000
const about: Circumstances = {
  detector: 'calls-of-send',
  server: 'mail',
  tool: 'send',
  subject: 'alice',
  destinations: ['a.corp.example'],
  scopes: ['mail:send'],
}

test('every matcher that is given has to fit, and destinations and scopes have to fit whole', async (t) => {
  const read = await fileWith(t)
  const covers = (matcher: string, given: Partial<Circumstances> = {}): boolean =>
    exclusionsOf(read(`id: one, detector: calls-of-send, ${ours}, ${matcher}`))('acme', { ...about, ...given }, now) ===
    'one'
  assert.ok(covers('server: mail, tool: "s*", subject: alice, destination: corp.example, scope: "mail:*"'))
  assert.equal(covers('server: mail, tool: "x*"'), false)
  assert.equal(covers('server: mail', { detector: 'another' }), false)
  assert.equal(covers('subject: alice', { subject: 'mallory' }), false)
  assert.equal(covers('destination: corp.example', { destinations: ['a.corp.example', 'evil.example'] }), false)
  assert.equal(covers('destination: corp.example', { destinations: [] }), false, 'nobody knows where it went')
  assert.equal(covers('scope: "mail:*"', { scopes: ['mail:send', 'admin'] }), false)
})

test('it holds to the end of its last day, and not a moment longer', async (t) => {
  const holds = exclusionsOf((await fileWith(t))(`id: one, detector: calls-of-send, server: mail, ${ours}`))
  const end = Date.UTC(2026, 11, 1) * 1000
  assert.equal(holds('acme', about, end - 1), 'one')
  assert.equal(holds('acme', about, end), '')
})

test('without a matcher, an owner, a day or a story it is a fault', async (t) => {
  const read = await fileWith(t)
  assert.throws(
    () => read(`id: one, detector: d, ${ours}`),
    /at least one of server, tool, subject, destination, scope/,
  )
  assert.throws(
    () => read('id: one, detector: d, tool: x'),
    /owner is missing[\s\S]*reason is missing[\s\S]*expires is missing[\s\S]*case is missing/,
  )
  assert.throws(
    () => read(`id: one, detector: d, tool: x, ${ours.replace('2026-11-30', '2026-02-30')}`),
    /a day such as/,
  )
  assert.throws(
    () => read(`id: one, detector: d, tool: x, ${ours.replace('story', 'no')}`),
    /there is no file .*no\.jsonl/,
  )
  assert.throws(
    () => read(`id: a, detector: d, tool: x, ${ours}`, `id: a, detector: e, tool: x, ${ours}`),
    /a is the id of two/,
  )
})

test('an excluded finding is recorded with its exclusion, counted, and opens no incident', async (t) => {
  const exclusions = exclusionsOf(
    (await fileWith(t))(
      `id: mail-is-known, detector: calls-of-send, server: mail, ${ours}`,
      `id: corp-is-ours, detector: by-query, destination: corp.example, ${ours}`,
    ),
  )
  const store = await openTestStore(t)
  const telemetry = new Telemetry()
  const clock = baseTime + 200 * second
  const at = baseTime + 5 * second
  await store.insertEvents([
    auditEvent({ eventId: 'known', serverName: 'mail', tool: 'send', endedAt: at, conversationId: 'one' }),
    auditEvent({ eventId: 'other', serverName: 'chat', tool: 'send', endedAt: at, conversationId: 'two' }),
  ])
  const detect = await startDetect({
    store,
    shares: sharesOf(1, 0),
    config: { detectEveryMs: 3_600_000, detectSettleMs: 0, detectBudgetMs: 5_000, sessionIdleMinutes: 30 },
    log: silent,
    telemetry,
    now: () => clock,
    exclusions,
    catalogue: catalogueOf([
      findsCallsOf('send'),
      querying('by-query', {
        sql: `SELECT 'acme' AS tenant, arrayJoin(['a.corp.example', 'evil.example']) AS destination
              WHERE {from:DateTime64(6, 'UTC')} < {to:DateTime64(6, 'UTC')} AND empty({tenants:Array(String)})`,
        judge: ({ destination }) => ({
          anchor: String(destination),
          session: '',
          subject: 'bob',
          server: 'mail',
          tool: 'send',
          severity: 'high',
          summary: 'much',
          calls: ['r'],
          score: {},
        }),
      }),
    ]),
  })
  t.after(() => detect.close())
  await detect.tick()
  const found = await store.query<{ anchor: string; excluded_by: string }>('SELECT anchor, excluded_by FROM finding')
  const by = new Map(found.map(({ anchor, excluded_by }) => [anchor.split(' ').at(-1), excluded_by]))
  assert.deepEqual(
    by,
    new Map(
      [...by.keys()].map((anchor) => [
        anchor,
        { known: 'mail-is-known', 'a.corp.example': 'corp-is-ours' }[String(anchor)] ?? '',
      ]),
    ),
  )
  assert.deepEqual([...by.keys()].sort(), ['a.corp.example', 'evil.example', 'known', 'other'])
  const counted = telemetry.counters().filter(({ reason }) => reason.startsWith('excluded:'))
  assert.deepEqual(counted.map(({ reason, value }) => [reason, value]).sort(), [
    ['excluded:corp-is-ours', 1],
    ['excluded:mail-is-known', 1],
  ])

  const alert = startAlert({
    store,
    shares: sharesOf(1, 0),
    config: { alertEveryMs: 3_600_000, webhookUrl: '', webhookSecret: '', webhookMinSeverity: 'medium' },
    log: silent,
    telemetry,
    now: () => clock + second,
  })
  t.after(() => alert.close())
  await alert.tick()
  const held = await store.query<{ anchor: string }>(
    'SELECT anchor FROM finding WHERE fingerprint IN (SELECT arrayJoin(findings) FROM incident)',
  )
  assert.deepEqual(held.map(({ anchor }) => anchor.split(' ').at(-1)).sort(), ['evil.example', 'other'])
})
