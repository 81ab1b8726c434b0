import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { CreateMessageRequestSchema, ListRootsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentDsn, formatDsn } from '@watchkeeper/sdk/dsn'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import { type Collector, startCollector } from '../support/collector.js'
import { temporaryFolder, testReceiver } from '../support/receiver.js'
import { fromRoot } from '../support/root.js'
import { watchkeeper } from '../support/service.js'
import { startRaw, tapped } from '../support/tapped.js'

/** A server in another language needs that language. */
const skip =
  process.env['CI'] || spawnSync('python3', ['--version']).status === 0 ? false : 'python3 is not on this machine'
const python = ['python3', fromRoot('test/cli/fixtures/plain_server.py')]
const example = (name: string, ...args: string[]): readonly string[] => [
  process.execPath,
  fromRoot(`node_modules/@modelcontextprotocol/server-${name}/dist/index.js`),
  ...args,
]

async function collecting(t: TestContext): Promise<Collector> {
  const collector = await startCollector()
  t.after(() => collector.close())
  return collector
}

/** A client that answers what servers ask: a model's words, and roots. */
async function connected(
  t: TestContext,
  words: readonly string[],
  collector: Collector,
  root: string,
): Promise<Client> {
  const client = new Client({ name: 'desk', version: '4.5.6' }, { capabilities: { sampling: {}, roots: {} } })
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }))
  client.setRequestHandler(ListRootsRequestSchema, async () => ({ roots: [{ uri: `file://${root}`, name: 'root' }] }))
  const [command = '', ...args] = words
  const env = { ...getDefaultEnvironment(), WATCHKEEPER_DSN: formatDsn(collector.dsn) }
  await client.connect(new StdioClientTransport({ command, args, env, stderr: 'ignore' }))
  t.after(() => client.close())
  return client
}

const calls = (events: readonly ProducerEvent[], side = 'server'): ProducerEvent[] =>
  events.filter((event) => event.kind === 'call' && event.side === side)
const connections = (events: readonly ProducerEvent[]): ProducerEvent[] =>
  events.filter(({ kind }) => kind === 'connection')
const phases = (events: readonly ProducerEvent[]): (string | undefined)[] =>
  connections(events).map(({ detail }) => detail['phase'])
const untilClosed = (collector: Collector): Promise<void> =>
  collector.until((events) => phases(events).includes('closed'))

/** What passed, but for what differs with each run. */
const steady = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z|\d+ms|[\d.]+ ?(?:MB|seconds)/g, 'now'))

type Drive = (client: Client) => Promise<unknown[]>

/** Runs the same with and without tap: same answers, and each call was told once, in order, with its outcome. */
async function sameThrough(t: TestContext, words: readonly string[], root: string, drive: Drive): Promise<Collector> {
  const collector = await collecting(t)
  const bare = await connected(t, words, collector, root)
  const expected = await drive(bare)
  await bare.close()
  assert.deepEqual(collector.events, [])
  const client = await connected(t, tapped(words), collector, root)
  const answers = await drive(client)
  assert.deepEqual(steady(answers), steady(expected))
  await client.close()
  await untilClosed(collector)
  return collector
}

