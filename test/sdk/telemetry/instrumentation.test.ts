/** The ways into a host that change no line of its MCP code: the instrumentation class, `start()`, `--import register`. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import { type Collector, startCollector } from '../../support/collector.js'
import { fromRoot } from '../../support/root.js'

const run = promisify(execFile)

/** A program of its own folder, with the packages of this checkout. */
async function program(t: TestContext, file: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-host-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await symlink(fromRoot('node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, file), text)
  return join(folder, file)
}

interface Ran {
  readonly stdout: string
  readonly stderr: string
}

async function ranWith(
  collector: Collector,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const { PATH = '' } = process.env
  return await run(process.execPath, [...args], {
    env: { PATH, WATCHKEEPER_DSN: formatDsn(collector.dsn), OTEL_SERVICE_NAME: 'host', ...env },
    timeout: 60_000,
  })
}

const hostV1 = `
const server = new McpServer({ name: 'notes', version: '1' })
server.registerTool('look', {}, async () => ({ content: [{ type: 'text', text: 'seen' }] }))
const client = new Client({ name: 'desk', version: '1' })
const [left, right] = InMemoryTransport.createLinkedPair()
await Promise.all([server.connect(right), client.connect(left)])
const { content } = await client.callTool({ name: 'look' })
console.log(content[0].text)
await client.close()
`
const esmV1 = `
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
${hostV1}`
const esmV2 = `
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
${hostV1}`
const cjsV1 = `
const { Client } = require('@modelcontextprotocol/sdk/client/index.js')
const { InMemoryTransport } = require('@modelcontextprotocol/sdk/inMemory.js')
const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js')
void (async () => {
${hostV1}
})()`

const calls = (collector: Collector): string[] =>
  collector.events
    .filter(({ kind, tool }) => kind === 'call' && tool === 'look')
    .map(({ side, serverName }) => `${side} ${serverName}`)
    .sort()
const both = ['client notes', 'server notes']

async function collecting(t: TestContext): Promise<Collector> {
  const collector = await startCollector()
  t.after(() => collector.close())
  return collector
}

for (const [name, file, text] of [
  ['SDK v1, ES modules', 'host.mjs', esmV1],
  ['SDK v1, CommonJS', 'host.cjs', cjsV1],
  ['SDK v2, ES modules', 'host.mjs', esmV2],
] as const) {
  test(`node --import @watchkeeper/sdk/register: ${name}`, async (t) => {
    const collector = await collecting(t)
    const host = await program(t, file, text)
    const { stdout, stderr } = await ranWith(collector, ['--import', fromRoot('src/sdk/dist/register.js'), host])
    assert.deepEqual([stdout, stderr], ['seen\n', ''])
    assert.deepEqual(calls(collector), both)
  })
}

for (const [name, layout] of [
  ['node .', { package: 'app', started: 'app' }],
  [
    'a command that was installed globally',
    { package: 'lib/node_modules/notes', link: 'bin/notes', started: 'bin/notes' },
  ],
  [
    'a package of pnpm’s',
    {
      package: 'node_modules/.pnpm/notes@1.0.0/node_modules/notes',
      // What it depends on lies beside it, and nowhere on the way to the link.
      dependencies: 'node_modules/.pnpm/notes@1.0.0/node_modules/@modelcontextprotocol',
      link: 'node_modules/notes',
      linked: 'folder',
      started: 'node_modules/notes/index.mjs',
    },
  ],
] as const)
  test(`the installed SDK is found by where the program is, not by how it was named: ${name}`, async (t) => {
    const collector = await collecting(t)
    const top = await mkdtemp(join(tmpdir(), 'watchkeeper-layout-'))
    t.after(() => rm(top, { recursive: true, force: true }))
    const home = join(top, layout.package)
    await mkdir(home, { recursive: true })
    if ('dependencies' in layout)
      await symlink(fromRoot('node_modules/@modelcontextprotocol'), join(top, layout.dependencies))
    else await symlink(fromRoot('node_modules'), join(home, 'node_modules'))
    await writeFile(join(home, 'package.json'), JSON.stringify({ main: 'index.mjs' }))
    await writeFile(join(home, 'index.mjs'), esmV1)
    if ('link' in layout) {
      await mkdir(dirname(join(top, layout.link)), { recursive: true })
      await symlink('linked' in layout ? home : join(home, 'index.mjs'), join(top, layout.link))
    }
    const { stdout } = await ranWith(collector, [
      '--import',
      fromRoot('src/sdk/dist/register.js'),
      join(top, layout.started),
    ])
    assert.equal(stdout, 'seen\n')
    assert.deepEqual(calls(collector), both)
  })

test('where no MCP SDK is found, OpenTelemetry’s own log says where it was looked for, if asked', async (t) => {
  const collector = await collecting(t)
  const lonely = await mkdtemp(join(tmpdir(), 'watchkeeper-lonely-'))
  t.after(() => rm(lonely, { recursive: true, force: true }))
  await writeFile(join(lonely, 'index.mjs'), `console.log('ran')`)
  const args = ['--import', fromRoot('src/sdk/dist/register.js'), join(lonely, 'index.mjs')]
  assert.deepEqual(await ranWith(collector, args), { stdout: 'ran\n', stderr: '' })
  const { stdout, stderr } = await ranWith(collector, args, { OTEL_LOG_LEVEL: 'warn' })
  assert.equal(stdout, 'ran\n')
  assert.ok(stderr.includes(`no MCP SDK is installed as seen from ${lonely}`), stderr)
})

test('a wrong DSN is one line on stderr, and the program runs', async (t) => {
  const collector = await collecting(t)
  const host = await program(t, 'host.mjs', esmV1)
  const { stdout, stderr } = await ranWith(collector, ['--import', fromRoot('src/sdk/dist/register.js'), host], {
    WATCHKEEPER_DSN: 'ftp://secret-key@example.com',
  })
  assert.equal(stdout, 'seen\n')
  assert.match(
    stderr,
    /^@watchkeeper\/sdk: nothing is reported: WATCHKEEPER_DSN: the DSN does not begin with http or https\n$/,
  )
  assert.deepEqual(collector.events, [])
})

test('a receiver that refuses the key is told of in OpenTelemetry’s own log, if asked, without the key', async (t) => {
  const collector = await startCollector(() => ({ status: 401, body: { message: 'no valid ingest key' } }))
  t.after(() => collector.close())
  const host = await program(t, 'host.mjs', esmV1)
  const args = ['--import', fromRoot('src/sdk/dist/register.js'), host]
  const dsn = { WATCHKEEPER_DSN: formatDsn({ ...collector.dsn, ingestKey: 'ingest-key-of-a-test' }) }
  assert.deepEqual(await ranWith(collector, args, dsn), { stdout: 'seen\n', stderr: '' })
  const { stdout, stderr } = await ranWith(collector, args, { ...dsn, OTEL_LOG_LEVEL: 'warn' })
  assert.equal(stdout, 'seen\n')
  assert.match(stderr, /@watchkeeper\/sdk: \d+ records waiting: status 401: no valid ingest key/)
  for (const secret of ['ingest-key-of-a-test', 'fingerprint_key']) assert.ok(!stderr.includes(secret))
})

test('WATCHKEEPER_DISABLED=true: nothing is reported and nothing is said', async (t) => {
  const collector = await collecting(t)
  const host = await program(t, 'host.mjs', esmV1)
  const { stdout, stderr } = await ranWith(collector, ['--import', fromRoot('src/sdk/dist/register.js'), host], {
    WATCHKEEPER_DISABLED: 'true',
  })
  assert.deepEqual([stdout, stderr, collector.events.length], ['seen\n', '', 0])
})

test('NodeSDK with the instrumentation: the installed SDK is found, and classes can be handed over', async (t) => {
  const collector = await collecting(t)
  const found = await program(
    t,
    'host.cjs',
    `const { NodeSDK } = require('@opentelemetry/sdk-node')
void (async () => {
  const { McpInstrumentation } = await import('@watchkeeper/sdk/instrumentation')
  const instrumentation = new McpInstrumentation()
  const sdk = new NodeSDK({ spanProcessors: [], metricReaders: [], logRecordProcessors: [], instrumentations: [instrumentation] })
  sdk.start()
  await instrumentation.ready
  const { Client } = require('@modelcontextprotocol/sdk/client/index.js')
  const { InMemoryTransport } = require('@modelcontextprotocol/sdk/inMemory.js')
  const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js')
  ${hostV1}
  await instrumentation.flush()
  await sdk.shutdown()
})()`,
  )
  assert.equal((await ranWith(collector, [found])).stdout, 'seen\n')
  assert.deepEqual(calls(collector), both)

  const another = await collecting(t)
  const byPatch = await program(
    t,
    'host.mjs',
    `import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer, Server } from '@modelcontextprotocol/server'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { McpInstrumentation } from '@watchkeeper/sdk/instrumentation'
const instrumentation = new McpInstrumentation({ from: '/nowhere' }).patch([Client, Server])
const sdk = new NodeSDK({ spanProcessors: [], metricReaders: [], logRecordProcessors: [], instrumentations: [instrumentation] })
sdk.start()
${hostV1}
await instrumentation.flush()
await sdk.shutdown()`,
  )
  assert.equal((await ranWith(another, [byPatch])).stdout, 'seen\n')
  assert.deepEqual(calls(another), both)
})

test('start(): one line, further settings in code, and an end that sends what waits; explicit instrument() is not doubled', async (t) => {
  const collector = await collecting(t)
  const host = await program(
    t,
    'host.mjs',
    `import { instrument } from '@watchkeeper/sdk'
import { start } from '@watchkeeper/sdk/start'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
const watch = await start({ service: 'billing' })
const again = await start()
if (again !== watch) throw new Error('a second start')
const server = instrument(new McpServer({ name: 'notes', version: '1' }), { emitter: watch.emitter, conversation: 'mine' })
server.registerTool('look', {}, async () => ({ content: [{ type: 'text', text: 'seen' }] }))
const client = new Client({ name: 'desk', version: '1' })
const [left, right] = InMemoryTransport.createLinkedPair()
await Promise.all([server.connect(right), client.connect(left)])
console.log((await client.callTool({ name: 'look' })).content[0].text)
await client.close()
await watch.shutdown()`,
  )
  assert.equal((await ranWith(collector, [host])).stdout, 'seen\n')
  assert.deepEqual(calls(collector), both)
})

test('spans are exported where OpenTelemetry’s own variables ask for it, and only there', async (t) => {
  const collector = await collecting(t)
  const host = await program(t, 'host.mjs', esmV1)
  const register = ['--import', fromRoot('src/sdk/dist/register.js'), host]
  const { stdout } = await ranWith(collector, register, { OTEL_TRACES_EXPORTER: 'console' })
  assert.match(stdout, /name: 'tools\/call look'/)
  assert.equal((await ranWith(collector, register)).stdout, 'seen\n')
})

/** Takes OTLP/JSON: what arrived under each path, as text. */
async function exportsTaken(t: TestContext): Promise<{ readonly url: string; readonly taken: Map<string, string> }> {
  const taken = new Map<string, string>()
  const server = createServer(async (request, response) => {
    const { url = '' } = request
    const body = await textOf(request)
    taken.set(url, (taken.get(url) ?? '') + body)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, taken }
}

for (const end of ['by itself', 'by SIGTERM'] as const)
  test(`what waits when the program ends ${end} is sent before: records, spans and durations`, async (t) => {
    const collector = await collecting(t)
    const { url, taken } = await exportsTaken(t)
    // One batch a minute: only the end can be what sends them.
    const host = await program(t, 'host.mjs', end === 'by itself' ? esmV1 : `${esmV1}\nsetInterval(() => {}, 60_000)`)
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, ['--import', fromRoot('src/sdk/dist/register.js'), host], {
      env: {
        PATH,
        WATCHKEEPER_DSN: formatDsn(collector.dsn),
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: '60000',
        OTEL_METRIC_EXPORT_INTERVAL: '60000',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(child, 'exit')
    t.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    if (end === 'by SIGTERM') child.kill('SIGTERM')
    assert.deepEqual(await ended, end === 'by SIGTERM' ? [null, 'SIGTERM'] : [0, null])
    assert.deepEqual(calls(collector), both)
    assert.match(taken.get('/v1/traces') ?? '', /"tools\/call look"/)
    assert.match(taken.get('/v1/metrics') ?? '', /"mcp\.client\.operation\.duration"/)
  })

test('the main entry loads @opentelemetry/api and no other package', async (t) => {
  // What is not there cannot be loaded: a folder with the SDK and the API alone.
  const bare = await mkdtemp(join(tmpdir(), 'watchkeeper-bare-'))
  t.after(() => rm(bare, { recursive: true, force: true }))
  await mkdir(join(bare, 'node_modules/@watchkeeper/sdk'), { recursive: true })
  await mkdir(join(bare, 'node_modules/@opentelemetry'), { recursive: true })
  await cp(fromRoot('src/sdk/package.json'), join(bare, 'node_modules/@watchkeeper/sdk/package.json'))
  await cp(fromRoot('src/sdk/dist'), join(bare, 'node_modules/@watchkeeper/sdk/dist'), { recursive: true })
  await cp(fromRoot('node_modules/@opentelemetry/api'), join(bare, 'node_modules/@opentelemetry/api'), {
    recursive: true,
  })
  await writeFile(
    join(bare, 'host.mjs'),
    `import * as sdk from '@watchkeeper/sdk'\nimport * as http from '@watchkeeper/sdk/http'\nconsole.log(typeof sdk.instrument, Object.keys(http).length > 0)`,
  )
  const { stdout } = await run(process.execPath, [join(bare, 'host.mjs')], { timeout: 60_000 })
  assert.equal(stdout, 'function true\n')
})
