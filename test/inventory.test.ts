/** What has been seen, and what the policy says of it, over a real store. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { draftOf } from '../src/cli/inventory/draft.js'
import { type Sight, scopesSeen, serversSeen, subjectsSeen, toolsSeen } from '../src/inventory.js'
import { policySections, stanceOf } from '../src/policies.js'
import { parsePolicy } from '../src/policy-file.js'
import type { Store } from '../src/store/index.js'
import { auditEvent, baseTime, second } from './support/events.js'
import { fromRoot } from './support/root.js'
import { openTestStore } from './support/store.js'

const day = 86_400 * second

const policiesFrom = (yaml: string) => stanceOf(parsePolicy('w.yaml', yaml, policySections)).policies
const noPolicy = stanceOf(undefined).policies

const see = (store: Store, given: Partial<Sight> = {}): Sight => ({
  store,
  policies: noPolicy,
  tenants: [],
  limit: 100,
  ...given,
})

async function storeWith(t: TestContext, ...events: ReturnType<typeof auditEvent>[]): Promise<Store> {
  const store = await openTestStore(t)
  await store.insertEvents(events)
  await store.refreshRollups()
  return store
}

const policy = `
servers:
  - { name: crm, addresses: [crm.corp.example], owner: sales@corp.example }
  - { name: files, commands: ["npx files"], sandboxed: true }
  - { name: retired }
tools:
  - { server: crm, tool: get_export, class: high-impact }
scopes:
  - { scope: "crm:export", rank: admin }
approvals:
  - { class: high-impact, of: arguments }
`

test('servers: the standing of each by where it was met, who owns it, and the approved that nobody met', async (t) => {
  const store = await storeWith(
    t,
    auditEvent({ endedAt: baseTime, serverName: 'crm', serverAddress: 'crm.corp.example' }),
    auditEvent({ endedAt: baseTime + day, serverName: 'crm', serverAddress: 'crm.evil.example', subject: 'bob' }),
    auditEvent({
      endedAt: baseTime + second,
      serverName: 'files',
      detail: { command_line: 'npx files', command_digest: 'ab12ab12ab12ab12' },
    }),
    auditEvent({
      endedAt: baseTime + 2 * second,
      serverName: 'wiki',
      serverAddress: '',
      detail: { server_origin: 'https://wiki.example' },
    }),
  )
  const { rows, more } = await serversSeen(see(store, { policies: policiesFrom(policy) }))
  assert.equal(more, false)
  assert.deepEqual(
    rows.map(({ server, standing, places, calls, owner }) => [
      server,
      standing,
      places.map((p) => p.address || p.command_line),
      calls,
      owner,
    ]),
    [
      ['crm', 'moved', ['crm.corp.example', 'crm.evil.example'], 2, 'sales@corp.example'],
      ['wiki', 'unknown', ['https://wiki.example'], 1, ''],
      ['files', 'approved', ['npx files'], 1, ''],
      ['retired', 'approved', [], 0, ''],
    ],
  )
  const [crm] = rows
  assert.deepEqual([crm?.first_at, crm?.last_at, crm?.subjects], [baseTime, baseTime + day, 2])
  const without = await serversSeen(see(store))
  assert.deepEqual([...new Set(without.rows.map(({ standing }) => standing))], ['unstated'])
})

test('tools: the class of each says what it rests on', async (t) => {
  const call = (tool: string, given: Parameters<typeof auditEvent>[0] = {}) =>
    auditEvent({ serverName: 'crm', tool, ...given })
  const store = await storeWith(
    t,
    call('get_export'),
    call('get_contact', { outcome: 'denied' }),
    call('get_contact', { subject: 'bob' }),
    call('frobnicate', { claimedClass: 'read' }),
    call('wipe', { claimedClass: 'high-impact' }),
    call('sync', { verbs: ['remove'] }),
    call('zap', { serverName: 'other', claimedClass: 'read' }),
    auditEvent({ kind: 'tool_definition', serverName: 'crm', tool: 'never_called', method: '', outcome: '' }),
  )
  const { rows } = await toolsSeen(
    see(store, { policies: policiesFrom(policy.replace('addresses: [crm.corp.example], ', '')) }),
  )
  assert.deepEqual(
    Object.fromEntries(rows.map((row) => [row.tool, [row.class, row.class_from, row.must_be_approved, row.calls]])),
    {
      get_export: ['high-impact', 'policy', 'arguments', 1],
      get_contact: ['read', 'name', '', 2],
      frobnicate: ['read', 'annotation', '', 1],
      wipe: ['high-impact', 'annotation', 'arguments', 1],
      sync: ['high-impact', 'name', 'arguments', 1],
      zap: ['unknown', 'nothing', '', 1],
      never_called: ['unknown', 'nothing', '', 0],
    },
  )
  const contact = rows.find(({ tool }) => tool === 'get_contact')
  assert.deepEqual([contact?.refused, contact?.subjects], [1, 2])
})

test('scopes: rank, and whether each was ever needed', async (t) => {
  const token = (at: number, given: object) =>
    auditEvent({ kind: 'authorization', endedAt: at, tool: '', method: '', outcome: '', decision: 'allowed', ...given })
  const calls = Array.from({ length: 25 }, (_, n) =>
    auditEvent({ endedAt: baseTime + n * 1_000 * second, tool: 'list_contacts', outcome: 'ok', verbs: ['read'] }),
  )
  const store = await storeWith(
    t,
    token(baseTime, { scopes: ['contacts:read', 'mail.send', 'crm:export'] }),
    token(baseTime + second, { scopesChallenged: ['admin'], decision: 'challenged' }),
    token(baseTime + 2 * second, { subject: 'bob', scopes: ['mail.send'] }),
    ...calls,
  )
  const sight = see(store, { policies: policiesFrom(policy) })
  const { rows } = await scopesSeen(sight, baseTime + 31 * day)
  assert.deepEqual(
    rows.map(({ subject, scope, rank, rank_from, use }) => [subject, scope, rank, rank_from, use]).sort(),
    [
      ['alice', 'admin', 3, 'name', 'not held'],
      ['alice', 'contacts:read', 1, 'name', 'used'],
      ['alice', 'crm:export', 3, 'policy', 'unused'],
      ['alice', 'mail.send', 2, 'name', 'unused'],
      ['bob', 'mail.send', 2, 'name', 'too early'],
    ],
  )
  const early = await scopesSeen(sight, baseTime + 29 * day)
  assert.equal(early.rows.filter(({ use }) => use === 'unused').length, 0)
})

test('subjects: what each uses, and the mightiest scope it held', async (t) => {
  const store = await storeWith(
    t,
    auditEvent({ serverName: 'crm', serverAddress: 'crm.corp.example', tool: 'get_export' }),
    auditEvent({ serverName: 'wiki', tool: 'search', outcome: 'denied' }),
    auditEvent({ kind: 'authorization', tool: '', method: '', outcome: '', scopes: ['files:read', 'crm:export'] }),
    auditEvent({ subject: 'bob', serverName: 'crm', serverAddress: 'crm.corp.example', tool: 'get_contact' }),
  )
  const { rows } = await subjectsSeen(see(store, { policies: policiesFrom(policy) }))
  assert.deepEqual(
    rows
      .map((row) => [
        row.subject,
        row.servers,
        row.unapproved_servers,
        row.tools,
        row.high_impact_tools,
        row.scope,
        row.calls,
        row.refused,
      ])
      .sort(),
    [
      ['alice', 2, 1, 2, 1, 'crm:export', 2, 1],
      ['bob', 1, 0, 1, 0, '', 1, 0],
    ],
  )
})

test('a tenant sees its own alone, and its own policy holds', async (t) => {
  const store = await storeWith(
    t,
    auditEvent({ tenant: 'acme', serverName: 'shop' }),
    auditEvent({ tenant: 'globex', serverName: 'shop' }),
    auditEvent({
      tenant: 'globex',
      serverName: 'shop',
      subject: 'eve',
      kind: 'authorization',
      tool: '',
      method: '',
      outcome: '',
      scopes: ['admin'],
    }),
  )
  const policies = policiesFrom('servers: []\ntenants: { acme: { servers: [{ name: shop }] } }')
  const all = await serversSeen(see(store, { policies }))
  assert.deepEqual(all.rows.map(({ tenant, standing }) => [tenant, standing]).sort(), [
    ['acme', 'approved'],
    ['globex', 'unknown'],
  ])
  const sight = see(store, { policies, tenants: ['acme'] })
  for (const look of [serversSeen, toolsSeen, subjectsSeen])
    assert.deepEqual([...new Set((await look(sight)).rows.map(({ tenant }) => tenant))], ['acme'], look.name)
  assert.deepEqual((await scopesSeen(sight, baseTime)).rows, [])
})

test('more than the limit is told, and those seen last stay', async (t) => {
  const store = await storeWith(
    t,
    ...[0, 1, 2].map((n) => auditEvent({ endedAt: baseTime + n * second, tool: `tool_${n}` })),
  )
  const { rows, more } = await toolsSeen(see(store, { limit: 2 }))
  assert.deepEqual([rows.map(({ tool }) => tool), more], [['tool_2', 'tool_1'], true])
})

test('the draft of an allowlist is a policy file without a fault, under which all that it names is approved', async (t) => {
  const nasty = 'evil"}]\ntenants: {x: {}} #\u202e\u001b[2J'
  const store = await storeWith(
    t,
    auditEvent({ serverName: nasty, serverAddress: 'not a host' }),
    auditEvent({ serverName: 'shop', serverAddress: 'https://Shop.example:8443/mcp' }),
    auditEvent({
      serverName: 'files',
      detail: { command_line: 'npx files --root "/srv"', command_digest: 'ab12ab12ab12ab12' },
    }),
  )
  const draft = draftOf((await serversSeen(see(store))).rows)
  assert.match(draft, /^[\n\u2019\x20-\x7e]*$/)
  const { rows } = await serversSeen(see(store, { policies: policiesFrom(draft) }))
  assert.deepEqual(
    rows.map(({ server, standing }) => [server, standing]).sort(),
    [
      [nasty, 'approved'],
      ['files', 'approved'],
      ['shop', 'approved'],
    ].sort(),
  )
  assert.equal(draftOf(rows), '# Every server that was seen is approved.\n')
})

test('hours that were counted by an earlier version are counted again', async (t) => {
  const store = await storeWith(t, auditEvent({}))
  for (const table of ['seen_hours', 'seen_periods', 'rollup_periods']) await store.command(`TRUNCATE TABLE ${table}`)
  assert.deepEqual((await toolsSeen(see(store))).rows, [])
  const migration = await readFile(fromRoot('src/store/migrations/0007_seen.sql'), 'utf8')
  const [, again = ''] = /^(INSERT INTO dirty_hours .*);$/m.exec(migration) ?? []
  await store.command(again)
  await store.refreshRollups()
  assert.equal((await toolsSeen(see(store))).rows.length, 1)
})
