import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { auth } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  Emitter,
  type Fetch,
  FetchRefused,
  type GuardOptions,
  oauthFetch,
  type ProducerEvent,
  type Resolve,
} from '@watchkeeper/sdk'
import { certificateFor } from '../../support/certificate.js'
import { type Collector, startCollector } from '../../support/collector.js'
import { startDownstream } from '../../support/downstream.js'

interface Bench {
  readonly fetch: Fetch
  readonly emitter: Emitter
  readonly resolve: Resolve
  readonly collector: Collector
  /** The names that were looked up, in order. */
  readonly asked: readonly string[]
  told(): Promise<readonly ProducerEvent[]>
}

type Names = Readonly<Record<string, readonly string[]>>

/** `names`: what each name stands for; a resolver that knows nothing else. */
async function bench(t: TestContext, guard: true | GuardOptions, names: Names | Resolve = {}): Promise<Bench> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
  const asked: string[] = []
  const resolve: Resolve = async (name) => {
    asked.push(name)
    return typeof names === 'function' ? names(name) : (names[name] ?? [])
  }
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  return {
    fetch: oauthFetch({ emitter, guard, resolve }),
    emitter,
    resolve,
    collector,
    asked,
    async told() {
      await emitter.flush()
      return collector.events.filter(({ kind }) => kind === 'oauth_fetch')
    },
  }
}

function only(events: readonly ProducerEvent[]): ProducerEvent {
  assert.equal(events.length, 1, `expected one event, got ${events.length}`)
  return events[0] as ProducerEvent
}

const refused =
  (reason: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof FetchRefused, String(error))
    assert.ok(!(error instanceof TypeError), 'a TypeError makes MCP clients try again')
    assert.equal(error.reason, reason)
    return true
  }

