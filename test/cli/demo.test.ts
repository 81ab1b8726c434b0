import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentDsn, developmentFingerprintKey } from '@watchkeeper/sdk/dsn'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import injectedAction from '../../detectors/injected-action/detector.js'
import scopeJump from '../../detectors/scope-jump/detector.js'
import { attacked, ordinary } from '../../src/cli/demo/conversations.js'
import { playDemo } from '../../src/cli/demo/play.js'
import { isNotEvaluated } from '../../src/detect/contract.js'
import { defaultPolicy } from '../../src/detect/policy.js'
import { byTime } from '../../src/detect/sessions.js'
import { createLogger } from '../../src/log.js'
import { type Collector, startCollector } from '../support/collector.js'
import { testReceiver } from '../support/receiver.js'

interface Heard {
  readonly told: () => string
  readonly out: Writable
}

function listener(): Heard {
  let told = ''
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      told += chunk.toString()
      done()
    },
  })
  return { out, told: () => told }
}

async function collecting(t: TestContext): Promise<Collector> {
  const collector = await startCollector()
  t.after(() => collector.close())
  return collector
}

const log = createLogger({ logLevel: 'silent', logFormat: 'json' })
const callsOf = (events: readonly ProducerEvent[], side: string): ProducerEvent[] =>
  events
    .filter((event) => event.kind === 'call' && event.method === 'tools/call' && event.side === side)
    .sort((a, b) => a.startedAt - b.startedAt)

test('the play is told by both sides: request, poisoned ticket, scopes that grow, and the mail that leaves', async (t) => {
  const collector = await collecting(t)
  const { out, told } = listener()
  const { signal } = new AbortController()
  const { conversationId } = await playDemo({ dsn: collector.dsn, log, signal, out, paceMs: 0 })

  const conversation = collector.events.filter((event) => event.conversationId === conversationId)
  const asked = callsOf(conversation, 'client')
  assert.deepEqual(
    asked.map(({ serverName, tool, outcome }) => `${serverName}.${tool} ${outcome}`),
    ['tickets.read_ticket ok', 'crm.export_contacts ok', 'mail.send_mail ok'],
  )
  assert.deepEqual(
    callsOf(conversation, 'server').map(({ tool, traceId, requestId }) => [tool, traceId, requestId]),
    asked.map(({ tool, traceId, requestId }) => [tool, traceId, requestId]),
  )
  assert.equal(conversation.filter(({ kind }) => kind === 'user_message').length, 1)
  const grown = conversation.filter(({ kind }) => kind === 'elevation')
  assert.deepEqual(
    grown.map(({ scopes, scopesGranted, serverName }) => [serverName, scopes, scopesGranted]),
    [['crm', ['crm:read'], ['crm:read', 'crm:admin']]],
  )
  const served = callsOf(conversation, 'server').find(({ tool }) => tool === 'export_contacts')
  assert.deepEqual([served?.subject, served?.scopes], ['dana', ['crm:read', 'crm:admin']])

  // What a detector needs: the mail's address stands in the ticket's order, and the contacts in the mail's body.
  const [ticket, list, mail] = asked
  const address = mail?.argFingerprints.find(({ kind }) => kind === 'email')?.hash
  assert.ok(address)
  assert.ok(ticket?.orders.some(({ atoms }) => atoms.some(({ hash }) => hash === address)))
  const exported = new Set(list?.resultFingerprints.filter(({ kind }) => kind === 'email').map(({ hash }) => hash))
  assert.equal(exported.size, 9)
  assert.ok(mail?.argFingerprints.some(({ hash }) => exported.has(hash)))
  assert.deepEqual(mail?.destinations.includes('ledger-backup.example'), true)

  assert.match(told(), /Summarise ticket 4711/)
  assert.match(told(), /403 insufficient_scope/)
})

test('the ordinary conversations come first, each of its own, and no clear content is sent', async (t) => {
  const collector = await collecting(t)
  const { out } = listener()
  const { signal } = new AbortController()
  const { conversationId } = await playDemo({ dsn: collector.dsn, log, signal, out, paceMs: 0 })
  const messages = collector.events.filter(({ kind }) => kind === 'user_message')
  assert.equal(messages.length, ordinary.length + 1)
  assert.equal(new Set(messages.map((message) => message.conversationId)).size, messages.length)
  const capturer = createCapturer({ key: developmentFingerprintKey })
  const last = messages.reduce((a, b) => (a.startedAt > b.startedAt ? a : b))
  assert.equal(last.conversationId, conversationId)
  assert.equal(last.argDigest, capturer.message(attacked.request).argDigest)
  const sent = JSON.stringify(collector.events)
  for (const clear of ['Marta', 'Mill Lane', 'archive@', 'grace@', 'A-20931', '555 7734', 'Summarise'])
    assert.ok(!sent.includes(clear), `${clear} was sent in the clear`)
})

test('the shipped detectors find the attack, by the mail that leaves, and nothing in the ordinary conversations', async (t) => {
  const { app, events } = await testReceiver(t)
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 })
  const { out } = listener()
  const { signal } = new AbortController()
  const { conversationId } = await playDemo({ dsn: { ...developmentDsn, endpoint }, log, signal, out, paceMs: 0 })

  const found: string[] = []
  const sessions = new Set(events().map(({ sessionKey }) => sessionKey))
  for (const id of sessions) {
    const told = events().filter(
      ({ sessionKey, kind, side }) => sessionKey === id && !(kind === 'call' && side === 'server'),
    )
    const session = {
      tenant: 'default',
      id,
      subject: '',
      truncated: false,
      policy: defaultPolicy,
      events: told.sort(byTime),
    }
    for (const { about, judge } of [injectedAction, scopeJump]) {
      const verdict = judge(session)
      if (isNotEvaluated(verdict)) continue
      found.push(...verdict.map(({ anchor }) => `${id} ${about.title}: ${anchor.tool || anchor.kind}`))
    }
  }
  assert.deepEqual(found.sort(), [
    `c:${conversationId} ${injectedAction.about.title}: export_contacts`,
    `c:${conversationId} ${injectedAction.about.title}: send_mail`,
    `c:${conversationId} ${scopeJump.about.title}: elevation`,
  ])
})

test('a signal ends the play, and leaves no process behind', async (t) => {
  const collector = await collecting(t)
  const stop = new AbortController()
  const { out, told } = listener()
  const write = out.write.bind(out)
  out.write = (chunk: string) => {
    if (chunk.includes('4702')) stop.abort()
    return write(chunk)
  }
  const play = playDemo({ dsn: collector.dsn, log, signal: stop.signal, out, paceMs: 0 })
  await assert.rejects(play, { name: 'AbortError' })
  assert.doesNotMatch(told(), /4711/)
  const closed = collector.events.filter(
    ({ kind, side, detail }) => kind === 'connection' && side === 'server' && detail['phase'] === 'closed',
  )
  assert.deepEqual(closed.map(({ serverName }) => serverName).sort(), ['calendar', 'crm', 'mail', 'tickets'])
  await once(out.end(), 'close')
})
