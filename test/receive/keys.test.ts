import assert from 'node:assert/strict'
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Dsn, parseDsn } from '@watchkeeper/sdk/dsn'
import { type Role, roles } from '../../src/audit-event.js'
import { command as keys } from '../../src/cli/keys.js'
import { WatchkeeperError } from '../../src/errors.js'
import { commandIo } from '../support/command-io.js'
import { eventRecord, logsRequest } from '../support/otlp.js'
import { receivedAt, type TestReceiver, temporaryFolder, testReceiver } from '../support/receiver.js'

const second = 1_000_000

async function runKeys(dataDir: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const io = commandIo({ WATCHKEEPER_DATA_DIR: dataDir })
  assert.equal(await keys.run(args, io), 0)
  return io.output
}

async function createKey(dataDir: string, role: Role, ...more: string[]): Promise<{ id: string; dsn: Dsn }> {
  const args = ['create', '--tenant', 'acme', '--owner', `${role}-one`, '--role', role, ...more]
  const { stdout, stderr } = await runKeys(dataDir, ...args)
  const dsn = parseDsn(/^WATCHKEEPER_DSN=(\S+)\n$/.exec(stdout)?.[1] ?? '')
  assert.ok(!('fault' in dsn), 'stdout is one DSN')
  return { id: /^key ([0-9a-f]{8}) /.exec(stderr)?.[1] ?? '', dsn }
}

const send = (receiver: TestReceiver, key: string | undefined, eventId = 'e1', given = {}) =>
  receiver.send('/v1/logs', logsRequest([eventRecord({ eventId, ...given })]), {
    ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
  })

/** Past the moment at which the receiver looks at the file again. */
function later(receiver: TestReceiver): void {
  receiver.clock.now += second
}

async function withKeys(t: TestContext) {
  const dataDir = await temporaryFolder(t)
  const agent = await createKey(dataDir, 'agent')
  return { dataDir, agent, receiver: await testReceiver(t, { config: { dataDir } }) }
}

test('a DSN made by the command line lets a service in, as the tenant, owner and role of its key', async (t) => {
  const { agent, receiver } = await withKeys(t)
  assert.equal((await send(receiver, agent.dsn.ingestKey)).status, 200)
  const [event] = receiver.events()
  assert.deepEqual([event?.tenant, event?.owner, event?.role], ['acme', 'agent-one', 'agent'])
})

test('the key may stand in a header of its own', async (t) => {
  const { agent, receiver } = await withKeys(t)
  const headers = { 'x-watchkeeper-key': agent.dsn.ingestKey }
  assert.equal((await receiver.send('/v1/logs', logsRequest([]), headers)).status, 200)
})

test('without a key, with a wrong one, and with half of one, the answer is the same 401', async (t) => {
  const { agent, receiver } = await withKeys(t)
  const key = agent.dsn.ingestKey
  const wrong = [undefined, 'x', key.slice(0, -1), `${key}x`, `wk_00000000_${key.slice(12)}`, key.slice(0, 12)]
  const bodies = new Set<string>()
  for (const given of wrong) {
    const answer = await send(receiver, given)
    assert.equal(answer.status, 401)
    assert.equal(answer.headers['www-authenticate'], 'Bearer')
    bodies.add(answer.raw.toString())
  }
  assert.equal(bodies.size, 1)
  assert.equal(receiver.published.length, 0)
})

test('the file holds hashes, is for its owner alone, and no key is logged', async (t) => {
  const { dataDir, agent, receiver } = await withKeys(t)
  await send(receiver, agent.dsn.ingestKey)
  await send(receiver, `${agent.dsn.ingestKey}x`)
  const path = join(dataDir, 'keys.json')
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  const secretPart = agent.dsn.ingestKey.slice(12)
  assert.ok(!(await readFile(path, 'utf8')).includes(secretPart))
  assert.ok(!receiver.log().includes(secretPart))
})

test('all keys of a tenant have one fingerprint key, and two tenants have two', async (t) => {
  const dataDir = await temporaryFolder(t)
  const [one, two] = [await createKey(dataDir, 'agent'), await createKey(dataDir, 'server')]
  assert.deepEqual(one.dsn.fingerprintKey, two.dsn.fingerprintKey)
  const other = await createKey(dataDir, 'agent', '--tenant', 'other')
  assert.notDeepEqual(one.dsn.fingerprintKey, other.dsn.fingerprintKey)
})

