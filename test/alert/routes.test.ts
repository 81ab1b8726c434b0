/** The sections `receivers` and `route`: who is told what, and what a writer of them is told. */
import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { joinFindings } from '../../src/alert/joining.js'
import { alertSections, receiversOf } from '../../src/alert/receivers.js'
import { command } from '../../src/cli/alert.js'
import { environmentForOthers, readConfig } from '../../src/config.js'
import { WatchkeeperError } from '../../src/errors.js'
import type { Finding } from '../../src/finding.js'
import { policySections } from '../../src/policies.js'
import { parsePolicy, readPolicyFile } from '../../src/policy-file.js'
import { commandIo } from '../support/command-io.js'
import { baseTime, finding } from '../support/findings.js'
import { answers, httpReceiver } from '../support/http-receiver.js'
import { fromRoot } from '../support/root.js'

const now = () => baseTime
const read = (source: string) => receiversOf(parsePolicy('w.yaml', source, alertSections), { now, environment: {} })

function incidentOf(given: Partial<Finding>) {
  const [made] = joinFindings([finding({ anchor: 'a', ...given })], [], now())
  assert.ok(made)
  return made.incident
}
const toldOf = (source: string, given: Partial<Finding>): string[] =>
  read(source)
    .filter(({ routing }) => routing(incidentOf(given)) !== undefined)
    .map(({ notifier }) => notifier.name)

const receivers = `receivers:
  - { name: mail, slack: { url_file: m } }
  - { name: oncall, pagerduty: { routing_key_env: WATCHKEEPER_SECRET_PD } }
  - { name: siem, min_severity: info, webhook: { url_file: s } }
`
const routes = `${receivers}route:
  receiver: mail
  routes:
    - { receiver: siem, continue: true, matchers: ['tenant!="lab"'] }
    - receiver: oncall
      matchers: [severity=~"high|critical"]
      routes:
        - { receiver: mail, matchers: [detector=outbound-volume] }
tenants:
  globex:
    receivers:
      - { name: globex-soc, slack: { url_file: g } }
    route: { receiver: globex-soc }
`

test('an incident goes to the first route that fits, to further ones after continue, else to the one above', () => {
  assert.deepEqual(toldOf(routes, { severity: 'critical' }), ['oncall', 'siem'])
  assert.deepEqual(toldOf(routes, { severity: 'critical', tenant: 'lab' }), ['oncall'])
  assert.deepEqual(toldOf(routes, { severity: 'low', tenant: 'lab' }), ['mail'])
  assert.deepEqual(toldOf(routes, { detector: 'outbound-volume', tenant: 'lab' }), ['mail'])
  // Anchored, as Alertmanager's are.
  assert.deepEqual(toldOf(routes.replace('high|critical', 'hi'), { tenant: 'lab' }), ['mail'])
})

test("a tenant's own route replaces the common one, and nobody else's incidents reach its receivers", () => {
  assert.deepEqual(toldOf(routes, { tenant: 'globex', severity: 'critical' }), ['globex-soc'])
  assert.throws(() => read(routes.replace('receiver: mail\n', 'receiver: globex-soc\n')), /leads to globex-soc, which/)
})

