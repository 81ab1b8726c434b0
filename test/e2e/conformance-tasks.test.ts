/** A call that becomes a task, and a list of tools that grows, over real HTTP with SDK v1: the newer one has no tasks. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { instrument } from '@watchkeeper/sdk'
import { watchFetch } from '@watchkeeper/sdk/http'
import { serveV1 } from '../support/conformance/hosts-v1.js'
import { talking } from '../support/conformance/talk.js'

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] })

function scholar(taskStore: InMemoryTaskStore): McpServer {
  const server = new McpServer(
    { name: 'scholar', version: '1' },
    { capabilities: { tasks: { requests: { tools: { call: {} } } } }, taskStore },
  )
  server.experimental.tasks.registerToolTask(
    'study',
    {},
    {
      async createTask({ taskStore }) {
        const task = await taskStore.createTask({ ttl: 60_000, pollInterval: 10 })
        await taskStore.storeTaskResult(task.taskId, 'completed', said('studied'))
        return { task }
      },
      getTask: async ({ taskId, taskStore }) => await taskStore.getTask(taskId),
      getTaskResult: async ({ taskId, taskStore }) =>
        (await taskStore.getTaskResult(taskId)) as ReturnType<typeof said>,
    },
  )
  server.registerTool('learn', {}, async () => {
    server.registerTool('recite', {}, async () => said('recited'))
    return said('learnt')
  })
  return server
}

test('a task and what fetches it, and a tool that came later: each once from each side', {
  timeout: 60_000,
}, async (t) => {
  const { agent, log, hold, checked, emitter } = await talking(t)
  const service = emitter()
  const tasks = new InMemoryTaskStore()
  // Its timers would keep the process for as long as a task is kept.
  t.after(() => tasks.cleanup())
  const make = () => instrument(scholar(tasks), { emitter: service })
  const { url, logins } = await serveV1(t, { emitter: service, host: 'Express', name: 'scholar', make })
  await hold(async () => {
    const client = instrument(new Client({ name: 'desk', version: '1' }), { emitter: agent, heartbeatMs: 0 })
    t.after(() => client.close())
    const transport = new StreamableHTTPClientTransport(url, {
      fetch: watchFetch({ emitter: agent })(),
      requestInit: { headers: { authorization: `Bearer ${logins.issue(['mcp'])}` } },
    })
    await client.connect(transport as Transport)
    log.did('initialize')
    const list = async (...expected: string[]): Promise<void> => {
      const { tools } = await client.listTools()
      assert.deepEqual(tools.map(({ name }) => name).sort(), expected)
      for (const { name } of tools) log.tools.add(name)
      log.did('tools/list')
    }
    await list('learn', 'study')
    let task = ''
    for await (const message of client.experimental.tasks.callToolStream({ name: 'study' }))
      if (message.type === 'taskCreated') task = message.task.taskId
    log.did('tools/call', 'study')
    log.did('tasks/get')
    log.did('tasks/result')
    assert.notEqual(task, '')

    const changes = new EventTarget()
    client.setNotificationHandler(
      ToolListChangedNotificationSchema,
      () => void changes.dispatchEvent(new Event('tools')),
    )
    const changed = once(changes, 'tools')
    await client.callTool({ name: 'learn' })
    log.did('tools/call', 'learn')
    await changed
    await list('learn', 'recite', 'study')
  })
  const rows = await checked()
  const ofTask = rows.filter(({ detail }) => detail['task_digest'] !== undefined)
  assert.deepEqual(ofTask.map(({ side, method }) => `${side} ${method}`).sort(), [
    'client tasks/get',
    'client tasks/result',
    'client tools/call',
    'server tasks/get',
    'server tasks/result',
    'server tools/call',
  ])
  assert.equal(new Set(ofTask.map(({ detail }) => detail['task_digest'])).size, 1)
})
