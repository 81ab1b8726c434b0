import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { test } from 'node:test'
import { joinFindings } from '../../src/alert/joining.js'
import { judge } from '../../src/alert/notifiers/post.js'
import { webhook } from '../../src/alert/notifiers/webhook.js'
import type { Finding } from '../../src/finding.js'
import type { Incident } from '../../src/incidents/incident.js'
import { baseTime, evidence, finding, second } from '../support/findings.js'
import { answers, httpReceiver } from '../support/http-receiver.js'

const now = () => baseTime + 60 * second
/** `secret` '' is unsigned. */
const hook = (url: string, secret = '', timeoutMs = 10_000) =>
  webhook({
    name: 'webhook',
    url: async () => url,
    secret: secret === '' ? undefined : async () => secret,
    now,
    timeoutMs,
  })
const never = new AbortController().signal

function incidentOf(...findings: Finding[]): Incident {
  const [made] = joinFindings(findings, [], now())
  assert.ok(made)
  return made.incident
}
const plain = incidentOf(finding({ anchor: 'a' }))

test('an accepted incident is a CloudEvent 1.0 in structured mode', async (t) => {
  const receiver = await httpReceiver(t)
  const result = await hook(receiver.url).deliver(plain, 'opened', never)
  assert.deepEqual(result, { type: 'delivered', status: 204 })
  const [got] = receiver.received
  assert.match(got?.headers['content-type'] ?? '', /^application\/cloudevents\+json/)
  assert.equal(got?.headers['webhook-signature'], undefined)
  const event = JSON.parse(got?.body ?? '')
  assert.deepEqual(
    { ...event, data: undefined },
    {
      specversion: '1.0',
      id: `${plain.id}.1`,
      source: 'urn:watchkeeper:tenant:acme',
      type: 'dev.watchkeeper.incident.opened',
      time: '2026-11-24T03:01:00.000000Z',
      subject: plain.id,
      datacontenttype: 'application/json',
      data: undefined,
    },
  )
  assert.equal(event.data.severity, 'high')
  assert.equal(event.data.findings[0].detector, 'injected-action')
  assert.equal(event.data.findings[0].what_to_do, 'detectors/injected-action/README.md')
  assert.deepEqual(event.data.findings[0].score, { score: 0.93 })
  assert.deepEqual(event.data.tags, ['AML.T0051.001', 'ASI01', 'MCP06:2025'])
  assert.equal(event.data.timeline.length, 2)
  assert.match(event.data.next[0].command, /^npx watchkeeper sql "SELECT [^"]+"$/)
})

test('the signature verifies as the Standard Webhooks specification says, with both forms of secret', async (t) => {
  const receiver = await httpReceiver(t)
  const key = Buffer.from('0123456789abcdef')
  for (const secret of [key.toString(), `whsec_${key.toString('base64')}`])
    await hook(receiver.url, secret).deliver(plain, 'opened', never)
  assert.equal(receiver.received.length, 2)
  for (const { headers, body } of receiver.received) {
    assert.equal(headers['webhook-id'], `${plain.id}.1`)
    assert.equal(headers['webhook-timestamp'], String(now() / second))
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = createHmac('sha256', key).update(signed).digest()
    const [version, given] = String(headers['webhook-signature']).split(',')
    assert.equal(version, 'v1')
    assert.ok(timingSafeEqual(Buffer.from(given ?? '', 'base64'), expected))
  }
})

test('a login in the address is sent as one', async (t) => {
  const receiver = await httpReceiver(t)
  const url = receiver.url.replace('http://', 'http://soc:p%40ss@')
  assert.equal((await hook(url).deliver(plain, 'opened', never)).type, 'delivered')
  assert.equal(receiver.received[0]?.headers.authorization, `Basic ${Buffer.from('soc:p@ss').toString('base64')}`)
})

test('what an answer means follows from its status', () => {
  const meaning = (status: number): string => judge(status, null, now).type
  assert.deepEqual([200, 201, 202, 204].map(meaning), Array(4).fill('delivered'))
  assert.deepEqual([401, 408, 425, 429, 500, 502, 503, 504, 599].map(meaning), Array(9).fill('retry'))
  assert.deepEqual([301, 302, 307, 400, 403, 404, 410, 413, 422].map(meaning), Array(9).fill('refused'))
})

test('Retry-After is read as seconds and as a date, and is never longer than an hour', () => {
  const wait = (header: string | null): number | undefined => {
    const result = judge(429, header, now)
    return result.type === 'retry' ? result.afterMs : assert.fail(result.type)
  }
  assert.equal(wait('7'), 7_000)
  assert.equal(wait('Tue, 24 Nov 2026 03:01:30 GMT'), 30_000)
  assert.equal(wait('Tue, 24 Nov 2026 02:00:00 GMT'), 0)
  assert.equal(wait('999999'), 3_600_000)
  assert.equal(wait('soon'), undefined)
  assert.equal(wait(null), undefined)
})