describe('the guard refuses without a connection', () => {
  const cases: readonly (readonly [url: string, reason: string])[] = [
    ['javascript:alert(1)', 'scheme'],
    ['data:text/html,hello', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['vbscript:msgbox', 'scheme'],
    ['ftp://as.example/', 'scheme'],
    ['http://as.example/', 'cleartext'],
    ['http://127.0.0.1/', 'cleartext'],
    ['https://anna:secret@as.example/', 'userinfo'],
    ['no url at all', 'invalid_url'],
    ['https://127.0.0.1/', 'address'],
    ['https://2130706433/', 'address'],
    ['https://0x7f000001/', 'address'],
    ['https://0177.0.0.1/', 'address'],
    ['https://127.1/', 'address'],
    ['https://0/', 'address'],
    ['https://[::1]/', 'address'],
    ['https://[::ffff:127.0.0.1]/', 'address'],
    ['https://[64:ff9b::10.0.0.1]/', 'address'],
    ['https://①②⑦.0.0.1/', 'address'],
    ['https://10.1.2.3/', 'address'],
    ['https://100.64.0.1/', 'address'],
    ['https://169.254.169.254/latest/meta-data/', 'address'],
    ['https://metadata.example/', 'address'],
    ['https://mixed.example/', 'address'],
    ['https://nowhere.example/', 'unresolved'],
  ]
  const names: Names = {
    'as.example': ['93.184.216.34'],
    'metadata.example': ['169.254.169.254'],
    'mixed.example': ['93.184.216.34', '10.0.0.7'],
  }
  for (const [url, reason] of cases)
    test(`${url}: ${reason}`, async (t) => {
      const { fetch, told } = await bench(t, true, names)
      await assert.rejects(fetch(url), refused(reason))
      const event = only(await told())
      assert.deepEqual([event.decision, event.detail['reason'], event.detail['addresses_used']], ['denied', reason, ''])
      assert.deepEqual([event.detail['mode'], event.side], ['guarded', 'client'])
      assert.ok(!JSON.stringify(event).includes('secret'))
    })

  test('a name of the trusted list that stands for metadata, although private addresses are allowed to it', async (t) => {
    const { fetch, told } = await bench(t, { trustedHosts: ['idp.corp'] }, { 'idp.corp': ['169.254.169.254'] })
    await assert.rejects(fetch('https://idp.corp/'), refused('address'))
    assert.equal(only(await told()).detail['address_classes'], 'metadata')
  })
})

describe('the guard, on real sockets', () => {
  test('fetches what it may: method, headers, body, status and answer are those of fetch', async (t) => {
    const seen: unknown[] = []
    const downstream = await startDownstream(async (request, response) => {
      let body = ''
      for await (const piece of request) body += String(piece)
      seen.push([request.method, request.url, request.headers['x-asked'], request.headers.host, body])
      response.writeHead(201, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] })
      response.end('{"token":"x"}')
    })
    t.after(() => downstream.close())
    const { fetch, told } = await bench(t, { loopback: true }, { localhost: ['127.0.0.1'] })
    const url = `http://localhost:${downstream.port}/token?secret-query=1`
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-asked': 'yes' },
      body: new URLSearchParams({ code: 'secret-code' }),
    })
    assert.deepEqual([response.status, response.url, response.redirected], [201, url, false])
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
    assert.deepEqual(await response.json(), { token: 'x' })
    assert.deepEqual(seen, [
      ['POST', '/token?secret-query=1', 'yes', `localhost:${downstream.port}`, 'code=secret-code'],
    ])
    const event = only(await told())
    assert.deepEqual(
      [event.decision, event.resource, event.destinations, event.detail['status']],
      ['allowed', `http://localhost:${downstream.port}`, ['localhost'], '201'],
    )
    assert.deepEqual([event.detail['addresses_checked'], event.detail['addresses_used']], ['127.0.0.1', '127.0.0.1'])
    assert.ok(event.argFingerprints.some(({ kind }) => kind === 'url'))
    assert.doesNotMatch(JSON.stringify(event), /secret|\/token/)
  })

  test('connects to the address that it checked: a name that then stands for another is not asked again', async (t) => {
    const good = await startDownstream((_, response) => response.end('good'))
    // Only Linux has all of 127.0.0.0/8 without being told.
    const evil =
      process.platform === 'linux'
        ? await startDownstream((_, response) => response.end('evil'), { host: '127.0.0.9', port: good.port })
        : undefined
    t.after(() => Promise.all([good.close(), evil?.close()]))
    const answers = [['127.0.0.1'], ['127.0.0.9'], ['127.0.0.9']]
    const { fetch, asked, told } = await bench(t, { loopback: true }, async () => answers.shift() ?? [])
    const response = await fetch(`http://rebind.example:${good.port}/`)
    assert.equal(await response.text(), 'good')
    assert.deepEqual([asked, evil?.paths ?? []], [['rebind.example'], []])
    assert.equal(only(await told()).detail['addresses_used'], '127.0.0.1')
  })

  test('keeps name and certificate together over https, and does not take a certificate of another name', async (t) => {
    const certificate = certificateFor('as.corp')
    if (certificate === undefined) {
      assert.ok(!process.env['CI'], 'no openssl')
      t.skip('no openssl on this machine')
      return
    }
    const server = createTlsServer(certificate, (request, response) => response.end(request.headers.host))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      server.closeAllConnections()
      server.close()
    })
    const { port } = server.address() as AddressInfo
    const names = { 'as.corp': ['127.0.0.1'], 'other.corp': ['127.0.0.1'] }
    const { fetch, told } = await bench(t, { loopback: true, ca: certificate.cert }, names)
    const response = await fetch(`https://as.corp:${port}/`)
    assert.equal(await response.text(), `as.corp:${port}`)
    await assert.rejects(fetch(`https://other.corp:${port}/`), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const [first, second] = await told()
    assert.equal(first?.detail['scheme'], 'https')
    assert.deepEqual([second?.errorType, second?.detail['reason']], ['ERR_TLS_CERT_ALTNAME_INVALID', undefined])
  })

  test('checks each redirect: into a private network it does not follow', async (t) => {
    const downstream = await startDownstream((_, response) =>
      response.writeHead(302, { location: 'https://intern.example/admin' }).end(),
    )
    t.after(() => downstream.close())
    const { fetch, told } = await bench(t, { loopback: true }, { 'intern.example': ['10.0.0.7'] })
    await assert.rejects(fetch(`http://127.0.0.1:${downstream.port}/`), refused('address'))
    const event = only(await told())
    assert.equal(event.detail['hops'], `http://127.0.0.1:${downstream.port} > https://intern.example`)
    assert.equal(event.detail['addresses_checked'], '127.0.0.1 > 10.0.0.7')
    assert.equal(event.detail['addresses_used'], '127.0.0.1 > ')
    assert.equal(event.detail['address_classes'], 'loopback > private')
    assert.deepEqual(event.destinations, ['127.0.0.1', 'intern.example'])
  })

  for (const location of ['file:///etc/passwd', 'http://as.example/', 'javascript:alert(1)'])
    test(`does not follow a redirect to ${location}`, async (t) => {
      const downstream = await startDownstream((_, response) => response.writeHead(302, { location }).end())
      t.after(() => downstream.close())
      const { fetch, told } = await bench(t, { loopback: true }, { 'as.example': ['93.184.216.34'] })
      await assert.rejects(fetch(downstream.url), FetchRefused)
      assert.equal(only(await told()).decision, 'denied')
    })

  test('follows harmless redirects, as a GET after 303, without credentials at another origin', async (t) => {
    const seen: unknown[] = []
    const second = await startDownstream((request, response) => {
      seen.push([request.method, request.headers.authorization, request.headers['content-type']])
      response.end('arrived')
    })
    const first = await startDownstream((_, response) => response.writeHead(303, { location: `${second.url}/b` }).end())
    t.after(() => Promise.all([first.close(), second.close()]))
    const { fetch, told } = await bench(t, { loopback: true })
    const response = await fetch(`${first.url}/a`, {
      method: 'POST',
      headers: { authorization: 'Bearer secret', 'content-type': 'text/plain' },
      body: 'code',
    })
    assert.deepEqual([await response.text(), response.url, response.redirected], ['arrived', `${second.url}/b`, true])
    assert.deepEqual(seen, [['GET', undefined, undefined]])
    assert.equal(only(await told()).detail['hops'], `${first.url} > ${second.url}`)
  })

  test('does not carry a body on to another origin', async (t) => {
    const second = await startDownstream()
    const first = await startDownstream((_, response) => response.writeHead(307, { location: second.url }).end())
    t.after(() => Promise.all([first.close(), second.close()]))
    const { fetch } = await bench(t, { loopback: true })
    await assert.rejects(fetch(first.url, { method: 'POST', body: 'code=secret' }), refused('redirect'))
    assert.deepEqual(second.paths, [])
  })

  test('gives up after so many redirects, so many bytes, so long a time', async (t) => {
    const downstream = await startDownstream((request, response) => {
      if (request.url === '/around') response.writeHead(302, { location: '/around' }).end()
      else if (request.url === '/large') response.end('x'.repeat(5000))
      else if (request.url === '/endless') response.write('x')
    })
    t.after(() => downstream.close())
    const { fetch, told } = await bench(t, { loopback: true, maxRedirects: 2, maxBytes: 4000, timeoutMs: 200 })
    await assert.rejects(fetch(`${downstream.url}/around`), refused('too_many_redirects'))
    assert.equal(downstream.paths.length, 3)
    await assert.rejects(fetch(`${downstream.url}/large`), refused('too_large'))
    await assert.rejects(fetch(downstream.url, { method: 'POST', body: 'x'.repeat(5000) }), refused('too_large'))
    await assert.rejects(fetch(`${downstream.url}/silent`), refused('too_slow'))
    await assert.rejects(fetch(`${downstream.url}/endless`), refused('too_slow'))
    assert.ok((await told()).every(({ decision }) => decision === 'denied'))
  })

  test('is not kept waiting by a name server that never answers', async (t) => {
    const { fetch } = await bench(t, { timeoutMs: 50 }, () => new Promise<never>(() => {}))
    await assert.rejects(fetch('https://as.example/'), refused('too_slow'))
  })

  test('stops when its caller calls it off, with the reason of the caller', async (t) => {
    const reason = new Error('called off')
    const calling = new AbortController()
    const downstream = await startDownstream(() => calling.abort(reason))
    t.after(() => downstream.close())
    const { fetch } = await bench(t, { loopback: true })
    await assert.rejects(fetch(downstream.url, { signal: calling.signal }), (error) => error === reason)
  })

  test('keeps redirects that the caller wants to see, and refuses those that he does not want', async (t) => {
    const downstream = await startDownstream((_, response) => response.writeHead(302, { location: '/b' }).end())
    t.after(() => downstream.close())
    const { fetch } = await bench(t, { loopback: true })
    assert.equal((await fetch(downstream.url, { redirect: 'manual' })).headers.get('location'), '/b')
    await assert.rejects(fetch(downstream.url, { redirect: 'error' }), refused('redirect'))
    assert.equal(downstream.paths.length, 2)
  })
})

