import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProducerEvent, producerEvent } from '@watchkeeper/sdk/event'
import { auditEventOf } from '../../src/audit-event.js'
import { defaultPolicy, wordsOf } from '../../src/detect/policy.js'

const call = (said: Partial<ProducerEvent>) =>
  auditEventOf(producerEvent({ kind: 'call', eventId: 'e', startedAt: 1, endedAt: 2, method: 'tools/call', ...said }), {
    tenant: 't',
    owner: 'o',
    role: 'server',
    form: 'event',
    receivedAt: 2,
  })

test('a tool reads only where its name says so and its parameters do not contradict', () => {
  const classOf = (said: Partial<ProducerEvent>) => defaultPolicy.toolClass(call(said))
  assert.equal(classOf({ tool: 'get_account' }), 'read')
  assert.equal(classOf({ tool: 'mail.listMessages' }), 'read')
  assert.equal(classOf({ tool: 'get_and_forward', verbs: ['message'] }), 'write')
  assert.equal(classOf({ tool: 'query', verbs: ['exec'] }), 'high-impact')
  assert.equal(classOf({ tool: 'fn_3' }), 'unknown')
  assert.equal(classOf({ tool: '' }), 'unknown')
})

test('an annotation raises the class and never lowers it', () => {
  assert.equal(defaultPolicy.toolClass(call({ tool: 'fn_3', claimedClass: 'read' })), 'unknown')
  assert.equal(defaultPolicy.toolClass(call({ tool: 'send', verbs: ['message'], claimedClass: 'read' })), 'write')
  assert.equal(defaultPolicy.toolClass(call({ tool: 'get_it', claimedClass: 'high-impact' })), 'high-impact')
})

test('listing and reading requests of the protocol read, whatever is read', () => {
  assert.equal(defaultPolicy.toolClass(call({ method: 'resources/read', resource: 'delete://x' })), 'read')
  assert.equal(defaultPolicy.toolClass(call({ method: 'sampling/createMessage' })), 'unknown')
})

test('results are private by what the source is called, or by a secret in them', () => {
  const isSensitive = (said: Partial<ProducerEvent>) => defaultPolicy.isSensitive(call(said))
  assert.equal(isSensitive({ tool: 'readInbox' }), true)
  assert.equal(isSensitive({ serverName: 'acme-crm', tool: 'lookup' }), true)
  assert.equal(isSensitive({ tool: 'get_weather' }), false)
  assert.equal(isSensitive({ tool: 'get_weather', resultSecretKinds: ['private-key'] }), true)
})

test('a scope ranks by its strongest word', () => {
  const ranks: Record<string, number> = {
    'files:read': 1,
    'https://www.googleapis.com/auth/drive.readonly': 1,
    'mail.send': 2,
    'write:repo_hook': 2,
    'admin:org': 3,
    'files:*': 3,
    '*': 3,
    'full-access': 3,
    'read:all': 2,
    repo: 0,
    '': 0,
  }
  for (const [scope, rank] of Object.entries(ranks)) assert.equal(defaultPolicy.scopeRank(scope), rank, scope)
})

test('words are found in every usual spelling, and a huge name is cut', () => {
  for (const name of ['listUserFiles', 'list-user-files', 'list_user.files'])
    assert.deepEqual(wordsOf(name), ['list', 'user', 'files'])
  assert.ok(wordsOf('a '.repeat(1e6)).length <= 512)
})

test('without a policy nothing is approved and no destination is our own', () => {
  assert.equal(defaultPolicy.isClosedWorld('files'), false)
  assert.equal(defaultPolicy.isOwnDestination('example.org'), false)
})
