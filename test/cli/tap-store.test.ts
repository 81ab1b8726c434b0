/** The protocol's own example servers under tap, unchanged, up to the store: each request is kept once. */
import assert from 'node:assert/strict'
import { realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { CreateMessageRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { formatDsn } from '@watchkeeper/sdk/dsn'
import { type Kept, keeping } from '../support/kept.js'
import { until } from '../support/landing.js'
import { temporaryFolder } from '../support/receiver.js'
import { fromRoot } from '../support/root.js'
import { tapped } from '../support/tapped.js'

interface Example {
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Calls some tools; returns what each call must be told as. */
  drive(client: Client): Promise<readonly string[]>
}

const examples: Readonly<Record<string, (folder: string) => Promise<Example>>> = {
  everything: async () => ({
    args: ['stdio'],
    async drive(client) {
      await client.callTool({ name: 'echo', arguments: { message: 'hello' } })
      await client.callTool({ name: 'trigger-sampling-request', arguments: { prompt: 'What is it?', maxTokens: 9 } })
      await client.callTool({ name: 'nothing-like-it', arguments: {} })
      await client.listPrompts()
      return [
        'server tools/call echo ok',
        'server tools/call trigger-sampling-request ok',
        'client sampling/createMessage ok',
        'server tools/call nothing-like-it tool_error',
        'server prompts/list ok',
      ]
    },
  }),
  async filesystem(folder) {
    await writeFile(join(folder, 'a.txt'), 'Write to anna@example.org')
    return {
      args: [folder],
      async drive(client) {
        for (const path of [join(folder, 'a.txt'), '/etc/passwd'])
          await client.callTool({ name: 'read_text_file', arguments: { path } })
        return ['server tools/call read_text_file ok', 'server tools/call read_text_file tool_error']
      },
    }
  },
  memory: async (folder) => ({
    args: [],
    env: { MEMORY_FILE_PATH: join(folder, 'm.json') },
    async drive(client) {
      const entities = [{ name: 'Anna', entityType: 'person', observations: ['likes tea'] }]
      await client.callTool({ name: 'create_entities', arguments: { entities } })
      await client.callTool({ name: 'search_nodes', arguments: { query: 'Anna' } })
      return ['server tools/call create_entities ok', 'server tools/call search_nodes ok']
    },
  }),
}

interface Row {
  readonly kind: string
  readonly what: string
  readonly tool: string
  readonly session: string
  readonly phase: string
}

const rowsIn = (kept: Kept): Promise<readonly Row[]> =>
  kept.query<Row>(
    `SELECT kind, arrayStringConcat(arrayFilter(word -> word != '', [toString(side), method, tool, toString(outcome)]), ' ') AS what,
       tool, session, detail['phase'] AS phase FROM records ORDER BY started_at`,
  )

async function connected(t: TestContext, kept: Kept, name: string, { args, env = {} }: Example): Promise<Client> {
  const server = fromRoot(`node_modules/@modelcontextprotocol/server-${name}/dist/index.js`)
  const [command = '', ...words] = tapped([process.execPath, server, ...args])
  const client = new Client({ name: 'desk', version: '1' }, { capabilities: { sampling: {} } })
  client.setRequestHandler(CreateMessageRequestSchema, async () => ({
    model: 'none',
    role: 'assistant',
    content: { type: 'text', text: 'forty-two' },
  }))
  const environment = { ...getDefaultEnvironment(), ...env, WATCHKEEPER_DSN: formatDsn(kept.dsn) }
  await client.connect(new StdioClientTransport({ command, args: words, env: environment, stderr: 'ignore' }))
  t.after(() => client.close())
  return client
}

for (const [name, exampleIn] of Object.entries(examples))
  test(`server-${name} under tap: what was done is in the store, once, in one session`, {
    timeout: 60_000,
  }, async (t) => {
    const kept = await keeping(t)
    const example = await exampleIn(await realpath(await temporaryFolder(t)))
    const client = await connected(t, kept, name, example)
    const { tools } = await client.listTools()
    await client.listTools()
    const done = [
      'server initialize ok',
      'server tools/list ok',
      'server tools/list ok',
      ...(await example.drive(client)),
    ]
    await client.close()
    const rows = await until(
      () => rowsIn(kept),
      (all) => all.some(({ phase }) => phase === 'closed'),
      20_000,
    )
    const calls = rows.filter(({ kind }) => kind === 'call')
    assert.deepEqual(calls.map(({ what }) => what).sort(), [...done].sort())
    const described = rows.filter(({ kind }) => kind === 'tool_definition').map(({ tool }) => tool)
    // Two listings, and what a server adds once it knows its client: each tool once.
    assert.deepEqual(described.sort(), tools.map((tool) => tool.name).sort())
    assert.deepEqual(
      rows.filter(({ kind }) => kind === 'connection').map(({ phase }) => phase),
      ['opened', 'closed'],
    )
    assert.equal(new Set(rows.map(({ session }) => session)).size, 1)
    const [audited] = await kept.query<{ readonly n: string }>(`SELECT count() AS n FROM audit WHERE kind = 'call'`)
    assert.equal(Number(audited?.n), done.length)
    assert.deepEqual(await kept.query('SELECT reason FROM dead_letter'), [])
  })
