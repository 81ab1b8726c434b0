/** Every kind of receiver with the process killed while one delivery is in its hands: nothing is lost, and nothing goes elsewhere. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { deliveriesOf, latestIncidents } from '../../src/incidents.js'
import { eventually } from '../support/eventually.js'
import { finding, findingRow } from '../support/findings.js'
import { answers, httpReceiver, type Received } from '../support/http-receiver.js'
import { smtpServer, tcpServer } from '../support/line-servers.js'
import { fromRoot } from '../support/root.js'
import { openTestStore, testStoreConfig } from '../support/store.js'
import * as vendors from '../support/vendors.js'

const overHttp: Readonly<Record<string, (request: Received) => number>> = {
  webhook: () => 204,
  pagerduty: vendors.pagerDuty,
  slack: vendors.slack,
  teams: vendors.teams,
  opsgenie: vendors.opsgenie,
  alertmanager: vendors.alertmanager,
  ocsf: vendors.ocsf,
}
const kinds = [...Object.keys(overHttp), 'email', 'syslog']

/** What each server got, message by message. `onMessage` says whether it may answer. */
async function servers(t: TestContext, onMessage: (kind: string) => boolean) {
  const got = new Map<string, () => readonly string[]>()
  const urls: Record<string, string> = {}
  for (const [kind, vendor] of Object.entries(overHttp)) {
    const receiver = await httpReceiver(t, (response, request) => {
      if (onMessage(kind)) answers.status(vendor(request))(response)
    })
    urls[kind] = receiver.url
    got.set(kind, () => receiver.received.map(({ body }) => body))
  }
  const { mails, port: smtp } = await smtpServer(t, { onMail: () => onMessage('email') })
  // Quoted-printable breaks lines.
  got.set('email', () => mails.map((mail) => mail.replace(/=\n/g, '').replace(/\n[ \t]/g, '')))
  const lines: string[] = []
  const syslog = await tcpServer(t, (socket) => {
    let line = ''
    socket.on('data', (chunk) => {
      line += chunk.toString()
    })
    socket.on('end', () => {
      lines.push(line)
      if (onMessage('syslog')) socket.end()
    })
  })
  got.set('syslog', () => lines)
  return { got: (kind: string) => got.get(kind)?.() ?? [], urls, smtp, syslog }
}

test('killed in the middle of a delivery to each kind, and started again: each has its incidents, grouped as routed, and no other', async (t) => {
  const config = await testStoreConfig()
  const store = await openTestStore(t, { config })
  let child: ChildProcess | undefined
  const killedBy = new Set<string>()
  const { got, urls, smtp, syslog } = await servers(t, (kind) => {
    if (killedBy.has(kind)) return true
    killedBy.add(kind)
    child?.kill('SIGKILL')
    return false
  })

  const settings: Readonly<Record<string, unknown>> = {
    webhook: { url_env: 'WATCHKEEPER_SECRET_WEBHOOK' },
    pagerduty: { routing_key_env: 'WATCHKEEPER_SECRET_ROUTING', url: urls['pagerduty'] },
    slack: { url_env: 'WATCHKEEPER_SECRET_SLACK' },
    teams: { url_env: 'WATCHKEEPER_SECRET_TEAMS' },
    opsgenie: { key_env: 'WATCHKEEPER_SECRET_GENIE', url: urls['opsgenie'] },
    alertmanager: { url: urls['alertmanager'] },
    ocsf: { url: urls['ocsf'], authorization_env: 'WATCHKEEPER_SECRET_BEARER' },
    email: { host: '127.0.0.1', port: smtp, tls: 'none', from: 'wk@corp.example', to: ['soc@corp.example'] },
    syslog: { host: '127.0.0.1', port: syslog, tls: false },
  }
  const secrets = {
    WATCHKEEPER_SECRET_WEBHOOK: urls['webhook'],
    WATCHKEEPER_SECRET_SLACK: urls['slack'],
    WATCHKEEPER_SECRET_TEAMS: urls['teams'],
    WATCHKEEPER_SECRET_ROUTING: vendors.keys.routing,
    WATCHKEEPER_SECRET_GENIE: vendors.keys.genie,
    WATCHKEEPER_SECRET_BEARER: vendors.keys.bearer,
  }
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-policy-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const policyFile = join(folder, 'watchkeeper.yaml')
  // JSON is YAML.
  const grouped = { group_by: ['server'], group_wait: '1s', group_interval: '1s' }
  const policy = {
    receivers: kinds.map((kind) => ({ name: `to-${kind}`, [kind]: settings[kind] })),
    route: {
      receiver: 'to-webhook',
      routes: kinds.map((kind) => ({ receiver: `to-${kind}`, matchers: [`server="${kind}"`], ...grouped })),
    },
  }
  writeFileSync(policyFile, JSON.stringify(policy))

  const start = (): ChildProcess => {
    const script = fromRoot('dist/test/support/alert-process.js')
    const started = spawn(process.execPath, [script, JSON.stringify(config), '', policyFile], {
      env: { ...process.env, ...secrets },
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    child = started
    t.after(() => started.kill('SIGKILL'))
    return started
  }

  const first = start()
  // Its receivers hear of what changes from their first start on.
  await eventually('every receiver to be known', async () => {
    const [row] = await store.query<{ readonly known: string }>(
      `SELECT uniqExact(name) AS known FROM watermarks WHERE startsWith(name, 'alert/receiver/')`,
      {},
    )
    return Number(row?.known) === kinds.length || undefined
  })
  const now = Date.now() * 1_000
  const findings = kinds.flatMap((kind) =>
    ['1', '2'].map((which) =>
      finding({ anchor: `${kind}-${which}`, server: kind, session: `c:${kind}-${which}`, at: now, foundAt: now }),
    ),
  )
  await store.insert('findings', findings.map(findingRow))

  const isSettled = async (): Promise<boolean> => {
    const states = await deliveriesOf(store, await latestIncidents(store, 100))
    return states.filter(({ outcome }) => outcome === 'delivered').length === findings.length
  }
  for (let running = first; ; running = start()) {
    const end = once(running, 'exit')
    const isKilled = () => running.signalCode !== null
    await eventually('a kill, or all to be delivered', async () => isKilled() || (await isSettled()) || undefined)
    if (!isKilled()) running.stdin?.end()
    assert.deepEqual(await end, isKilled() ? [null, 'SIGKILL'] : [0, null])
    if (!isKilled()) break
  }

  assert.deepEqual([...killedBy].sort(), [...kinds].sort())
  const incidents = await latestIncidents(store, 100)
  assert.equal(incidents.length, findings.length)
  const ownOf = new Map(
    kinds.map((kind) => [kind, incidents.filter(({ findings: [one] }) => one?.server === kind).map(({ id }) => id)]),
  )
  for (const kind of kinds) {
    const messages = got(kind)
    const own = ownOf.get(kind) ?? []
    assert.equal(own.length, 2, kind)
    for (const id of own)
      assert.ok(
        messages.some((message) => message.includes(id)),
        `${kind} has ${id}`,
      )
    // The one that killed, and the same again.
    assert.ok(messages.length >= 2, kind)
    for (const { id } of incidents)
      if (!own.includes(id)) assert.ok(!messages.some((message) => message.includes(id)), `${kind} has another's ${id}`)
  }
  // Those that tell several incidents in one message told both in one, before the kill and after.
  for (const kind of ['webhook', 'slack', 'teams', 'email'])
    for (const message of got(kind))
      for (const id of ownOf.get(kind) ?? []) assert.ok(message.includes(id), `${kind}: one message for the group`)
})
