/** The examples run as they stand, and what they do arrives. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import { type Collector, startCollector } from '../support/collector.js'
import { temporaryFolder } from '../support/receiver.js'
import { fromRoot } from '../support/root.js'

const example = (name: string): string => fromRoot(`src/sdk/examples/${name}`)

async function collecting(t: TestContext): Promise<Collector> {
  const collector = await startCollector()
  t.after(() => collector.close())
  return collector
}

function started(
  t: TestContext,
  name: string,
  collector: Collector,
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [example(name)], {
    env: { PATH, WATCHKEEPER_DSN: formatDsn(collector.dsn), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** What it wrote to stdout, once it ended well. */
async function ranToItsEnd(child: ChildProcess): Promise<string> {
  const [out, errors]: [string[], string[]] = [[], []]
  child.stdout?.on('data', (piece: Buffer) => out.push(String(piece)))
  child.stderr?.on('data', (piece: Buffer) => errors.push(String(piece)))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.equal(code, 0, errors.join(''))
  return out.join('')
}

/** Its port, which it says on stderr. */
async function port(child: ChildProcess): Promise<string> {
  assert.ok(child.stderr)
  for await (const line of createInterface({ input: child.stderr })) {
    const [, found] = /listening on (\d+)/.exec(line) ?? []
    if (found !== undefined) return found
  }
  return assert.fail('it ended')
}

const told = (collector: Collector, kind: string): string[] =>
  collector.events
    .filter((event) => event.kind === kind && (kind !== 'call' || event.tool !== ''))
    .map(({ side, serverName, tool, conversationId }) =>
      [side, serverName, tool, conversationId].filter((part) => part !== '').join(' '),
    )
    .sort()

test('agent.mjs and stdio-server.mjs: one conversation across two servers, with a message and an approval', async (t) => {
  const collector = await collecting(t)
  assert.equal(await ranToItsEnd(started(t, 'agent.mjs', collector)), '')
  await collector.until(
    (events) => events.filter(({ kind, tool }) => kind === 'call' && tool === 'read_ticket').length === 2,
  )
  assert.deepEqual(told(collector, 'call'), [
    'client shop order_item conversation-17',
    'client tickets read_ticket conversation-17',
    'server tickets read_ticket conversation-17',
  ])
  assert.deepEqual(told(collector, 'user_message'), ['client conversation-17'])
  const [approval] = collector.events.filter(({ kind }) => kind === 'approval')
  const call = collector.events.find(({ kind, tool }) => kind === 'call' && tool === 'order_item')
  assert.ok(approval !== undefined && approval.argDigest !== '')
  assert.equal(approval.argDigest, call?.argDigest)
})

test('express-server.mjs: a refusal, and a call with its scopes', async (t) => {
  const collector = await collecting(t)
  const server = started(t, 'express-server.mjs', collector, { PORT: '0' })
  const url = new URL(`http://127.0.0.1:${await port(server)}/mcp`)
  const connect = async (token: string): Promise<Client> => {
    const client = new Client({ name: 'desk', version: '1' })
    const headers = { Authorization: `Bearer ${token}` }
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit: { headers } }))
    return client
  }
  await assert.rejects(connect('mail'))
  const client = await connect('files.write')
  await client.callTool({ name: 'list_files' })
  await client.close()
  await collector.until((events) => events.some(({ tool }) => tool === 'list_files'))
  const call = collector.events.find(({ kind, tool }) => kind === 'call' && tool === 'list_files')
  assert.deepEqual([call?.subject, call?.scopes], ['dana', ['files', 'write']])
  const refused = collector.events.find(({ kind, errorType }) => kind === 'authorization' && errorType === '403')
  assert.deepEqual([refused?.subject, refused?.scopes, refused?.decision], ['dana', ['mail'], 'challenged'])
})

