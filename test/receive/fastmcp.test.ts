/** FastMCP with its own OpenTelemetry, straight to our receiver. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { pythonWithFastMcp } from '../support/python.js'
import { testReceiver } from '../support/receiver.js'
import { fromRoot } from '../support/root.js'
import { cleanEnvironment, finished } from '../support/service.js'

test('what FastMCP exports of a conversation is one record a call and side, joined by call key, without contents', {
  timeout: 300_000,
}, async (t) => {
  const found = await pythonWithFastMcp()
  if ('absent' in found) return t.skip(found.absent)
  const receiver = await testReceiver(t)
  const url = await receiver.app.listen({ host: '127.0.0.1', port: 0 })
  const script = fromRoot('test/receive/fixtures/fastmcp_desk.py')
  const environment = cleanEnvironment({ OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: 'helpdesk' })
  const run = await finished(spawn(found.python, [script], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }))
  assert.equal(run.code, 0, run.stderr)

  const calls = receiver
    .events()
    .filter(({ method }) => /^(tools\/call|resources\/read|prompts\/get)$/.test(method))
    .sort((a, b) => a.startedAt - b.startedAt)
  const told = (side: string) =>
    calls
      .filter((event) => event.side === side)
      .map(({ method, tool, prompt, resource, outcome }) => [method, tool || prompt || resource, outcome].join(' '))
  const expected = [
    'tools/call crm_find_contact ok',
    'tools/call broken tool_error',
    'tools/call nope tool_error',
    'resources/read notes://today ok',
    'prompts/get greet ok',
  ]
  assert.deepEqual(told('client'), expected)
  assert.deepEqual(told('server'), expected)
  const keys = (side: string) => calls.filter((event) => event.side === side).map(({ callKey }) => callKey)
  assert.deepEqual(keys('client'), keys('server'))
  assert.ok(!keys('client').includes(''))
  assert.deepEqual(receiver.letters(), [])
  assert.doesNotMatch(JSON.stringify(receiver.published), /anna/i)
})
