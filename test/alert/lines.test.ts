/** The receivers that do not speak HTTP, each against a local server that behaves as its protocol says. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { joinFindings } from '../../src/alert/joining.js'
import { email } from '../../src/alert/notifiers/email.js'
import { syslog } from '../../src/alert/notifiers/syslog.js'
import type { Finding } from '../../src/finding.js'
import type { Incident } from '../../src/incidents/incident.js'
import { baseTime, finding, second } from '../support/findings.js'
import { type Script, smtpServer, tcpServer } from '../support/line-servers.js'
import { isDetectionFinding } from '../support/vendors.js'

const now = () => baseTime + 60 * second
const never = new AbortController().signal

function incidentOf(given: Partial<Finding> = {}): Incident {
  const [made] = joinFindings([finding({ anchor: 'a', ...given })], [], now())
  assert.ok(made)
  return made.incident
}
const plain = incidentOf()
const nasty = 'x|y=z \\ suser=root\r\nBcc: eve@evil.example\r\n.\r\nhttps://evil.example'
const hostile = incidentOf({ title: nasty, summary: nasty, subject: nasty, tool: nasty })

describe('syslog', () => {
  const to = (port: number, format: 'cef' | 'ocsf', timeoutMs = 10_000) =>
    syslog({ name: 'siem', host: '127.0.0.1', port, tls: false, format, now, timeoutMs })

  /** Reads to the end and closes in order, as rsyslog and syslog-ng do. */
  async function collected(t: TestContext, incident: Incident, format: 'cef' | 'ocsf'): Promise<string> {
    let got = ''
    const port = await tcpServer(t, (socket) => {
      socket.on('data', (chunk) => {
        got += chunk.toString()
      })
      socket.on('end', () => socket.end())
    })
    assert.deepEqual(await to(port, format).deliver(incident, 'opened', never), { type: 'delivered', status: 0 })
    const [, length, line = ''] = /^(\d+) (.*)$/s.exec(got) ?? []
    assert.equal(Number(length), Buffer.byteLength(line))
    const [, body = ''] = /^<107>1 2026-11-24T03:01:00\.000000Z [!-~]+ watchkeeper - opened - (.*)$/s.exec(line) ?? []
    return body
  }

  test('CEF: nobody who names a tool can end a field or begin another', async (t) => {
    const body = await collected(t, hostile, 'cef')
    assert.doesNotMatch(body, /[\r\n]|https:/)
    // A bar needs an escape in the header alone, an equals sign in the extension alone.
    const [header = '', extension = ''] = body.split('externalId=')
    assert.equal(header.split(/(?<!\\)\|/).length, 8)
    assert.deepEqual(extension.match(/(?<= )suser=/g), ['suser='])
    assert.match(body, /^CEF:0\|Watchkeeper\|Watchkeeper\|1\|injected-action\|.*x\\\|y=z.*\|8\|externalId=/)
    assert.match(body, /msg=.*x\|y\\=z \\\\ suser\\=root/)
  })

  test('OCSF: the event is a Detection Finding', async (t) => {
    const body = await collected(t, hostile, 'ocsf')
    assert.ok(isDetectionFinding(JSON.parse(body)))
  })

  test('a reset, no end in time and a closed port are tried again', async (t) => {
    const resets = await tcpServer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))
    assert.equal((await to(resets, 'cef').deliver(plain, 'opened', never)).type, 'retry')
    const stuck = await tcpServer(t, (socket) => void socket.resume())
    assert.deepEqual(await to(stuck, 'cef', 200).deliver(plain, 'opened', never), {
      type: 'retry',
      reason: 'no end of the connection within 200 ms',
      status: 0,
    })
    assert.equal((await to(1, 'cef').deliver(plain, 'opened', never)).type, 'retry')
  })
})

describe('e-mail', () => {
  async function smtp(t: TestContext, script: Script = {}) {
    const { mails, port } = await smtpServer(t, script)
    const receiver = (timeoutMs = 10_000, tls: 'none' | 'starttls' = 'none') =>
      email({
        name: 'mail',
        host: '127.0.0.1',
        port,
        tls,
        from: 'wk@corp.example',
        to: ['soc@corp.example'],
        user: undefined,
        password: undefined,
        now,
        timeoutMs,
      })
    return { mails, receiver }
  }

  test('an incident is a mail of text; no name in it becomes a header, an address or the end of the mail', async (t) => {
    const { mails, receiver } = await smtp(t)
    assert.deepEqual(await receiver().deliver(hostile, 'opened', never), { type: 'delivered', status: 250 })
    assert.equal(mails.length, 1)
    const [head = ''] = mails[0]?.split('\n\n') ?? []
    assert.match(head, new RegExp(`^Message-ID: <${hostile.id}\\.1\\.opened@watchkeeper>$`, 'im'))
    assert.match(head, /^Content-Type: text\/plain/im)
    assert.doesNotMatch(head, /^bcc:/im)
    assert.doesNotMatch(mails[0] ?? '', /https:\/\/evil/)
  })

  test('4xx is tried again, 5xx is final, at the recipient as at the message', async (t) => {
    const result = async (answers: Script['answers']) => {
      const { receiver } = await smtp(t, { answers: answers ?? {} })
      const { type, status } = await receiver().deliver(plain, 'opened', never)
      return [type, status]
    }
    assert.deepEqual(await result({ RCPT: '450 4.2.0 greylisted' }), ['retry', 450])
    assert.deepEqual(await result({ RCPT: '550 5.1.1 no such user' }), ['refused', 550])
    assert.deepEqual(await result({ data: '451 4.7.1 slow down' }), ['retry', 451])
    assert.deepEqual(await result({ data: '554 5.7.1 spam' }), ['refused', 554])
    assert.deepEqual(await result({ CONNECT: '421 4.3.2 busy' }), ['retry', 421])
  })

  test('silence, a hang-up in the middle and a server without TLS are tried again, and nothing was sent in clear', async (t) => {
    const quiet = await tcpServer(t, () => undefined)
    const silent = email({
      ...{ name: 'mail', host: '127.0.0.1', port: quiet, tls: 'none', from: 'a@b.example', to: ['c@d.example'] },
      ...{ user: undefined, password: undefined, now, timeoutMs: 200 },
    })
    assert.equal((await silent.deliver(plain, 'opened', never)).type, 'retry')
    const broken = await smtp(t, { answers: { data: undefined } })
    assert.equal((await broken.receiver().deliver(plain, 'opened', never)).type, 'retry')
    const bare = await smtp(t, { answers: { STARTTLS: '454 not available' } })
    assert.equal((await bare.receiver(10_000, 'starttls').deliver(plain, 'opened', never)).type, 'retry')
    assert.equal(bare.mails.length, 0)
  })
})