test('web-server.mjs: SDK v2 behind a web-standard handler; a scope that a tool wants is asked for, and then held', async (t) => {
  const collector = await collecting(t)
  const server = started(t, 'web-server.mjs', collector, { PORT: '0' })
  const url = new URL(`http://127.0.0.1:${await port(server)}/`)
  const connect = async (token: string): Promise<ClientV2> => {
    const client = new ClientV2({ name: 'desk', version: '1' })
    await client.connect(new HttpV2(url, { requestInit: { headers: { Authorization: `Bearer ${token}` } } }))
    t.after(() => client.close())
    return client
  }
  const client = await connect('weather')
  await client.callTool({ name: 'forecast' })
  await assert.rejects(client.callTool({ name: 'sound_alarm' }))
  await (await connect('weather.alarms')).callTool({ name: 'sound_alarm' })
  await collector.until((events) => events.some(({ kind, tool }) => kind === 'call' && tool === 'sound_alarm'))
  assert.deepEqual(
    collector.events
      .filter(({ kind, tool }) => kind === 'call' && tool !== '')
      .map(({ side, serverName, tool, scopes, outcome }) => [side, serverName, tool, scopes, outcome])
      .sort(),
    [
      ['server', 'weather', 'forecast', ['weather'], 'ok'],
      ['server', 'weather', 'sound_alarm', ['weather', 'alarms'], 'ok'],
    ],
  )
  const asked = collector.events.filter(({ kind, errorType }) => kind === 'authorization' && errorType === '403')
  assert.deepEqual(
    asked.map(({ subject, scopes, scopesChallenged, decision }) => [subject, scopes, scopesChallenged, decision]),
    [['dana', ['weather'], ['alarms'], 'challenged']],
  )
})

test('node-sdk.mjs: both sides as records and as spans, which share their ids', async (t) => {
  const collector = await collecting(t)
  const telemetry = { OTEL_TRACES_EXPORTER: 'console', OTEL_METRICS_EXPORTER: 'none' }
  const printed = await ranToItsEnd(started(t, 'node-sdk.mjs', collector, telemetry))
  const records = collector.events.filter(({ kind, tool }) => kind === 'call' && tool === 'find_book')
  assert.deepEqual(records.map(({ side }) => side).sort(), ['client', 'server'])
  for (const { spanId } of records) assert.match(printed, new RegExp(`^ *id: '${spanId}'`, 'm'))
})

test('started.mjs: both sides of a program that instruments nothing itself', async (t) => {
  const collector = await collecting(t)
  assert.equal(await ranToItsEnd(started(t, 'started.mjs', collector)), '')
  assert.deepEqual(
    collector.events
      .filter(({ kind, tool }) => kind === 'call' && tool === 'what_time')
      .map(({ side }) => side)
      .sort(),
    ['client', 'server'],
  )
})

test('mcp.json: a client that starts the server by it has its calls told by the tap', async (t) => {
  const collector = await collecting(t)
  const { mcpServers } = JSON.parse(readFileSync(example('mcp.json'), 'utf8')) as {
    mcpServers: Record<string, { command: string; args: string[]; env: Record<string, string> }>
  }
  const { command, args, env } = mcpServers['files'] ?? assert.fail('it has no server')
  assert.deepEqual(Object.keys(env), ['WATCHKEEPER_DSN'])
  // The packages of this checkout instead of those of the registry, and a folder that is there.
  const here: Readonly<Record<string, readonly string[]>> = {
    npx: [process.execPath],
    '-y': [],
    watchkeeper: [fromRoot('src/watchkeeper.mjs')],
    '@modelcontextprotocol/server-filesystem': [
      fromRoot('node_modules/@modelcontextprotocol/server-filesystem/dist/index.js'),
    ],
    '/srv/shared': [await temporaryFolder(t)],
  }
  const [program = '', ...others] = [command, ...args].flatMap((word) => here[word] ?? [word])
  const client = new Client({ name: 'desk', version: '1' })
  await client.connect(
    new StdioClientTransport({
      command: program,
      args: others,
      env: { ...getDefaultEnvironment(), WATCHKEEPER_DSN: formatDsn(collector.dsn) },
      stderr: 'ignore',
    }),
  )
  t.after(() => client.close())
  await client.callTool({ name: 'list_allowed_directories', arguments: {} })
  await client.close()
  await collector.until((events) => events.some(({ tool }) => tool === 'list_allowed_directories'))
  assert.deepEqual(
    collector.events
      .filter(({ kind, tool }) => kind === 'call' && tool !== '')
      .map(({ side, tool, outcome, clientName }) => [side, tool, outcome, clientName]),
    [['server', 'list_allowed_directories', 'ok', 'desk']],
  )
})

test('the page names every example, and every entry of the package', () => {
  const page = readFileSync(fromRoot('src/sdk/README.md'), 'utf8')
  for (const name of readdirSync(fromRoot('src/sdk/examples'))) assert.ok(page.includes(name), name)
  const { exports } = JSON.parse(readFileSync(fromRoot('src/sdk/package.json'), 'utf8')) as {
    exports: Record<string, unknown>
  }
  for (const entry of ['http', 'instrumentation', 'start', 'register', 'attributes', 'dsn', 'event'])
    assert.ok(`./${entry}` in exports && page.includes(`@watchkeeper/sdk/${entry}`), entry)
})
