import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Emitter, instrument, type ProducerEvent } from '@watchkeeper/sdk'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import { startCollector } from '../support/collector.js'
import { fromRoot } from '../support/root.js'

const phases = (events: readonly ProducerEvent[], side: string): string[] =>
  events.flatMap((event) =>
    event.kind === 'connection' && event.side === side ? [event.detail['phase'] ?? 'unnamed'] : [],
  )

test('an open connection says that it is there until it is closed, and not any more after that', async (t) => {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 1 })
  const server = new McpServer({ name: 'notes', version: '1' })
  const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter, heartbeatMs: 2 })
  const [left, right] = InMemoryTransport.createLinkedPair()
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  await Promise.all([server.connect(right), client.connect(left)])
  await collector.until((events) => phases(events, 'client').filter((phase) => phase === 'heartbeat').length >= 2)
  await client.close()
  await emitter.flush()
  const told = phases(collector.events, 'client')
  assert.equal(told[0], 'opened')
  assert.equal(told.at(-1), 'closed')
  assert.ok(told.slice(1, -1).every((phase) => phase === 'heartbeat'))
  const beats = collector.events.filter(({ kind }) => kind === 'connection')
  assert.equal(new Set(beats.map(({ conversationId }) => conversationId)).size, 1)
  assert.ok(beats.every(({ serverName, clientName }) => serverName === 'notes' && clientName === 'desk'))
})

test('a local server is described as it runs, by itself and by the client that started it', async (t) => {
  const collector = await startCollector()
  const emitter = new Emitter({ dsn: collector.dsn, flushEveryMs: 5 })
  const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter })
  t.after(async () => {
    await emitter.close(0)
    await collector.close()
  })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fromRoot('dist/test/sdk/fixtures/stdio-server.js'), formatDsn(collector.dsn)],
    env: getDefaultEnvironment(),
    cwd: fromRoot('test'),
  })
  await client.connect(transport as Parameters<typeof client.connect>[0])
  await client.callTool({ name: 'echo', arguments: { text: 'hi' } })
  await client.close()
  await emitter.flush()
  await collector.until((events) => events.some(({ kind, side }) => kind === 'connection' && side === 'server'))
  const postures = ['client', 'server'].map((side) => {
    const opened = collector.events.find((event) => event.kind === 'connection' && event.side === side)
    return Object.fromEntries(Object.entries(opened?.detail ?? {}).filter(([name]) => name.startsWith('posture_')))
  })
  assert.equal(postures[0]?.['posture_platform'], process.platform)
  if (process.platform === 'linux') {
    assert.equal(postures[0]?.['posture_uid'], String(process.geteuid?.()))
    assert.match(postures[0]?.['posture_cwd'] ?? '', /\/test\/?$/, 'of the child, not of the client')
    assert.deepEqual(postures[0], postures[1])
  }
  const closed = collector.events.find(({ kind, side, detail }) => {
    return kind === 'connection' && side === 'client' && detail['phase'] === 'closed'
  })
  assert.equal(closed?.detail['posture_platform'], process.platform, 'at its end, too, although it is gone')
})
