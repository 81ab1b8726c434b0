import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  authorizationUrl,
  Emitter,
  inConversation,
  oauthFetch,
  type ProducerEvent,
  type Resolve,
} from '@watchkeeper/sdk'
import { type Collector, startCollector } from '../../support/collector.js'
import { startDownstream } from '../../support/downstream.js'

async function emitting(t: TestContext): Promise<{ emitter: Emitter; collector: Collector }> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 1 })
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  return { emitter, collector }
}

async function arrived(collector: Collector, many = 1): Promise<readonly ProducerEvent[]> {
  await collector.until((events) => events.length >= many)
  assert.equal(collector.events.length, many)
  return collector.events
}

describe('without a guard', () => {
  test('a fetch is the host’s own, and told with each hop and the address of each connection', async (t) => {
    const { emitter, collector } = await emitting(t)
    const second = await startDownstream((_, response) => response.end('arrived'))
    const first = await startDownstream((_, response) =>
      response.writeHead(302, { location: `http://localhost:${second.port}/secret` }).end(),
    )
    t.after(() => Promise.all([first.close(), second.close()]))
    // What the name stands for when it is looked up apart: another address than that of the connection.
    const resolve: Resolve = async () => ['93.184.216.34']
    const watched = oauthFetch({ emitter, resolve })
    const response = await inConversation('conv-1', () => watched(`${first.url}/secret`))
    assert.equal(await response.text(), 'arrived')
    const [event] = await arrived(collector)
    assert.equal(event?.conversationId, 'conv-1')
    assert.equal(event?.detail['hops'], `${first.url} > http://localhost:${second.port}`)
    assert.equal(event?.detail['addresses_checked'], '127.0.0.1 > 93.184.216.34')
    assert.equal(event?.detail['addresses_used'], '127.0.0.1 > 127.0.0.1')
    assert.deepEqual(
      [event?.decision, event?.detail['reason'], event?.detail['mode']],
      ['allowed', 'cleartext', 'watched'],
    )
    assert.doesNotMatch(JSON.stringify(event), /secret/)
  })

  test('what fails, fails as it would have, and is told', async (t) => {
    const { emitter, collector } = await emitting(t)
    const gone = await startDownstream()
    await gone.close()
    const watched = oauthFetch({ emitter, resolve: () => assert.fail('no name server') })
    await assert.rejects(watched(gone.url), TypeError)
    const [event] = await arrived(collector)
    assert.deepEqual([event?.errorType, event?.resource], ['ECONNREFUSED', gone.url])
  })

  test('a name server that never answers keeps neither the fetch waiting nor its record', async (t) => {
    const { emitter, collector } = await emitting(t)
    const downstream = await startDownstream()
    t.after(() => downstream.close())
    const watched = oauthFetch({ emitter, resolve: () => new Promise<never>(() => {}) })
    const response = await watched(`http://localhost:${downstream.port}/`)
    assert.equal(await response.text(), 'ok')
    const [event] = await arrived(collector)
    assert.deepEqual([event?.detail['addresses_checked'], event?.detail['addresses_used']], ['', '127.0.0.1'])
  })

  test('two fetches at once are told apart', async (t) => {
    const { emitter, collector } = await emitting(t)
    const [one, two] = [await startDownstream(), await startDownstream()]
    t.after(() => Promise.all([one.close(), two.close()]))
    const watched = oauthFetch({ emitter })
    await Promise.all([watched(one.url), watched(two.url), fetch(one.url)])
    const events = await arrived(collector, 2)
    assert.deepEqual(events.map(({ detail }) => detail['hops']).sort(), [one.url, two.url].sort())
  })

  test("another fetch than Node's is told by where it was sent", async (t) => {
    const { emitter, collector } = await emitting(t)
    const watched = oauthFetch({
      emitter,
      fetch: async () => new Response('made up'),
      resolve: async () => ['10.0.0.7'],
    })
    assert.equal(await (await watched('https://as.example/x')).text(), 'made up')
    const [event] = await arrived(collector)
    assert.deepEqual(
      [event?.detail['hops'], event?.detail['address_classes'], event?.detail['reason']],
      ['https://as.example', 'private', 'address'],
    )
  })
})

describe('an authorization URL', () => {
  const cases: readonly (readonly [url: string, reason: string])[] = [
    ['https://as.example/authorize?state=secret', ''],
    ['http://localhost:8080/authorize', ''],
    ['http://127.0.0.1/authorize', ''],
    ['http://[::1]/authorize', ''],
    ['http://as.example/authorize', 'cleartext'],
    ['http://localhost.evil.example/', 'cleartext'],
    ['javascript:alert(1)', 'scheme'],
    ['JavaScript:alert(1)', 'scheme'],
    ['\u0001javascript:alert(1)', 'scheme'],
    ['data:text/html,x', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['vbscript:x', 'scheme'],
    ['ms-msdt:/id', 'scheme'],
    ['https://as.example@evil.example/', 'userinfo'],
    ['', 'invalid_url'],
  ]
  for (const [url, reason] of cases)
    test(`${JSON.stringify(url)} ${reason === '' ? 'may be opened' : `may not: ${reason}`}`, async (t) => {
      const { emitter, collector } = await emitting(t)
      const verdict = authorizationUrl(emitter, url)
      assert.deepEqual(verdict, reason === '' ? { allowed: true } : { allowed: false, reason })
      const [event] = await arrived(collector)
      assert.deepEqual([event?.decision, event?.detail['mode']], [reason === '' ? 'allowed' : 'denied', 'opened'])
      assert.doesNotMatch(JSON.stringify(event), /secret/)
    })
})

test('a URL that asks for access is told with the client, the scopes and where the answer goes, and without the rest', async (t) => {
  const { emitter, collector } = await emitting(t)
  authorizationUrl(
    emitter,
    'https://id.example.com/authorize?client_id=desk&scope=files%3Aread+mail&state=hidden-state&redirect_uri=https%3A%2F%2Fdesk.example%2Fcallback%3Fkept',
  )
  const [event] = await arrived(collector)
  assert.deepEqual([event?.oauthClientId, event?.scopesRequested], ['desk', ['files:read', 'mail']])
  assert.equal(event?.detail['redirect_origin'], 'https://desk.example')
  assert.equal(event?.detail['redirect_uri_fingerprint'], emitter.capturer.secret('https://desk.example/callback?kept'))
  assert.doesNotMatch(JSON.stringify(event), /hidden-state|callback/)
})
