/** Traceloop's own instrumentation of the official SDK, through OpenTelemetry's exporter, to the store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { McpInstrumentation } from '@traceloop/instrumentation-mcp'
import { Emitter, instrument } from '@watchkeeper/sdk'
import { traced } from '../support/traced.js'

const secret = 'anna@example.org'

function notes(): McpServer {
  const server = new McpServer({ name: 'notes', version: '1' })
  const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] })
  server.registerTool('look', {}, async () => {
    await pause(30)
    return text(`write to ${secret}`)
  })
  server.registerTool('fail', {}, async () => ({ ...text('out of order'), isError: true }))
  server.registerTool('ask', {}, async () => {
    await server.server.createMessage({ messages: [], maxTokens: 1 })
    return text('asked')
  })
  server.registerResource('readme', 'notes://desk/readme', {}, async ({ href: uri }) => ({
    contents: [{ uri, text: 'hello' }],
  }))
  server.registerPrompt('greet', {}, async () => ({ messages: [] }))
  return server
}

async function converse(server: McpServer, client: Client, { sampling = true } = {}): Promise<void> {
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: '42' },
  }))
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  await client.listTools()
  await client.callTool({ name: 'look', arguments: {} })
  await client.callTool({ name: 'fail', arguments: {} })
  if (sampling) await client.callTool({ name: 'ask', arguments: {} })
  await client.readResource({ uri: 'notes://desk/readme' })
  await client.getPrompt({ name: 'greet' })
  await assert.rejects(client.getPrompt({ name: 'nobody' }))
  await client.close()
}

const instrumentation = new McpInstrumentation()
instrumentation.manuallyInstrument({ Client, Server })

interface Row {
  readonly side: string
  readonly what: string
  readonly outcome: string
  readonly ms: number
  readonly session: string
  readonly names: string
  readonly form: string
}
const asked = `SELECT side, form, trim(concat(method, ' ', tool, resource, prompt)) AS what, outcome, session,
  concat(client_name, '>', server_name) AS names,
  (toUnixTimestamp64Micro(ended_at) - toUnixTimestamp64Micro(started_at)) / 1000 AS ms
  FROM audit WHERE kind = 'call' ORDER BY started_at`

const told = (rows: readonly Row[]) => rows.map(({ what, outcome }) => `${what} ${outcome}`).sort()
const done = [
  'initialize ok',
  'prompts/get greet ok',
  'prompts/get nobody protocol_error',
  'resources/read notes://desk ok',
  'sampling/createMessage ok',
  'tools/call ask ok',
  'tools/call fail tool_error',
  'tools/call look ok',
  'tools/list ok',
]

test('each request of a conversation is one row: what, outcome, duration, session, and no contents', async (t) => {
  const { query, flush, provider } = await traced(t, 'desk-app')
  instrumentation.setTracerProvider(provider)
  await converse(notes(), new Client({ name: 'desk', version: '1' }, { capabilities: { sampling: {} } }))
  await flush()
  const rows = await query<Row>(asked)
  assert.deepEqual(told(rows), done)
  assert.equal(new Set(rows.map(({ session }) => session)).size, 1)
  assert.ok(
    rows.every(({ side }) => side === 'client'),
    'all of them were sent',
  )
  const look = rows.find(({ what }) => what.endsWith('look'))
  assert.ok(Number(look?.ms) >= 29)
  assert.equal(look?.names, 'desk-app>', 'the name of the service is that of the client, and not of the server')
  const kept = await query<{ readonly row: string }>('SELECT toString(tuple(*)) AS row FROM events')
  assert.ok(kept.length > done.length)
  assert.ok(kept.every(({ row }) => !row.includes(secret)))
  const [found] = await query<{ readonly n: number }>(
    "SELECT uniqExact(record_id) AS n FROM fingerprint WHERE kind = 'email' AND place = 'result'",
  )
  assert.equal(Number(found?.n), 1)
})

test('a service that adopts our SDK beside it has one row for each request still, and the record wins', async (t) => {
  const { query, flush, provider, dsn } = await traced(t, 'desk-app')
  instrumentation.setTracerProvider(provider)
  const emitter = new Emitter({ dsn, flushEveryMs: 10 })
  t.after(() => emitter.close(0))
  const client = new Client({ name: 'desk', version: '1' }, { capabilities: { sampling: {} } })
  await converse(notes(), instrument(client, { emitter }), { sampling: false })
  await Promise.all([flush(), emitter.flush()])
  const rows = await query<Row>(asked)
  assert.deepEqual(
    told(rows),
    done.filter((what) => !/ask|sampling/.test(what)),
  )
  assert.deepEqual(new Set(rows.map(({ form }) => form)), new Set(['event']))
  assert.equal(new Set(rows.map(({ session }) => session)).size, 1)
})