describe("the protocol's own example servers work under tap unchanged, and each request is told once", () => {
  test('server-everything: tools, prompts, resources, sampling, progress', async (t) => {
    const done: [method: string, tool: string, outcome: string][] = []
    const collector = await sameThrough(t, example('everything', 'stdio'), '/srv', async (client) => {
      done.length = 0
      done.push(['initialize', '', 'ok'])
      const answers: unknown[] = []
      const call = async (name: string, args: Record<string, unknown>, outcome = 'ok'): Promise<void> => {
        answers.push(await client.callTool({ name, arguments: args }))
        done.push(['tools/call', name, outcome])
      }
      const { tools } = await client.listTools()
      done.push(['tools/list', '', 'ok'])
      answers.push(tools, await client.listPrompts())
      done.push(['prompts/list', '', 'ok'])
      const { resources } = await client.listResources()
      done.push(['resources/list', '', 'ok'])
      answers.push(await client.readResource({ uri: resources[0]?.uri ?? '' }))
      done.push(['resources/read', '', 'ok'])
      await call('echo', { message: 'hello' })
      await call('get-sum', { a: 2, b: 40 })
      await call('trigger-sampling-request', { prompt: 'What is it?', maxTokens: 10 })
      await call('nothing-like-it', {}, 'tool_error')
      return answers
    })
    assert.deepEqual(
      calls(collector.events).map(({ method, tool, outcome }) => [method, tool, outcome]),
      done,
    )
    const sampled = calls(collector.events, 'client').filter(({ method }) => method === 'sampling/createMessage')
    assert.deepEqual(
      sampled.map(({ outcome }) => outcome),
      ['ok'],
    )
    const [all] = collector.events
    assert.equal(new Set(collector.events.map(({ conversationId }) => conversationId)).size, 1)
    assert.notEqual(all?.conversationId, '')
    assert.deepEqual(phases(collector.events), ['opened', 'closed'])
    const tools = collector.events.filter(({ kind }) => kind === 'tool_definition')
    assert.ok(tools.length > 5 && new Set(tools.map(({ tool }) => tool)).size === tools.length)
  })

  test('server-filesystem: files written and read, and a path outside refused', async (t) => {
    const folder = await realpath(await temporaryFolder(t))
    await mkdir(join(folder, 'notes'))
    await writeFile(join(folder, 'notes/a.txt'), 'Write to anna@example.org')
    const collector = await sameThrough(t, example('filesystem', folder), folder, async (client) => [
      await client.callTool({ name: 'list_directory', arguments: { path: folder } }),
      await client.callTool({ name: 'write_file', arguments: { path: join(folder, 'notes/b.txt'), content: 'two' } }),
      await client.callTool({ name: 'read_text_file', arguments: { path: join(folder, 'notes/a.txt') } }),
      await client.callTool({ name: 'read_text_file', arguments: { path: '/etc/passwd' } }),
    ])
    const told = calls(collector.events).filter(({ method }) => method === 'tools/call')
    assert.deepEqual(
      told.map(({ tool, outcome }) => [tool, outcome]),
      [
        ['list_directory', 'ok'],
        ['write_file', 'ok'],
        ['read_text_file', 'ok'],
        ['read_text_file', 'tool_error'],
      ],
    )
    assert.ok(told[2]?.resultFingerprints.some(({ kind }) => kind === 'email'))
    const roots = calls(collector.events, 'client').map(({ method, outcome }) => [method, outcome])
    assert.deepEqual(roots, [['roots/list', 'ok']])
    assert.ok(connections(collector.events).every(({ detail }) => detail['command_line']?.endsWith(` ${folder}`)))
  })

  test('server-memory: a graph is built and searched', async (t) => {
    const folder = await temporaryFolder(t)
    let run = 0
    const env = (words: readonly string[]): readonly string[] => [
      'env',
      `MEMORY_FILE_PATH=${join(folder, 'm.json')}`,
      ...words,
    ]
    const collector = await sameThrough(t, env(example('memory')), folder, async (client) => {
      const name = `Anna${run++}`
      const entities = [{ name, entityType: 'person', observations: ['likes tea'] }]
      const answers = [
        await client.callTool({ name: 'create_entities', arguments: { entities } }),
        await client.callTool({ name: 'search_nodes', arguments: { query: name } }),
        await client.callTool({ name: 'delete_entities', arguments: { entityNames: [name] } }),
      ]
      return JSON.parse(JSON.stringify(answers).replaceAll(name, 'Anna')) as unknown[]
    })
    assert.deepEqual(
      calls(collector.events).map(({ tool, serverName, clientName, transport }) => [
        tool,
        serverName,
        clientName,
        transport,
      ]),
      ['', 'create_entities', 'search_nodes', 'delete_entities'].map((tool) => [
        tool,
        'memory-server',
        'desk',
        'stdio',
      ]),
    )
  })
})

