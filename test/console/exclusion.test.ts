/** "Make this an exclusion": what is proposed, who may have it written, and what becomes of the policy file. */
import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { exclusionsIn } from '../../src/detect/index.js'
import { configuredPolicy } from '../../src/policies.js'
import { keepIncidents, refused, testConsole } from '../support/console.js'
import { auditEvent } from '../support/events.js'
import { baseTime, finding } from '../support/findings.js'
import { temporaryFolder } from '../support/receiver.js'
import { visit } from '../support/visit.js'

const accounts = {
  vera: { role: 'viewer', tenant: 'acme' },
  ann: { role: 'analyst', tenant: 'acme' },
  ada: { role: 'admin', tenant: 'acme' },
  mallory: { role: 'admin', tenant: 'globex' },
} as const

const before = `# What we say of our servers.
servers:
  - name: mail # the only one that sends
tenants:
  globex:
    exclusions: []
`

async function world(t: TestContext, given: { server?: string; policy?: string } = {}) {
  const folder = await temporaryFolder(t)
  const policyFile = join(folder, 'watchkeeper.yaml')
  await writeFile(policyFile, given.policy ?? before)
  const reloads: number[] = []
  const desk = await testConsole(t, {
    accounts,
    config: { policyFile },
    reloadPolicy: async () => void reloads.push(1),
  })
  const { server = 'mail' } = given
  const call = auditEvent({
    tenant: 'acme',
    kind: 'call',
    method: 'tools/call',
    sessionKey: 'conversation-1',
    serverName: server,
    tool: 'send_email',
    destinations: ['queue.corp.example'],
    endedAt: baseTime,
  })
  await desk.store.insertEvents([call])
  const [incident] = await keepIncidents(desk.store, [
    finding({ anchor: 'a', calls: [call.recordId], session: 'conversation-1', server, tool: 'send_email' }),
  ])
  assert.ok(incident)
  return { ...desk, incident, folder, policyFile, reloads, at: `/api/incidents/${incident.id}/exclusion` }
}

test('the proposal is as narrow as what was found: detector, server, tool, place, an owner and a last day', async (t) => {
  const { ask, at, incident, policyFile } = await world(t)
  const reply = await ask('ann', at, { reason: 'a queue of ours', expires: '2026-12-24' })
  assert.equal(reply.statusCode, 200, reply.body)
  const told = reply.json()
  const { parse } = await import('yaml')
  const id = `incident-${incident.id.slice(0, 8)}`
  assert.deepEqual(parse(told.yaml), {
    tenants: {
      acme: {
        exclusions: [
          {
            id,
            detector: 'injected-action',
            server: 'mail',
            tool: 'send_email',
            destination: 'queue.corp.example',
            owner: 'ann',
            reason: 'a queue of ours',
            expires: '2026-12-24',
            case: `cases/${id}.jsonl`,
          },
        ],
      },
    },
  })
  assert.deepEqual(
    JSON.parse(told.case).calls.map(({ tool, server }: Record<string, string>) => [server, tool]),
    [['mail', 'send_email']],
  )
  assert.equal(told.written, false)
  assert.equal(await readFile(policyFile, 'utf8'), before)
})

