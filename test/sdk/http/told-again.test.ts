import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { Emitter, type ProducerEvent } from '@watchkeeper/sdk'
import { startCollector } from '../../support/collector.js'
import { fromRoot } from '../../support/root.js'

interface LogLike {
  answered(exchange: object): void
}
// Not a door of the package: reached by its file.
const { ServerLog } = (await import(pathToFileURL(fromRoot('src/sdk/dist/http/server.js')).href)) as {
  ServerLog: new (options: { readonly emitter: Emitter }) => LogLike
}

const now = Date.now() * 1000
const seconds = (from: number): number => Math.floor(now / 1e6) + from

interface Taken {
  readonly at?: number
  readonly session?: string
  readonly address?: string
}

/** A server takes one token, valid from a minute ago to a minute from now, as often as told; what it states of it. */
async function told(t: TestContext, ...times: readonly Taken[]): Promise<readonly ProducerEvent[]> {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  const log = new ServerLog({ emitter })
  for (const { at = 0, session = 'session-1', address = '198.51.100.7' } of times)
    log.answered({
      token: 'the-token',
      authInfo: {
        token: 'the-token',
        clientId: 'desk',
        scopes: ['mcp'],
        expiresAt: seconds(60),
        extra: { sub: 'anna', nbf: seconds(-60) },
      },
      status: 200,
      wwwAuthenticate: null,
      openedSession: null,
      request: {
        conversationId: 'conv-1',
        traceId: '',
        spanId: '',
        method: 'tools/call',
        requestId: '1',
        tool: 'read_file',
        prompt: '',
        mcpSessionId: session,
        protocolVersion: '',
      },
      clientAddress: address,
      arrivedAt: now + at * 1e6,
      answeredAt: now + at * 1e6,
    })
  await emitter.flush()
  return collector.events.filter(({ kind }) => kind === 'authorization')
}

test('a token is told with the beginning and the end of its life, once', async (t) => {
  const [event, ...more] = await told(t, {}, { at: 1 }, { at: 2 })
  assert.equal(more.length, 0)
  assert.equal(event?.detail['token_not_before'], new Date(seconds(-60) * 1000).toISOString())
  assert.equal(event?.detail['token_expires_at'], new Date(seconds(60) * 1000).toISOString())
})

test('a token that is still taken after its end is told again, once', async (t) => {
  const events = await told(t, {}, { at: 61 }, { at: 62 })
  assert.deepEqual(
    events.map(({ startedAt }) => Math.round((startedAt - now) / 1e6)),
    [0, 61],
  )
})

test('a token that comes from another address or with another session is told again', async (t) => {
  const events = await told(t, {}, { address: '203.0.113.9' }, { session: 'session-2' }, {})
  assert.deepEqual(
    events.map(({ clientAddress, mcpSessionId }) => [clientAddress, mcpSessionId]),
    [
      ['198.51.100.7', 'session-1'],
      ['203.0.113.9', 'session-1'],
      ['198.51.100.7', 'session-2'],
    ],
  )
})