describe('a server in another language', { skip }, () => {
  const clientInfo = { name: 'raw', version: '1' }
  const hello = { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } }
  const call = (id: number | string, name: string, args: object = {}, meta?: object): object => ({
    id,
    method: 'tools/call',
    params: { name, arguments: args, ...(meta && { _meta: meta }) },
  })

  test('is told with its names, its command line and how it runs; its exit code is ours', async (t) => {
    const collector = await collecting(t)
    const server = startRaw(t, [...python, '--api-key', 'hunter2hunter2', '-e', 'MY_ACCESS_TOKEN=abc'], collector)
    server.send(hello)
    await server.line()
    server.send(call('a', 'exit', { code: 7 }))
    assert.equal(
      await server.line(),
      '{"jsonrpc": "2.0", "id": "a", "result": {"content": [{"type": "text", "text": "bye"}]}}',
    )
    assert.equal(await server.ended, 7)
    assert.deepEqual(phases(collector.events), ['opened', 'closed'])
    const [opened, closed] = connections(collector.events)
    assert.deepEqual(
      [opened?.serverName, opened?.serverVersion, opened?.clientName, opened?.protocolVersion],
      ['plain', '3.1', 'raw', '2025-06-18'],
    )
    assert.equal(opened?.detail['command_line'], `${python.join(' ')} --api-key [secret] -e MY_ACCESS_TOKEN=[secret]`)
    assert.match(opened?.detail['command_digest'] ?? '', /^[0-9a-f]{16}$/)
    assert.equal(opened?.detail['posture_uid'], String(process.geteuid?.()))
    assert.equal(closed?.detail['exit_code'], '7')
    assert.equal(server.stderr(), '')
  })

  test('is not given the key, and keeps its own standard error', async (t) => {
    const collector = await collecting(t)
    const server = startRaw(t, python, collector)
    server.send(call(1, 'environment'))
    const line = await server.line()
    assert.match(line, /PATH/)
    assert.doesNotMatch(line, /WATCHKEEPER_DSN/)
    server.send(call(2, 'complain'))
    await server.line()
    server.child.stdin?.end()
    assert.equal(await server.ended, 0)
    assert.equal(server.stderr(), 'something is odd\n')
  })

  test('one id in both directions is two requests, and what it asks belongs to the call it serves', async (t) => {
    const collector = await collecting(t)
    const server = startRaw(t, python, collector)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    server.send(call(5, 'ask', {}, { traceparent, baggage: 'gen_ai.conversation.id=conv-1' }))
    assert.match(await server.line(), /"id": 5, "method": "sampling/)
    server.send({ id: 5, result: { role: 'assistant', content: { type: 'text', text: 'forty-two' }, model: 'none' } })
    assert.match(await server.line(), /forty-two/)
    server.child.stdin?.end()
    await server.ended
    const told = [...calls(collector.events, 'server'), ...calls(collector.events, 'client')]
    assert.deepEqual(
      told.map(({ method, requestId, outcome, conversationId }) => [method, requestId, outcome, conversationId]),
      [
        ['tools/call', '5', 'ok', 'conv-1'],
        ['sampling/createMessage', '5', 'ok', 'conv-1'],
      ],
    )
    assert.equal(new Set(told.map(({ traceId }) => traceId)).size, 1)
    assert.equal(told[1]?.parentSpanId, told[0]?.spanId)
  })

  test('what is no message passes as it is, and is counted', async (t) => {
    const collector = await collecting(t)
    const server = startRaw(t, python, collector)
    const bytes = 17 * 1024 * 1024
    server.send('this is not json\n\n')
    server.send(call(1, 'garbage', { bytes }))
    assert.equal(await server.line(), '\x00\xff\xfe not json \x80')
    assert.equal((await server.line()).length, bytes + '{"jsonrpc":"2.0","id":99,"result":}'.length)
    assert.match(await server.line(), /after the garbage/)
    server.child.stdin?.end()
    assert.equal(await server.ended, 0)
    const closed = connections(collector.events).find(({ detail }) => detail['phase'] === 'closed')
    assert.deepEqual(
      Object.entries(closed?.detail ?? {}).filter(([name]) => name.startsWith('unread')),
      [
        ['unread_client_not_json', '1'],
        ['unread_server_not_json', '1'],
        ['unread_server_too_long', '1'],
      ],
    )
    assert.equal(phases(collector.events).filter((phase) => phase === 'unread').length, 3)
    assert.deepEqual(
      calls(collector.events).map(({ tool, outcome }) => [tool, outcome]),
      [['garbage', 'ok']],
    )
  })

  test('a call of the version 2026-07-28 that wants input is told as that, with the names that each message carries', async (t) => {
    const collector = await collecting(t)
    // Any answer will do: a server that says what it is told to.
    const answer = {
      jsonrpc: '2.0',
      id: 8,
      result: {
        resultType: 'input_required',
        inputRequests: {},
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'modern', version: '1' } },
      },
    }
    const script = `process.stdin.once('data', () => process.stdout.write(${JSON.stringify(`${JSON.stringify(answer)}\n`)}))`
    const server = startRaw(t, [process.execPath, '-e', script], collector)
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '2' },
    }
    server.send(call(8, 'transfer', { amount: 1 }, meta))
    assert.deepEqual(JSON.parse(await server.line()), answer)
    server.child.stdin?.end()
    await server.ended
    const [told] = calls(collector.events)
    assert.deepEqual(
      [told?.outcome, told?.protocolVersion, told?.clientName, told?.serverName],
      ['input_required', '2026-07-28', 'raw', 'modern'],
    )
  })

  test('a call that becomes a task, and what fetches its result, share a hash of its id; in both versions', async (t) => {
    const collector = await collecting(t)
    const text = [{ type: 'text', text: 'Write to anna@example.org' }]
    const answers = [
      { task: { taskId: 'older-1', status: 'working' } },
      { content: text },
      { resultType: 'task', taskId: 'newer-1', status: 'working' },
      { resultType: 'complete', taskId: 'newer-1', status: 'completed', result: { content: text } },
    ]
    const script = `
      const answers = ${JSON.stringify(answers)}
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) =>
        console.log(JSON.stringify({ jsonrpc: '2.0', id: JSON.parse(line).id, result: answers.shift() })))`
    const server = startRaw(t, [process.execPath, '-e', script], collector)
    server.send(call(1, 'report'))
    await server.line()
    server.send({ id: 2, method: 'tasks/result', params: { taskId: 'older-1' } })
    await server.line()
    server.send(call(3, 'report'))
    await server.line()
    server.send({ id: 4, method: 'tasks/get', params: { taskId: 'newer-1' } })
    await server.line()
    server.child.stdin?.end()
    await server.ended
    const { secret } = createCapturer({ key: collector.dsn.fingerprintKey })
    assert.deepEqual(
      calls(collector.events).map(({ method, outcome, detail }) => [method, outcome, detail]),
      [
        ['tools/call', 'ok', { task_digest: secret('older-1'), task_status: 'working' }],
        ['tasks/result', 'ok', { task_digest: secret('older-1') }],
        ['tools/call', 'ok', { task_digest: secret('newer-1'), task_status: 'working' }],
        ['tasks/get', 'ok', { task_digest: secret('newer-1'), task_status: 'completed' }],
      ],
    )
    const addresses = calls(collector.events).map(({ resultFingerprints }) =>
      resultFingerprints.some(({ kind }) => kind === 'email'),
    )
    assert.deepEqual(addresses, [false, true, false, true])
  })

  test('a signal to us ends the server, and we end as it did', async (t) => {
    const collector = await collecting(t)
    const server = startRaw(t, python, collector)
    server.send(hello)
    await server.line()
    server.child.kill('SIGTERM')
    assert.equal(await server.ended, 'SIGTERM')
    assert.equal(connections(collector.events).at(-1)?.detail['exit_signal'], 'SIGTERM')
  })

  test('a server that is killed in a call leaves a call without an answer', async (t) => {
    const collector = await collecting(t)
    const server = startRaw(t, python, collector)
    server.send(call(1, 'die'))
    assert.equal(await server.ended, 'SIGKILL')
    const [told] = calls(collector.events)
    assert.deepEqual([told?.tool, told?.outcome, told?.errorType], ['die', 'cancelled', 'connection_closed'])
  })

  test('with the collector gone it works as before', async (t) => {
    const collector = await startCollector()
    await collector.close()
    const server = startRaw(t, python, collector)
    server.send(hello)
    await server.line()
    for (let id = 2; id < 50; id++) {
      server.send(call(id, 'echo', { text: `number ${id}` }))
      assert.match(await server.line(), new RegExp(`"id": ${id}, .*number ${id}`))
    }
    server.child.stdin?.end()
    assert.equal(await server.ended, 0)
    assert.match(server.stderr(), /^watchkeeper tap: records /)
  })

  test('a client that does not read holds the server up, not our memory, and can still write', async (t) => {
    const collector = await collecting(t)
    const script = `
      const piece = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(65000) } }) + '\\n')
      let sent = 0
      const more = () => { while (process.stdout.write(piece)) sent += 1; process.stdout.once('drain', more); process.stderr.write(sent + '\\n') }
      more()
      process.stdin.on('data', (line) => process.stderr.write('got ' + line))`
    const server = startRaw(t, [process.execPath, '-e', script], collector)
    server.child.stdout?.pause()
    const { stderr } = server.child
    while (!/^\d+$/m.test(server.stderr())) await once(stderr as NodeJS.ReadableStream, 'data')
    server.send('{"hello":1}\n')
    while (!server.stderr().includes('got {"hello":1}')) await once(stderr as NodeJS.ReadableStream, 'data')
    const sent = Number(/(\d+)\n(?:got|$)/.exec(server.stderr())?.[1])
    assert.ok(sent < 100, `${sent} messages of 64 KiB were taken from the server`)
    server.child.kill('SIGTERM')
    await server.ended
  })
})

