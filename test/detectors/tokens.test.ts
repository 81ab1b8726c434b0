/** What real servers with the SDK's hooks tell of tokens and sessions is enough for the detectors that judge them. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { Emitter, instrument, instrumentOutbound } from '@watchkeeper/sdk'
import { watchServer } from '@watchkeeper/sdk/http'
import { auditEventOf } from '../../src/audit-event.js'
import { catalogueOf, loadCatalogue } from '../../src/detect/catalogue.js'
import { judgeRange } from '../../src/detect/judge-range.js'
import type { Finding } from '../../src/finding.js'
import { Telemetry } from '../../src/telemetry.js'
import { startCollector } from '../support/collector.js'
import { silent } from '../support/detect.js'
import { type ExpressRequest, type ExpressResponse, express } from '../support/express.js'
import { listening } from '../support/listening.js'
import { openTestStore } from '../support/store.js'

const judges = ['token-passthrough', 'session-hijack', 'issuer-mix-up', 'challenge-hammering']
const window = 300_000_000

interface Ways {
  /** Sends the caller's token on; else a token of its own. */
  readonly passesOn: boolean
  /** Takes tokens for any resource. */
  readonly takesAll: boolean
}

/** Two MCP servers behind one issuer; `crm` asks `wiki` in each call. Resolves to what is found after `work`. */
async function found(t: TestContext, ways: Ways, work: (call: Call) => Promise<void>): Promise<readonly Finding[]> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
  const stop = instrumentOutbound({ emitter })
  t.after(async () => {
    stop()
    await emitter.close(0)
    await collector.close()
  })
  const wiki = await serve(t, emitter, 'wiki', ways, async () => {})
  const crm = await serve(t, emitter, 'crm', ways, async (token) => {
    await post(wiki, { token: ways.passesOn ? token : tokenOf('crm-service', 'wiki') })
  })
  await work((given) => post(crm, given))
  await emitter.flush()

  const events = collector.events.map((said) =>
    auditEventOf(said, { tenant: 'acme', owner: 'key-1', role: 'server', form: 'event', receivedAt: said.endedAt }),
  )
  const store = await openTestStore(t)
  await store.insertEvents(events)
  await store.refreshRollups()
  const times = events.map(({ keptAt }) => keptAt)
  const { all } = await loadCatalogue()
  const { findings } = await judgeRange({
    store,
    from: Math.floor(Math.min(...times) / window) * window,
    to: (Math.floor(Math.max(...times) / window) + 1) * window,
    catalogue: catalogueOf(all.filter(({ id }) => judges.includes(id))),
    idle: 1_800_000_000,
    budgetMs: 5_000,
    // Long enough after it for verdicts that wait.
    now: () => Math.max(...times) + 3_600_000_000,
    log: silent,
    telemetry: new Telemetry(),
  })
  return findings
}

interface Request {
  readonly token: string
  readonly session?: string
}
type Call = (request: Request) => Promise<number>

/** Subject and resource, in a token that its verifier can read. */
const tokenOf = (subject: string, server: string): string => `token-for-tests.${subject}.${server}`
const resourceOf = (server: string): URL => new URL(`https://${server}.example.com/mcp`)

async function serve(
  t: TestContext,
  emitter: Emitter,
  name: string,
  { takesAll }: Ways,
  work: (token: string) => Promise<void>,
): Promise<string> {
  const app = express()
  const hooks = watchServer({ emitter, serverName: name, resource: resourceOf(name) })
  app.use(hooks.express)
  app.use(
    requireBearerAuth({
      verifier: hooks.verifier({
        async verifyAccessToken(token: string) {
          const [, subject = '', server = ''] = token.split('.')
          return {
            token,
            clientId: 'desk',
            scopes: takesAll || server === name ? ['mcp'] : [],
            resource: resourceOf(server),
            expiresAt: Math.floor(Date.now() / 1000) + 600,
            extra: { sub: subject, iss: 'https://id.example.com' },
          }
        },
      }),
      requiredScopes: ['mcp'],
    }),
  )
  app.use(express.json())
  app.all('/mcp', async (request: ExpressRequest, response: ExpressResponse) => {
    const server = instrument(new McpServer({ name, version: '1' }), { emitter })
    server.registerTool('look', {}, async () => {
      await work((request.headers.authorization ?? '').slice('Bearer '.length))
      return { content: [{ type: 'text', text: 'done' }] }
    })
    const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true })
    await server.connect(transport as Transport)
    await transport.handleRequest(request as never, response, request.body)
  })
  return `${await listening(t, app)}/mcp`
}

let calls = 0

async function post(url: string, { token, session = '' }: Request): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(session === '' ? {} : { 'mcp-session-id': session }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: ++calls,
      method: 'tools/call',
      params: { name: 'look', arguments: {} },
    }),
  })
  await response.text()
  return response.status
}

const named = (findings: readonly Finding[], detector: string): readonly Finding[] =>
  findings.filter((finding) => finding.detector === detector)

test('a server that passes the token on, to one that takes all: the passing, the taking and the two places are found', async (t) => {
  const findings = await found(t, { passesOn: true, takesAll: true }, async (call) => {
    assert.equal(await call({ token: tokenOf('anna', 'crm') }), 200)
  })
  const told = named(findings, 'token-passthrough')
  assert.deepEqual(
    told.map(({ server, severity }) => [server, severity]).sort(),
    [
      ['crm', 'high'],
      ['wiki', 'high'],
      ['wiki', 'high'],
    ],
    JSON.stringify(told.map(({ summary }) => summary)),
  )
  assert.deepEqual(told.map(({ anchor }) => JSON.parse(anchor.slice(anchor.indexOf('[')))[0]).sort(), [
    'audience',
    'outbound',
    'shared',
  ])
})

test('a server with a token of its own, to one that checks: nothing is found', async (t) => {
  const findings = await found(t, { passesOn: false, takesAll: false }, async (call) => {
    for (const subject of ['anna', 'boris'])
      assert.equal(await call({ token: tokenOf(subject, 'crm'), session: subject }), 200)
  })
  assert.deepEqual(
    findings.map(({ summary }) => summary),
    [],
  )
})

test('two people with one session id are found, one who renews a token is not', async (t) => {
  const findings = await found(t, { passesOn: false, takesAll: false }, async (call) => {
    await call({ token: tokenOf('anna', 'crm'), session: 'session-of-anna' })
    await call({ token: `${tokenOf('anna', 'crm')}.renewed`, session: 'session-of-anna' })
    await call({ token: tokenOf('boris', 'crm'), session: 'session-of-anna' })
    await call({ token: tokenOf('carla', 'crm'), session: 'session-of-carla' })
    await call({ token: `${tokenOf('carla', 'crm')}.renewed`, session: 'session-of-carla' })
  })
  const [hijack, ...more] = named(findings, 'session-hijack').filter(({ anchor }) => anchor.includes('session-of-'))
  assert.deepEqual([hijack?.severity, hijack?.subject, more.length], ['high', 'boris', 0])
  assert.match(hijack?.summary ?? '', /anna, boris/)
})