test('a key is rotated without a restart: two are valid at once, then the first is refused', async (t) => {
  const { dataDir, agent, receiver } = await withKeys(t)
  const next = await createKey(dataDir, 'agent')
  later(receiver)
  assert.equal((await send(receiver, agent.dsn.ingestKey)).status, 200)
  assert.equal((await send(receiver, next.dsn.ingestKey)).status, 200)
  await runKeys(dataDir, 'revoke', agent.id)
  later(receiver)
  assert.equal((await send(receiver, agent.dsn.ingestKey)).status, 401)
  assert.equal((await send(receiver, next.dsn.ingestKey)).status, 200)
  const [first, , last] = receiver.events()
  assert.equal(first?.recordId, last?.recordId, 'the owner, not the key, is part of the identity')
})

test('a key ends at its time', async (t) => {
  const dataDir = await temporaryFolder(t)
  const notAfter = new Date(receivedAt / 1000 + 60_000).toISOString()
  const { dsn } = await createKey(dataDir, 'agent', '--not-after', notAfter)
  const receiver = await testReceiver(t, { config: { dataDir } })
  assert.equal((await send(receiver, dsn.ingestKey)).status, 200)
  receiver.clock.now += 61 * second
  assert.equal((await send(receiver, dsn.ingestKey)).status, 401)
})

test('the first key ends the time without keys', async (t) => {
  const dataDir = await temporaryFolder(t)
  const receiver = await testReceiver(t, { config: { dataDir } })
  assert.equal((await send(receiver, undefined)).status, 200)
  const { dsn } = await createKey(dataDir, 'agent')
  later(receiver)
  assert.equal((await send(receiver, undefined)).status, 401)
  assert.equal((await send(receiver, dsn.ingestKey)).status, 200)
})

test('without keys, a key that is sent is refused: its records belong to a tenant that is not here', async (t) => {
  const receiver = await testReceiver(t)
  assert.equal((await send(receiver, 'wk_00000000_of_another_service')).status, 401)
  assert.equal((await send(receiver, undefined)).status, 200)
})

test('a file that is spoilt or gone does not open the door, and does not close it', async (t) => {
  const { dataDir, agent, receiver } = await withKeys(t)
  const path = join(dataDir, 'keys.json')
  for (const spoil of [
    () => writeFile(path, '{"version":1,'),
    () => writeFile(path, '{"version":1,"tenants":{},"keys":[]}'),
    () => rm(path),
  ]) {
    await spoil()
    later(receiver)
    assert.equal((await send(receiver, undefined)).status, 401)
    assert.equal((await send(receiver, agent.dsn.ingestKey)).status, 200)
  }
  assert.match(receiver.log(), /hold on/)
})

test('a spoilt file stops the start, and its content is not quoted', async (t) => {
  const dataDir = await temporaryFolder(t)
  const { dsn } = await createKey(dataDir, 'agent')
  const path = join(dataDir, 'keys.json')
  const good = await readFile(path, 'utf8')
  const faults = [
    'not json',
    good.replace('"version": 1', '"version": 2'),
    good.replace('"role": "agent"', '"role": "admin"'),
    good.replace('"tenant": "acme"', '"tenant": "constructor"'),
    good.replace(/"sha256": "[^"]+"/, '"sha256": "short"'),
    good.replace(/"fingerprintKey": "[^"]+"/, '"fingerprintKey": "AAAA"'),
  ]
  for (const text of faults) {
    await writeFile(path, text)
    await assert.rejects(testReceiver(t, { config: { dataDir } }), (error) => {
      assert.ok(error instanceof WatchkeeperError && error.code === 'WK_KEYS_FILE')
      return !error.message.includes(Buffer.from(dsn.fingerprintKey).toString('base64url'))
    })
  }
})

test('a file that others can read is told of', async (t) => {
  const dataDir = await temporaryFolder(t)
  await createKey(dataDir, 'agent')
  await chmod(join(dataDir, 'keys.json'), 0o644)
  assert.match((await testReceiver(t, { config: { dataDir } })).log(), /chmod 600/)
})

