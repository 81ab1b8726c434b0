/** What a policy file makes detectors believe. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyParts } from '../../src/detect/contract.js'
import { defaultPolicy } from '../../src/detect/policy.js'
import { matches } from '../../src/detect/policy-file/names.js'
import { placesOf } from '../../src/detect/policy-file/places.js'
import { policiesOf } from '../../src/detect/policy-file/policy-of.js'
import { policySections } from '../../src/policies.js'
import { parsePolicy } from '../../src/policy-file.js'
import { auditEvent } from '../support/events.js'

const policy = (source: string, tenant = 'acme') => policiesOf(parsePolicy('w.yaml', source, policySections))(tenant)

test('an empty file leaves everything as it is without one', () => {
  const empty = policy('')
  for (const part of policyParts) assert.equal(empty.states(part), false, part)
  const event = auditEvent({ tool: 'get_account', serverName: 'crm' })
  assert.equal(empty.toolClass(event), defaultPolicy.toolClass(event))
  assert.equal(empty.isSensitive(event), defaultPolicy.isSensitive(event))
  assert.equal(empty.standing(event), 'unknown')
  assert.equal(empty.rootsOf('crm'), undefined)
})

test('a server is approved by its name and where it is met, and moved anywhere else', () => {
  const { standing } = policy(`
servers:
  - { name: crm, addresses: [crm.corp.example, "10.1.2.3:8443"] }
  - { name: files, commands: ["node files.js"], command_digests: [00112233445566ff] }
  - { name: notes }
`)
  const at = (serverName: string, serverAddress: string, detail: Record<string, string> = {}) =>
    standing({ serverName, serverAddress, detail })
  assert.equal(at('crm', 'crm.corp.example'), 'approved')
  assert.equal(at('crm', 'CRM.corp.example:443'), 'approved')
  assert.equal(at('crm', '10.1.2.3:8443'), 'approved')
  assert.equal(at('crm', '10.1.2.3'), 'approved', 'telemetry without the port')
  assert.equal(at('crm', '10.1.2.3:1'), 'moved')
  assert.equal(at('crm', 'sub.crm.corp.example'), 'moved', 'an address is that host alone')
  assert.equal(at('crm', '', { server_origin: 'https://crm.evil.example' }), 'moved')
  assert.equal(at('crm', '', { command_line: 'node crm.js' }), 'moved', 'a remote server that runs here')
  assert.equal(at('crm', ''), 'approved', 'no place told')
  assert.equal(at('files', '', { command_line: 'node files.js' }), 'approved')
  assert.equal(at('files', '', { command_line: 'node evil.js' }), 'moved')
  assert.equal(
    at('files', '', { command_line: 'node files.js', command_digest: 'ffff' }),
    'moved',
    'the digest decides',
  )
  assert.equal(at('files', '', { command_line: 'other', command_digest: '00112233445566ff' }), 'approved')
  assert.equal(at('files', 'files.evil.example'), 'moved')
  assert.equal(at('notes', 'anywhere.example', { command_line: 'x' }), 'approved', 'nothing said of the place')
  assert.equal(at('shadow', 'crm.corp.example'), 'unknown')
  assert.equal(at('', 'crm.corp.example'), 'approved')
  assert.equal(at('', 'evil.example'), 'unknown')
})

test('an allowlist without entries approves nothing, and counts as one', () => {
  const nobody = policy('servers: []')
  assert.equal(nobody.states('servers'), true)
  assert.equal(nobody.standing({ serverName: 'crm', serverAddress: '' }), 'unknown')
})

test('the class of a tool overrides annotation and name; a claim to read counts only from an approved server', () => {
  const { toolClass } = policy(`
servers: [{ name: crm }]
tools:
  - { server: crm, tool: "get_*", class: high-impact }
  - { tool: "*_delete", class: read }
`)
  assert.equal(toolClass(auditEvent({ serverName: 'crm', tool: 'get_all' })), 'high-impact')
  assert.equal(toolClass(auditEvent({ serverName: 'other', tool: 'get_all' })), 'read')
  assert.equal(toolClass(auditEvent({ tool: 'soft_delete', verbs: ['remove'], claimedClass: 'high-impact' })), 'read')
  assert.equal(toolClass(auditEvent({ serverName: 'crm', tool: 'fn_3', claimedClass: 'read' })), 'read')
  assert.equal(toolClass(auditEvent({ serverName: 'other', tool: 'fn_3', claimedClass: 'read' })), 'unknown')
  const contradicted = auditEvent({ serverName: 'crm', tool: 'fn_3', claimedClass: 'read', verbs: ['pay'] })
  assert.equal(toolClass(contradicted), 'high-impact')
})

test('what is private can be said both ways, but a secret is always one', () => {
  const { isSensitive } = policy(`
sensitive:
  - { server: wiki, tool: "search_*", private: false }
  - { server: wiki }
`)
  assert.equal(isSensitive(auditEvent({ serverName: 'wiki', tool: 'search_files' })), false)
  assert.equal(isSensitive(auditEvent({ serverName: 'wiki', tool: 'look' })), true)
  assert.equal(isSensitive(auditEvent({ serverName: 'wiki', tool: 'search_files', resultSecretKinds: ['jwt'] })), true)
})

test('own places are domains with all below, single hosts, addresses and ranges', () => {
  const isOwn = placesOf(['corp.example', 'intranet', '10.0.0.0/8', 'fd00::/8', 'com'])
  for (const own of [
    'corp.example',
    'a.b.corp.example',
    'CORP.example.',
    'intranet',
    '10.9.8.7',
    '10.9.8.7:80',
    '[fd12::1]:443',
  ])
    assert.equal(isOwn(own), true, own)
  for (const other of [
    'notcorp.example',
    'corp.example.evil.example',
    'a.intranet',
    '11.0.0.1',
    'fe80::1',
    'evil.com',
    '',
  ])
    assert.equal(isOwn(other), false, other)
})

test('scopes, issuers, roots, boxes, jewels and approvals are as the file says, else as without one', () => {
  const said = policy(`
servers:
  - { name: files, roots: [/srv], sandboxed: true }
  - { name: crm, issuers: [https://crm.example] }
issuers: [https://login.example]
scopes: [{ scope: "crm:*", rank: admin }]
crown_jewels: [{ what: the ledger, server: books, tool: "post_*" }]
approvals:
  - { server: books, tool: post_draft, of: nothing }
  - { server: books, of: result }
  - { class: high-impact, of: arguments }
`)
  assert.equal(said.scopeRank('crm:read'), 3)
  assert.equal(said.scopeRank('mail:read'), 1)
  assert.deepEqual(said.issuersOf('crm'), ['https://crm.example'])
  assert.deepEqual(said.issuersOf('files'), ['https://login.example'])
  assert.deepEqual(said.rootsOf('files'), ['/srv'])
  assert.equal(said.rootsOf('crm'), undefined)
  assert.equal(said.mustBeSandboxed('files'), true)
  assert.equal(said.crownJewel(auditEvent({ serverName: 'books', tool: 'post_entry' })), 'the ledger')
  assert.equal(said.crownJewel(auditEvent({ serverName: 'vault', tool: 'read' })), '', 'the file replaces the guess')
  assert.equal(said.mustBeApproved(auditEvent({ serverName: 'books', tool: 'post_draft' })), '')
  assert.equal(said.mustBeApproved(auditEvent({ serverName: 'books', tool: 'read' })), 'result')
  assert.equal(said.mustBeApproved(auditEvent({ serverName: 'x', tool: 'zap', verbs: ['remove'] })), 'arguments')
  assert.equal(said.mustBeApproved(auditEvent({ serverName: 'x', tool: 'get' })), '')
  assert.equal(said.mustBeApproved(auditEvent({ kind: 'connection', serverName: 'books' })), '')
  for (const part of policyParts)
    assert.equal(said.states(part), !['tools', 'sensitive', 'destinations'].includes(part), part)
})

test("a tenant's words come first, are added to those for all, and reach no other tenant", () => {
  const source = `
servers: [{ name: crm, closed_world: true }, { name: wiki }]
tools: [{ tool: run, class: write }]
tenants:
  acme:
    servers: [{ name: crm }]
    tools: [{ tool: run, class: read }]
`
  const acme = policy(source)
  const other = policy(source, 'globex')
  const run = auditEvent({ tool: 'run' })
  assert.deepEqual([acme.toolClass(run), other.toolClass(run)], ['read', 'write'])
  assert.deepEqual([acme.isClosedWorld('crm'), other.isClosedWorld('crm')], [false, true])
  assert.equal(acme.standing({ serverName: 'wiki', serverAddress: '' }), 'approved')
})

test('patterns match whole names, and a name that is made for it does not slow them down', () => {
  assert.ok(matches('get_*', 'get_'))
  assert.ok(matches('*_at_*', 'look_at_me'))
  assert.ok(matches('a*b*c', 'aXbXbc'))
  assert.equal(matches('get_*', 'forget_it'), false)
  assert.equal(matches('get', 'get_it'), false)
  assert.equal(matches('a.c', 'abc'), false)
  assert.equal(matches(`${'*a'.repeat(30)}b`, 'a'.repeat(10_000)), false)
})