test('an admin has it written: the rest of the file stays, it is read again, and the history says who', async (t) => {
  const { ask, at, incident, policyFile, reloads, folder } = await world(t)
  const reply = await ask('ada', at, { reason: 'a queue of ours', write: true })
  assert.deepEqual([reply.json().written, reply.json().why], [true, ''])
  const after = await readFile(policyFile, 'utf8')
  assert.match(after, /# What we say of our servers\./)
  assert.match(after, /name: mail # the only one that sends/)
  const file = await configuredPolicy({ policyFile })
  assert.ok(file)
  const [one, ...others] = exclusionsIn(file)
  assert.deepEqual(
    [one?.tenant, one?.detector, one?.destination, others.length],
    ['acme', 'injected-action', 'queue.corp.example', 0],
  )
  assert.equal(one?.case, join(folder, reply.json().casePath))
  assert.equal(reloads.length, 1)
  const { history } = (await ask('vera', `/api/incidents/${incident.id}/history`)).json()
  assert.deepEqual([history[0].action, history[0].value, history[0].actor], ['exclude', one?.id, 'ada'])
  const again = (await ask('ada', at, { reason: 'a queue of ours', write: true })).json()
  assert.deepEqual([again.written, /already/.test(again.why)], [false, true])
})

test('what cannot be written is told with why, and nothing is left behind', async (t) => {
  const broken = await world(t, { policy: 'servers: {}\n' })
  const told = (await broken.ask('ada', broken.at, { reason: 'x', write: true })).json()
  assert.equal(told.written, false)
  assert.match(told.why, /cannot be written/)
  assert.match(told.yaml, /injected-action/)
  await assert.rejects(readFile(join(broken.folder, told.casePath)), { code: 'ENOENT' })
  assert.equal(await readFile(broken.policyFile, 'utf8'), 'servers: {}\n')

  const { ask, at, folder } = await world(t)
  if (process.getuid?.() !== 0) {
    await chmod(folder, 0o555)
    assert.match((await ask('ada', at, { reason: 'x', write: true })).json().why, /EACCES/)
    await chmod(folder, 0o755)
  }
})

test('who may have it written is an admin; who may propose it an analyst; of another tenant nobody', async (t) => {
  const { ask, at, policyFile } = await world(t)
  const body = { reason: 'x', write: true }
  assert.equal(refused(await ask('vera', at, { reason: 'x' })), '403 not_allowed')
  assert.equal(refused(await ask('ann', at, body)), '403 not_allowed')
  assert.equal(refused(await ask('mallory', at, body)), '404 not_found')
  assert.equal(refused(await ask('ann', at, { reason: ' ' })), '400 bad_input')
  for (const expires of ['2026-11-01', '2027-02-30', '2030-01-01', 'soon'])
    assert.equal(refused(await ask('ann', at, { reason: 'x', expires })), '400 bad_input', expires)
  assert.equal(await readFile(policyFile, 'utf8'), before)
})

test('a name of an event cannot become a pattern or a line of the file', async (t) => {
  const wild = await world(t, { server: '*' })
  assert.equal(refused(await wild.ask('ann', wild.at, { reason: 'x' })), '409 conflict')
  const hostile = 'mail"\n  - id: everything'
  const lines = await world(t, { server: hostile })
  assert.equal(refused(await lines.ask('ann', lines.at, { reason: 'x' })), '409 conflict')
  const quoted = await world(t, { server: `mail": #'{` })
  const { parse } = await import('yaml')
  const { yaml } = (await quoted.ask('ann', quoted.at, { reason: 'a: b\n- c' })).json()
  const [entry] = parse(yaml).tenants.acme.exclusions
  assert.deepEqual([entry.server, entry.reason], [`mail": #'{`, 'a: b\n- c'])
})

test('on the page it is asked for with a reason, shown to paste, and written by an admin’s second step', async (t) => {
  const desk = await world(t)
  const as = async (name: 'ann' | 'ada') => {
    const person = visit(desk)
    await person.get('/log-in')
    await person.post('/log-in', { key: String(desk.keys[name]) })
    return person
  }
  const at = `/incidents/${desk.incident.id}`
  const ann = await as('ann')
  await ann.get(at)
  assert.equal(
    (await ann.post(`${at}/actions`, { action: 'exclude', text: 'a queue of ours' })).headers.location,
    `${at}?done=exclude`,
  )
  const shown = await ann.get(at)
  assert.match(shown.body, /reason: a queue of ours/)
  assert.doesNotMatch(shown.body, /Write it into the policy file/)
  assert.equal((await ann.post(`${at}/exclusion`, { reason: 'a queue of ours' })).statusCode, 403)
  const ada = await as('ada')
  assert.match((await ada.get(at)).body, /Write it into the policy file/)
  const reply = await ada.post(`${at}/exclusion`, { reason: 'a queue of ours' })
  assert.equal(reply.headers.location, `${at}?done=excluded`, reply.body)
  assert.doesNotMatch((await ada.get(at)).body, /Write it into the policy file/)
  assert.ok((await readFile(desk.policyFile, 'utf8')).includes('a queue of ours'))
})