test('only an agent is believed about what lowers suspicion; what others say of it is kept', async (t) => {
  const dataDir = await temporaryFolder(t)
  const believed = { agent: true, server: false, tap: false } as const
  const senders: [Role, string][] = []
  for (const role of roles) senders.push([role, (await createKey(dataDir, role)).dsn.ingestKey])
  const receiver = await testReceiver(t, { config: { dataDir } })
  for (const [role, key] of senders) {
    for (const kind of ['user_message', 'approval', 'consent', 'call'] as const) {
      assert.equal((await send(receiver, key, `${role}-${kind}`, { kind })).status, 200)
      assert.equal(receiver.events().at(-1)?.trusted, kind === 'call' || believed[role], `${kind} of a ${role}`)
    }
  }
})

test('one key cannot speak over the record of another owner', async (t) => {
  const dataDir = await temporaryFolder(t)
  const agent = await createKey(dataDir, 'agent')
  const server = await createKey(dataDir, 'server')
  const receiver = await testReceiver(t, { config: { dataDir } })
  await send(receiver, agent.dsn.ingestKey, 'same')
  await send(receiver, server.dsn.ingestKey, 'same')
  assert.equal(new Set(receiver.events().map(({ recordId }) => recordId)).size, 2)
})

test('a key that sends more than its rate is told to wait, others are not', async (t) => {
  const dataDir = await temporaryFolder(t)
  const agent = await createKey(dataDir, 'agent')
  const server = await createKey(dataDir, 'server')
  const receiver = await testReceiver(t, { config: { dataDir, receiveRate: 2 } })
  const batch = logsRequest(['a', 'b', 'c', 'd', 'e', 'f'].map((eventId) => eventRecord({ eventId })))
  const post = (dsn: Dsn) => receiver.send('/v1/logs', batch, { authorization: `Bearer ${dsn.ingestKey}` })
  assert.equal((await post(agent.dsn)).status, 200, 'a batch larger than the rate is taken whole')
  const refused = await post(agent.dsn)
  assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '2'])
  assert.equal((refused.json as { code: number }).code, 8)
  assert.equal((await post(server.dsn)).status, 200)
  receiver.clock.now += 3 * second
  assert.equal((await post(agent.dsn)).status, 200)
})

test('keys list shows state and no secret', async (t) => {
  const dataDir = await temporaryFolder(t)
  const agent = await createKey(dataDir, 'agent')
  const server = await createKey(dataDir, 'server', '--not-after', '2020-01-01')
  await runKeys(dataDir, 'revoke', agent.id)
  const { stdout } = await runKeys(dataDir, 'list')
  assert.match(stdout, new RegExp(`${agent.id} +acme +agent-one +agent .*revoked`))
  assert.match(stdout, new RegExp(`${server.id} +acme +server-one +server .*ended 2020-01-01`))
  assert.ok(!stdout.includes(agent.dsn.ingestKey.slice(12)))
  const none = await runKeys(await temporaryFolder(t), 'list')
  assert.equal(none.stdout.trim().split('\n').length, 1)
})

test('wrong words are a usage fault that says what is right', async (t) => {
  const dataDir = await temporaryFolder(t)
  const good = ['create', '--tenant', 'acme', '--owner', 'o', '--role', 'agent']
  const wrong = [
    [],
    ['destroy'],
    ['revoke'],
    ['revoke', 'nothere'],
    ['create'],
    good.with(2, 'Not A Name'),
    good.with(4, 'two words'),
    good.with(6, 'root'),
    [...good, '--not-after', 'soon'],
    [...good, '--url', 'ftp://host'],
  ]
  for (const args of wrong) {
    await assert.rejects(
      runKeys(dataDir, ...args),
      (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE',
      args.join(' '),
    )
  }
})

test('two commands at once do not lose a key: one is told to wait', async (t) => {
  const dataDir = await temporaryFolder(t)
  await writeFile(join(dataDir, 'keys.json.new'), '')
  await assert.rejects(createKey(dataDir, 'agent'), /being changed by another command/)
})
