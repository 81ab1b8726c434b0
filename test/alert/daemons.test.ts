/** Receivers against the real programs of Debian's packages, with what an attacker would like to put before the person on call. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { joinFindings } from '../../src/alert/joining.js'
import { alertmanager } from '../../src/alert/notifiers/alertmanager.js'
import type { DeliveryResult } from '../../src/alert/notifiers/contract.js'
import type { Finding } from '../../src/finding.js'
import type { Incident } from '../../src/incidents/incident.js'
import { certificateFor } from '../support/certificate.js'
import { alertmanagerDaemon, mailServer, syslogServer, without } from '../support/daemons.js'
import type { Job } from '../support/deliver-process.js'
import { eventually } from '../support/eventually.js'
import { finding } from '../support/findings.js'
import { fromRoot } from '../support/root.js'
import { isDetectionFinding } from '../support/vendors.js'

const now = () => Date.now() * 1_000
const never = new AbortController().signal

function incidentOf(given: Partial<Finding> = {}): Incident {
  const [made] = joinFindings([finding({ anchor: 'a', at: now(), foundAt: now(), ...given })], [], now())
  assert.ok(made)
  return made.incident
}
const nasty = 'x|y=z \\ suser=root 漢\u202e\u001b[2J\r\nBcc: eve@evil.example\r\n.\r\n<b>https://evil.example'
const hostile = incidentOf({ title: nasty, summary: nasty, subject: nasty, tool: nasty, server: nasty, session: nasty })

function localCertificate() {
  const certificate = certificateFor('localhost')
  assert.ok(certificate, 'openssl makes a certificate')
  return certificate
}

/** In a process that trusts this certificate. */
async function delivered(t: TestContext, trusted: string, job: Job): Promise<DeliveryResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-trusted-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, trusted)
  const script = fromRoot('dist/test/support/deliver-process.js')
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(job)], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: file },
  })
  return JSON.parse(stdout)
}

describe('Alertmanager', { skip: without('alertmanager') }, () => {
  interface Standing {
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: Readonly<Record<string, string>>
    readonly status: { readonly state: string; readonly silencedBy: readonly string[] }
  }
  const standing = async (url: string): Promise<readonly Standing[]> =>
    (await (await fetch(`${url}/api/v2/alerts`)).json()) as Standing[]
  const to = (url: string) => alertmanager({ name: 'am', url, authorization: undefined, now })

  test('an incident stands there with our labels, once however often it is sent, until it is resolved', async (t) => {
    const url = await alertmanagerDaemon(t)
    for (const notice of ['opened', 'opened', 'updated'] as const)
      assert.deepEqual(await to(url).deliver(hostile, notice, never), { type: 'delivered', status: 200 })
    const alerts = await eventually('the alert', async () => {
      const got = await standing(url)
      return got.length === 0 ? undefined : got
    })
    assert.deepEqual(
      alerts.map(({ labels }) => labels),
      [{ alertname: 'WatchkeeperIncident', tenant: 'acme', severity: 'high', incident: hostile.id }],
    )
    assert.doesNotMatch(JSON.stringify(alerts), /https:\/\/evil|\\u001b|\u202e/)
    assert.equal((await to(url).deliver(hostile, 'resolved', never)).type, 'delivered')
    await eventually('the alert to end', async () => ((await standing(url)).length === 0 ? true : undefined))
  })

  test('a silence over there holds for the incident it names, and for no other', async (t) => {
    const url = await alertmanagerDaemon(t)
    const other = incidentOf({ anchor: 'b', session: 'c:conversation-2' })
    for (const incident of [hostile, other])
      assert.equal((await to(url).deliver(incident, 'opened', never)).type, 'delivered')
    const answer = await fetch(`${url}/api/v2/silences`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        matchers: [{ name: 'incident', value: hostile.id, isRegex: false, isEqual: true }],
        startsAt: new Date(Date.now() - 1_000),
        endsAt: new Date(Date.now() + 600_000),
        createdBy: 'soc',
        comment: 'known',
      }),
    })
    assert.equal(answer.status, 200)
    const states = await eventually('one of the two to be silenced', async () => {
      const got = await standing(url)
      return got.length === 2 && got.some(({ status }) => status.state === 'suppressed') ? got : undefined
    })
    assert.deepEqual(Object.fromEntries(states.map(({ labels, status }) => [labels['incident'], status.state])), {
      [hostile.id]: 'suppressed',
      [other.id]: 'active',
    })
  })

  test('what it does not take is refused, and is no reason to send it again', async (t) => {
    const url = await alertmanagerDaemon(t)
    const backwards = { ...hostile, openedAt: hostile.updatedAt + 1_000_000 }
    assert.deepEqual(await to(url).deliver(backwards, 'resolved', never), {
      type: 'refused',
      reason: 'answered 400',
      status: 400,
    })
  })
})

