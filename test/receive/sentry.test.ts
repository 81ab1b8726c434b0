/** Sentry's own wrapper around a server of the official SDK, its spans made by OpenTelemetry and exported to the store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import {
  createStackParser,
  createTransport,
  ServerRuntimeClient,
  setCurrentClient,
  wrapMcpServerWithSentry,
} from '@sentry/core'
import { setOpenTelemetryContextAsyncContextStrategy } from '@sentry/opentelemetry'
import { z } from 'zod'
import { traced } from '../support/traced.js'

interface Row {
  readonly side: string
  readonly what: string
  readonly outcome: string
  readonly ms: number
  readonly session: string
  readonly names: string
  readonly transport: string
}

/** As `Sentry.init` does, without an account: what would go there goes nowhere. */
function startSentry(): void {
  setOpenTelemetryContextAsyncContextStrategy()
  const client = new ServerRuntimeClient({
    tracesSampleRate: 1,
    integrations: [],
    stackParser: createStackParser(),
    transport: (options) => createTransport(options, async () => ({})),
  })
  setCurrentClient(client)
  client.init()
}

test('each request that a wrapped server answers is one row: what, outcome, duration, session, and no contents', async (t) => {
  const { query, flush } = await traced(t, 'notes-app')
  startSentry()
  const server = wrapMcpServerWithSentry(new McpServer({ name: 'notes', version: '1' }), {
    recordInputs: true,
    recordOutputs: true,
  })
  const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] })
  server.registerTool('look', { inputSchema: { who: z.string() } }, async ({ who }) => {
    await pause(30)
    return text(`write to ${who}`)
  })
  server.registerTool('fail', {}, async () => ({ ...text('out of order'), isError: true }))
  server.registerTool('throw', {}, async () => {
    throw new Error('out of order')
  })
  server.registerResource('readme', 'notes://desk/readme', {}, async ({ href: uri }) => ({
    contents: [{ uri, text: 'hello' }],
  }))
  server.registerPrompt('greet', {}, async () => ({ messages: [] }))
  const client = new Client({ name: 'desk', version: '2' })
  const [left, right] = InMemoryTransport.createLinkedPair()
  right.sessionId = 'session-of-notes'
  // It watches a transport once its server is connected.
  await server.connect(right)
  await client.connect(left)
  await client.listTools()
  await client.callTool({ name: 'look', arguments: { who: 'anna@example.org' } })
  for (const name of ['fail', 'throw']) await client.callTool({ name })
  await client.readResource({ uri: 'notes://desk/readme' })
  await client.getPrompt({ name: 'greet' })
  await assert.rejects(client.getPrompt({ name: 'nobody' }))
  await client.close()
  await flush()
  const rows = await query<Row>(
    `SELECT side, trim(concat(method, ' ', tool, resource, prompt)) AS what, outcome, session, transport,
       concat(client_name, ' ', client_version, '>', server_name) AS names,
       (toUnixTimestamp64Micro(ended_at) - toUnixTimestamp64Micro(started_at)) / 1000 AS ms
     FROM audit ORDER BY started_at`,
  )
  assert.deepEqual(
    rows.map(({ what, outcome }) => `${what} ${outcome}`),
    [
      'initialize ok',
      'tools/list ok',
      'tools/call look ok',
      'tools/call fail tool_error',
      'tools/call throw tool_error',
      'resources/read notes://desk ok',
      'prompts/get greet ok',
      'prompts/get nobody protocol_error',
    ],
  )
  for (const { side, names, transport, session } of rows)
    assert.deepEqual([side, names, transport, session], ['server', 'desk 2>notes', 'memory', 'm:session-of-notes'])
  assert.ok(Number(rows.find(({ what }) => what.endsWith('look'))?.ms) >= 29)
  const kept = await query<{ readonly row: string }>('SELECT toString(tuple(*)) AS row FROM events')
  assert.equal(kept.length, rows.length)
  assert.ok(kept.every(({ row }) => !row.includes('anna')))
  const places = await query<{ readonly place: string }>(
    "SELECT place FROM fingerprint WHERE kind = 'email' ORDER BY place",
  )
  assert.deepEqual(
    places.map(({ place }) => place),
    ['argument', 'result'],
  )
})