test('a redirect is not followed', async (t) => {
  const other = await httpReceiver(t)
  const receiver = await httpReceiver(t, answers.status(307, { location: other.url }))
  const result = await hook(receiver.url, 's').deliver(plain, 'opened', never)
  assert.equal(result.type, 'refused')
  assert.equal(other.received.length, 0)
})

test('silence, a cut or stalled answer, a dropped connection and a closed port all mean: try again', async (t) => {
  const receiver = await httpReceiver(t)
  const attempt = async (answer: (typeof receiver)['answer']) => {
    receiver.answer = answer
    return hook(receiver.url, '', 300).deliver(plain, 'opened', never)
  }
  assert.deepEqual(await attempt(answers.silent), {
    type: 'retry',
    reason: 'no whole answer within 300 ms',
    status: 0,
  })
  assert.deepEqual(await attempt(answers.stalled), {
    type: 'retry',
    reason: 'answered 200, then no whole answer within 300 ms',
    status: 200,
  })
  const half = await attempt(answers.half)
  assert.equal(half.type, 'retry')
  assert.match(half.type === 'retry' ? half.reason : '', /^answered 200, then the connection failed/)
  assert.equal((await attempt(answers.hangUp)).type, 'retry')
  await receiver.close()
  assert.deepEqual(await attempt(answers.ok), {
    type: 'retry',
    reason: 'the connection failed (ECONNREFUSED)',
    status: 0,
  })
})

test('an answer without end is read to its bound and judged by its status', async (t) => {
  const receiver = await httpReceiver(t, (response) => {
    response.writeHead(200)
    const pour = (): void => {
      while (response.write('x'.repeat(65_536)));
      response.once('drain', pour)
    }
    pour()
  })
  const result = await hook(receiver.url).deliver(plain, 'opened', never)
  assert.deepEqual(result, { type: 'delivered', status: 200 })
})

test('a body is at most 64 KiB, keeps the beginning and the end of the story, and says what it left out', async (t) => {
  const receiver = await httpReceiver(t)
  const many = Array.from({ length: 90 }, (_, index) =>
    finding({
      anchor: `call-${index}`,
      at: baseTime + index * second,
      summary: '漢'.repeat(5_000),
      steps: [evidence(`call-${index}`, baseTime + index * second, 'action', '漢'.repeat(5_000))],
      calls: Array.from({ length: 100 }, (_, call) => `${call}-${'x'.repeat(190)}`),
    }),
  )
  await hook(receiver.url).deliver(incidentOf(...many), 'opened', never)
  const body = receiver.received[0]?.body ?? ''
  assert.ok(Buffer.byteLength(body) <= 65_536)
  const { data } = JSON.parse(body)
  assert.ok(data.findings.length > 0)
  assert.equal(data.findings.length + data.omitted.findings, 90)
  assert.equal(data.timeline.length + data.omitted.timeline, 90)
  assert.equal(data.timeline[0].event, 'call-0')
  assert.equal(data.timeline.at(-1).event, 'call-89')
})

test('an attacker cannot put a link, a control or a hidden character into a delivery', async (t) => {
  const receiver = await httpReceiver(t)
  const nasty = 'pay https://evil.example/x \u001b[2J\u202e\u200b\r\nnow'
  const hostile = incidentOf(
    finding({
      anchor: nasty,
      summary: nasty,
      session: nasty,
      subject: nasty,
      server: nasty,
      tool: nasty,
      calls: [nasty],
    }),
    finding({
      anchor: 'b',
      session: nasty,
      steps: [evidence(nasty, baseTime, 'source', nasty)],
      score: { [nasty]: 1 },
    }),
    finding({ anchor: 'c', session: nasty, matched: [{ kind: nasty, hash: nasty, firstIn: nasty, usedIn: nasty }] }),
  )
  await hook(receiver.url).deliver(hostile, 'opened', never)
  const body = receiver.received[0]?.body ?? ''
  assert.doesNotMatch(body, /https?:\/\//)
  assert.doesNotMatch(body, /\\u00|\\[rn]|[\u202e\u200b]/)
  assert.match(body, /hxxps:\/\/evil\[\.\]example\/x/)
  const { next } = JSON.parse(body).data
  for (const { command } of next) assert.match(command, /^npx watchkeeper [\w\s"'()=.,*>:-]+$/)
})

test('the process that ends cuts the attempt off', async (t) => {
  const receiver = await httpReceiver(t, answers.silent)
  const end = new AbortController()
  const under = hook(receiver.url).deliver(plain, 'opened', end.signal)
  end.abort()
  assert.equal((await under).type, 'retry')
})