test('the receiver understands all that tap says: nothing is refused, and each request is kept once', {
  skip,
}, async (t) => {
  const { app, events, letters } = await testReceiver(t)
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 })
  const server = startRaw(t, [...python, '--token', 'hunter2'], { dsn: { ...developmentDsn, endpoint } })
  const clientInfo = { name: 'raw', version: '1' }
  server.send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } })
  server.send({ id: 2, method: 'tools/list' })
  server.send({ id: 3, method: 'tools/call', params: { name: 'garbage', arguments: { bytes: 10 } } })
  server.child.stdin?.end()
  assert.equal(await server.ended, 0)
  assert.deepEqual(letters(), [])
  assert.ok(events().every(({ trusted, attributes }) => trusted && attributes['receive.chain'] === undefined))
  assert.deepEqual(
    events()
      .map(({ kind, method, detail }) => `${kind} ${method}${detail['phase'] ?? ''}`)
      .sort(),
    [
      'call initialize',
      'call tools/call',
      'call tools/list',
      'connection closed',
      'connection opened',
      'connection unread',
      'tool_definition ',
    ],
  )
})

describe('a command that cannot be started', () => {
  for (const [what, word, code] of [
    ['that is not there', '/nothing/like/it', 127],
    ['that is no program', fromRoot('package.json'), 126],
  ] as const) {
    test(`one ${what} is said so, with the exit code of shells, and reported`, async (t) => {
      const collector = await collecting(t)
      const run = await watchkeeper(['tap', '--', word], { WATCHKEEPER_DSN: formatDsn(collector.dsn) })
      assert.deepEqual([run.code, run.stdout], [code, ''])
      assert.match(run.stderr, /^watchkeeper tap: \S+ (?:was not found|could not be started \(EACCES\))\n$/)
      assert.equal(connections(collector.events)[0]?.detail['start_fault'], code === 127 ? 'ENOENT' : 'EACCES')
    })
  }

  test('a missing command and a word without "--" are faults of usage', async () => {
    for (const args of [['tap'], ['tap', '--'], ['tap', 'npx', 'server']]) {
      const run = await watchkeeper(args, {})
      assert.deepEqual([run.code, run.stdout], [64, ''], args.join(' '))
    }
  })

  test("the wrapped command's own --help is not ours", async (t) => {
    const collector = await collecting(t)
    const run = await watchkeeper(['tap', '--', process.execPath, '--help'], {
      WATCHKEEPER_DSN: formatDsn(collector.dsn),
    })
    assert.match(run.stdout, /Usage: node/)
  })
})