const provider = {
  redirectUrl: 'http://127.0.0.1/cb',
  clientMetadata: { redirect_uris: ['http://127.0.0.1/cb'] },
  clientInformation: () => ({ client_id: 'desk' }),
  tokens: () => undefined,
  saveTokens() {},
  redirectToAuthorization() {},
  saveCodeVerifier() {},
  codeVerifier: () => 'v',
}

test("the official SDK's authorization goes through it, and stops where a server points to metadata", async (t) => {
  const downstream = await startDownstream((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url?.startsWith('/.well-known/oauth-protected-resource'))
      response.end(
        JSON.stringify({ resource: downstream.url, authorization_servers: ['http://169.254.169.254/latest'] }),
      )
    else response.writeHead(404).end()
  })
  t.after(() => downstream.close())
  const { fetch, told } = await bench(t, { loopback: true })
  await assert.rejects(auth(provider, { serverUrl: downstream.url, fetchFn: fetch }), refused('address'))
  const events = await told()
  assert.equal(events[0]?.decision, 'allowed')
  assert.deepEqual([events.at(-1)?.decision, events.at(-1)?.destinations], ['denied', ['169.254.169.254']])
})

test('as the fetch of a transport it leaves the protocol alone, and guards what its server sends the client to', async (t) => {
  const mcp = await startDownstream(async (request, response) => {
    if (request.headers.authorization !== 'Bearer good') {
      const metadata = 'https://intern.example/.well-known/oauth-protected-resource'
      response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}"` }).end()
      return
    }
    const server = new McpServer({ name: 'notes', version: '1' })
    const transport = new StreamableHTTPServerTransport()
    await server.connect(transport as Parameters<typeof server.connect>[0])
    await transport.handleRequest(request, response)
  })
  t.after(() => mcp.close())
  const { emitter, resolve, told } = await bench(t, true, { 'intern.example': ['10.0.0.7'] })
  const server = new URL(`${mcp.url}/mcp`)
  const connect = async (token: string): Promise<Client> => {
    const client = new Client({ name: 'desk', version: '1' })
    const transport = new StreamableHTTPClientTransport(server, {
      fetch: oauthFetch({ emitter, guard: true, resolve, server }),
      authProvider: { ...provider, tokens: () => ({ access_token: token, token_type: 'Bearer' }) },
    })
    await client.connect(transport as Parameters<Client['connect']>[0])
    return client
  }
  const client = await connect('good')
  await client.ping()
  await client.close()
  assert.deepEqual(await told(), [])
  await assert.rejects(connect('bad'), FetchRefused)
  // Then the SDK tries the server's own origin, which is no place for https here.
  const [event] = await told()
  assert.deepEqual(
    [event?.decision, event?.detail['reason'], event?.destinations],
    ['denied', 'address', ['intern.example']],
  )
})