describe('an SMTP server', { skip: without('exim') }, () => {
  test('takes an incident after STARTTLS and log-in, and one mail lies in the mailbox', async (t) => {
    const certificate = localCertificate()
    const { port, user, password, mails } = await mailServer(t, certificate)
    const settings = { host: 'localhost', port, tls: 'starttls', from: 'wk@corp.example', user, password } as const
    const results = await delivered(t, certificate.cert, {
      email: { ...settings, to: ['soc@corp.example'] },
      told: [
        [hostile, 'opened'],
        [hostile, 'resolved'],
      ],
    })
    assert.deepEqual(results, Array(2).fill({ type: 'delivered', status: 250 }))
    const both = await eventually('two mails', () => (mails().length === 2 ? mails() : undefined))
    const ids = new Set<string>()
    for (const mail of both) {
      const [head = '', ...text] = mail.replace(/\r\n/g, '\n').split('\n\n')
      // Header fields as RFC 5322 folds them.
      const fields = head.replace(/\n[ \t]+/g, ' ').split('\n')
      const named = (name: string): string[] =>
        fields
          .filter((field) => field.toLowerCase().startsWith(`${name}:`))
          .map((field) => field.slice(name.length + 2))
      assert.deepEqual(named('to'), ['soc@corp.example'])
      assert.deepEqual(named('bcc'), [])
      assert.deepEqual(named('from'), ['wk@corp.example'])
      assert.deepEqual(named('references'), [`<${hostile.id}@watchkeeper>`])
      ids.add(named('message-id')[0]?.trim() ?? '')
      assert.deepEqual(named('auto-submitted'), ['auto-generated'])
      assert.equal(named('subject').length, 1)
      assert.equal(named('date').length, 1)
      assert.match(named('content-type')[0] ?? '', /^text\/plain; charset=utf-8$/i)
      assert.match(named('received').join(), /esmtpsa/i)
      assert.doesNotMatch(text.join('\n\n'), /https:\/\/evil|\p{Cf}/u)
      assert.ok(!text.join().includes('\u001b'))
    }
    // Each notice is a mail of its own, in the thread of its incident.
    assert.equal(ids.size, 2)
    for (const id of ids) assert.ok(id.startsWith(`<${hostile.id}.1.`) && id.endsWith('@watchkeeper>'), id)
  })

  test('a wrong password and a certificate nobody knows are tried again; an address it does not have is final', async (t) => {
    const certificate = localCertificate()
    const { port, user, password, mails } = await mailServer(t, certificate)
    const settings = { host: 'localhost', port, tls: 'starttls', from: 'wk@corp.example', user, password } as const
    const outcome = async (trusted: string, given: Partial<Job['email']>): Promise<readonly unknown[]> => {
      const job: Job = { email: { ...settings, to: ['soc@corp.example'], ...given }, told: [[hostile, 'opened']] }
      return (await delivered(t, trusted, job)).map(({ type, status }) => [type, status])
    }
    assert.deepEqual(await outcome(certificate.cert, { password: 'wrong' }), [['retry', 535]])
    assert.deepEqual(await outcome(localCertificate().cert, {}), [['retry', 0]])
    assert.deepEqual(await outcome(certificate.cert, { to: ['nobody@corp.example'] }), [['refused', 550]])
    assert.deepEqual(mails(), [])
  })
})

describe('a syslog daemon', { skip: without('rsyslog') }, () => {
  interface Understood {
    readonly priority: string
    readonly app: string
    readonly kind: string
    readonly time: string
    readonly text: string
  }

  /** The fields of one line of CEF, by the rules of its specification. */
  function parsedCef(line: string): { readonly header: readonly string[]; readonly fields: Record<string, string> } {
    const parts = line.trim().split(/(?<!(?<!\\)\\)\|/)
    const header = parts.slice(0, 7).map((part) => part.replace(/\\([\\|])/g, '$1'))
    const extension = parts.slice(7).join('|')
    const fields: Record<string, string> = {}
    for (const [, key = '', value = ''] of extension.matchAll(/(\w+)=((?:\\.|[^\\=])*?)(?=\s\w+=|$)/g))
      fields[key] = value.replace(/\\([\\=])/g, '$1')
    return { header, fields }
  }

  for (const transport of ['tcp', 'tls'] as const)
    test(`reads what we send over ${transport.toUpperCase()} as we meant it, CEF and OCSF`, async (t) => {
      const certificate = localCertificate()
      const server = await syslogServer(t, certificate)
      const base = { host: 'localhost', port: server[transport], tls: transport === 'tls' }
      for (const format of ['cef', 'ocsf'] as const)
        assert.deepEqual(
          await delivered(t, certificate.cert, { syslog: { ...base, format }, told: [[hostile, 'opened']] }),
          [{ type: 'delivered', status: 0 }],
        )
      const lines = await eventually('two messages', () => (server.lines().length >= 2 ? server.lines() : undefined))
      const messages = lines.map((line) => JSON.parse(line) as Understood)
      assert.equal(messages.length, 2)
      for (const { priority, app, kind, time } of messages) {
        assert.deepEqual([priority, app, kind], ['107', 'watchkeeper', 'opened'])
        assert.equal(Date.parse(time), Math.trunc(hostile.updatedAt / 1_000))
      }
      const { header, fields } = parsedCef(messages[0]?.text ?? '')
      assert.deepEqual(header.slice(0, 5), ['CEF:0', 'Watchkeeper', 'Watchkeeper', '1', 'injected-action'])
      assert.match(header[5] ?? '', /^\[HIGH\] x\|y=z \\ suser=root 漢/)
      assert.equal(header[6], '8')
      assert.equal(fields['externalId'], `${hostile.id}.1`)
      assert.match(fields['suser'] ?? '', /^x\|y=z \\ suser=root/)
      assert.equal(fields['cs1'], 'acme')
      assert.equal(fields['act'], 'opened')
      assert.ok(isDetectionFinding(JSON.parse(messages[1]?.text ?? '')))
    })

  test('a certificate nobody knows gets nothing', async (t) => {
    const server = await syslogServer(t, localCertificate())
    const job: Job = {
      syslog: { host: 'localhost', port: server.tls, tls: true, format: 'cef' },
      told: [[hostile, 'opened']],
    }
    assert.equal((await delivered(t, localCertificate().cert, job))[0]?.type, 'retry')
    assert.deepEqual(server.lines(), [])
  })
})