test('what is wrong is said: a secret in the file, two kinds, names of nothing, matchers of nothing', () => {
  const faults = (source: string): string => {
    try {
      read(source)
    } catch (error) {
      assert.ok(error instanceof WatchkeeperError)
      assert.equal(error.code, 'WK_POLICY')
      return error.message
    }
    return ''
  }
  const inline = faults('receivers:\n  - { name: a, pagerduty: { routing_key: 0123456789 } }\n')
  assert.match(inline, /w\.yaml:2:29: there is no key "routing_key" here: routing_key_file, routing_key_env/)
  assert.doesNotMatch(inline, /0123456789/)
  assert.match(
    faults('receivers:\n  - { name: a, slack: { url_file: a }, webhook: { url_file: b } }\n'),
    /2:5: expected exactly one of/,
  )
  assert.match(faults('receivers:\n  - { name: a, slack: {} }\n'), /expected url_file or url_env/)
  assert.match(faults('receivers:\n  - { name: a, slack: { url_env: PATH } }\n'), /WATCHKEEPER_SECRET_/)
  assert.match(faults('receivers:\n  - { name: webhook, slack: { url_file: a } }\n'), /take another/)
  assert.match(faults(receivers), /receivers and no route/)
  assert.match(faults(`${receivers}route: { receiver: pagr }\n`), /leads to pagr, which is no receiver/)
  assert.match(
    faults(`${receivers}  - { name: mail, slack: { url_file: m } }\nroute: { receiver: mail }\n`),
    /two receivers/,
  )
  const matcher = (text: string): string =>
    faults(`${receivers}route:\n  receiver: mail\n  routes: [{ matchers: ['${text}'] }]\n`)
  assert.match(matcher('sverity="high"'), /7:25: there is no label sverity: tenant, severity, detector, subject/)
  assert.match(matcher('severity=~"("'), /not a regular expression/)
  assert.match(matcher('severity'), /expected a matcher/)
})

test('the example file leads from its routes to its receivers', async () => {
  const file = await readPolicyFile(fromRoot('deploy/watchkeeper.example.yaml'), policySections)
  const told = receiversOf(file, { now, environment: {} }).filter(
    ({ routing }) => routing(incidentOf({})) !== undefined,
  )
  assert.deepEqual(
    told.map(({ notifier }) => notifier.name),
    ['oncall', 'archive'],
  )
})

test('secrets of the environment are settings, and no other program gets them', () => {
  const environment = { WATCHKEEPER_SECRET_PD: 'key', PATH: '/bin' }
  assert.deepEqual(readConfig(environment).secrets, { WATCHKEEPER_SECRET_PD: 'key' })
  assert.deepEqual(environmentForOthers(environment), { PATH: '/bin' })
})

test('alert test opens an incident at a receiver and resolves it; what went wrong is said without the secret', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  const receiver = await httpReceiver(t)
  const policy = join(folder, 'w.yaml')
  await writeFile(
    policy,
    `receivers:
  - { name: oncall, pagerduty: { routing_key_env: WATCHKEEPER_SECRET_PD, url: "${receiver.url}" } }
  - { name: chat, slack: { url_file: chat } }
route: { receiver: oncall }
`,
  )
  const environment = { WATCHKEEPER_POLICY: policy, WATCHKEEPER_SECRET_PD: 'hush-hush' }
  const io = commandIo(environment)
  assert.equal(await command.run(['test', 'oncall'], io), 0)
  assert.equal(io.output.stdout, 'oncall: opened, delivered (204)\noncall: resolved, delivered (204)\n')
  const events = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, string>)
  assert.deepEqual(
    events.map(({ event_action, routing_key }) => [event_action, routing_key]),
    [
      ['trigger', 'hush-hush'],
      ['resolve', 'hush-hush'],
    ],
  )
  assert.equal(events[0]?.['dedup_key'], events[1]?.['dedup_key'])

  const fails = async (args: string[], code: string, message: RegExp) =>
    assert.rejects(command.run(args, commandIo(environment)), (error) => {
      assert.ok(error instanceof WatchkeeperError)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /hush-hush/)
      return true
    })
  receiver.answer = answers.status(400)
  await fails(['test', 'oncall'], 'WK_RECEIVER_REFUSED', /answered 400/)
  receiver.answer = answers.status(503)
  await fails(['test', 'oncall'], 'WK_RECEIVER_UNAVAILABLE', /answered 503/)
  await fails(['test', 'chat'], 'WK_RECEIVER_UNAVAILABLE', /secret could not be read.*ENOENT/)
  await fails(['test', 'pager'], 'WK_USAGE', /there are oncall, chat/)
  // The file's secret is read when it is needed, also one that was put there later.
  await writeFile(join(folder, 'chat'), `${receiver.url}\n`)
  receiver.answer = answers.ok
  assert.equal(await command.run(['test', 'chat', '--keep-open'], commandIo(environment)), 0)
})
