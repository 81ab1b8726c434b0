/** The mapping table row by row, with spans in the shapes that their sources write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentFingerprintKey } from '@watchkeeper/sdk/dsn'
import type { AuditEvent } from '../../src/audit-event.js'
import { originOf } from '../../src/receive/mapping/index.js'
import {
  eventRecord,
  logsRequest,
  type SpanGiven,
  span,
  spanId,
  startNano,
  traceId,
  tracesRequest,
} from '../support/otlp.js'
import { testReceiver } from '../support/receiver.js'

interface Row {
  readonly what: string
  readonly scope: string
  readonly span: SpanGiven
  readonly resource?: Readonly<Record<string, string>>
  readonly expect: Partial<AuditEvent>
}

const rows: readonly Row[] = [
  {
    what: 'semconv client span of a tool call over stdio',
    scope: 'opentelemetry.instrumentation.mcp-semconv',
    span: {
      name: 'tools/call get-weather',
      kind: 3,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'get-weather',
        'gen_ai.operation.name': 'execute_tool',
        'jsonrpc.request.id': '42',
        'mcp.session.id': 'sess-1',
        'mcp.protocol.version': '2025-06-18',
        'network.transport': 'pipe',
        'server.address': 'weather.example',
        'gen_ai.conversation.id': 'conv-9',
      },
    },
    resource: { 'service.name': 'agent', 'service.instance.id': 'agent-1' },
    expect: {
      kind: 'call',
      form: 'span',
      side: 'client',
      method: 'tools/call',
      tool: 'get-weather',
      requestId: '42',
      mcpSessionId: 'sess-1',
      conversationId: 'conv-9',
      sessionKey: 'c:conv-9',
      protocolVersion: '2025-06-18',
      transport: 'stdio',
      serverAddress: 'weather.example',
      producerId: 'agent-1',
      outcome: 'ok',
      argCapture: 'omitted',
      resultCapture: 'omitted',
    },
  },
  {
    what: "a server span's caller fault, which leaves the status UNSET",
    scope: 'gateway',
    span: {
      name: 'tools/call nothing',
      kind: 2,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'nothing',
        'rpc.response.status_code': '-32602',
      },
    },
    expect: { side: 'server', outcome: 'protocol_error', rpcCode: '-32602', errorType: '' },
  },
  {
    what: 'numbers where the convention has strings',
    scope: 'gateway',
    span: {
      name: 'tools/call a',
      kind: 3,
      attributes: { 'mcp.method.name': 'tools/call', 'jsonrpc.request.id': 7, 'rpc.response.status_code': -32603 },
      status: { code: 2 },
    },
    expect: { requestId: '7', rpcCode: '-32603', outcome: 'protocol_error', tool: 'a' },
  },
  {
    what: 'a resource read: scheme and host are clear, the path is not',
    scope: 'gateway',
    span: {
      name: 'resources/read',
      kind: 2,
      attributes: {
        'mcp.method.name': 'resources/read',
        'mcp.resource.uri': 'https://files.example/home/alice/salary.pdf',
      },
    },
    expect: {
      method: 'resources/read',
      resource: 'https://files.example',
      argCapture: 'captured',
      destinations: ['files.example'],
    },
  },
  {
    what: 'a prompt with variables',
    scope: 'gateway',
    span: {
      name: 'prompts/get analyze-code',
      kind: 2,
      attributes: {
        'mcp.method.name': 'prompts/get',
        'gen_ai.prompt.name': 'analyze-code',
        'gen_ai.prompt.variable.file': '/etc/passwd',
      },
    },
    expect: { prompt: 'analyze-code', argCapture: 'captured' },
  },
  {
    what: 'C# SDK: the failed tool answer stands in the status',
    scope: 'Experimental.ModelContextProtocol',
    span: {
      name: 'tools/call lookup',
      kind: 2,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'lookup',
        'network.transport': 'tcp',
        'mcp.session.id': 's',
        'error.type': 'tool_error',
      },
      status: { code: 2, message: '[{"type":"text","text":"no row for alice@example.com"}]' },
    },
    expect: {
      tool: 'lookup',
      transport: 'http',
      outcome: 'tool_error',
      errorType: 'tool_error',
      resultCapture: 'captured',
    },
  },
  {
    what: 'Python SDK v2: the tool is in the name of the span',
    scope: 'mcp-python-sdk',
    span: {
      name: 'MCP handle tools/call add_numbers',
      kind: 2,
      attributes: { 'mcp.method.name': 'tools/call', 'jsonrpc.request.id': '5' },
    },
    expect: { method: 'tools/call', tool: 'add_numbers', requestId: '5', side: 'server', outcome: 'ok' },
  },
  {
    what: 'Python SDK v2 without the attribute',
    scope: 'mcp-python-sdk',
    span: { name: 'MCP handle prompts/get greet', kind: 2, status: { code: 2, message: 'secret words' } },
    expect: { method: 'prompts/get', prompt: 'greet', outcome: 'protocol_error' },
  },
  {
    what: 'FastMCP: enduser.id is the OAuth client',
    scope: 'fastmcp',
    span: {
      name: 'tools/call weather_forecast',
      kind: 2,
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'weather_forecast',
        'enduser.id': 'client-77',
        'enduser.scope': 'read write,admin',
        'fastmcp.server.name': 'Weather',
        'fastmcp.component.type': 'tool',
        'error.type': 'tool_error',
      },
      status: { code: 2, message: 'boom' },
    },
    expect: {
      oauthClientId: 'client-77',
      subject: '',
      scopes: ['read', 'write', 'admin'],
      serverName: 'Weather',
      outcome: 'tool_error',
    },
  },
  {
    what: 'FastMCP before 3.2: RPC conventions',
    scope: 'fastmcp',
    span: {
      name: 'tools/call x',
      kind: 2,
      attributes: { 'rpc.system': 'mcp', 'rpc.method': 'tools/call', 'rpc.service': 'W' },
    },
    expect: { method: 'tools/call', tool: 'x' },
  },
  {
    what: 'enduser.id of others is a person',
    scope: 'my-app',
    span: { name: 'tools/call x', kind: 3, attributes: { 'mcp.method.name': 'tools/call', 'enduser.id': 'alice' } },
    expect: { subject: 'alice', oauthClientId: '' },
  },
  {
    what: 'Traceloop JavaScript',
    scope: '@traceloop/instrumentation-mcp',
    span: {
      name: 'get_weather.tool',
      kind: 3,
      attributes: {
        'traceloop.span.kind': 'tool',
        'traceloop.entity.name': 'get_weather',
        'traceloop.entity.input': '{"tool_name":"get_weather","arguments":{"city":"Zürich"}}',
        'traceloop.entity.output': '{"result":"22 degrees","is_error":true}',
      },
    },
    expect: {
      method: 'tools/call',
      tool: 'get_weather',
      side: 'client',
      outcome: 'tool_error',
      argCapture: 'captured',
      resultCapture: 'captured',
    },
  },
  {
    what: 'Traceloop Python: INTERNAL, and an HTTP status name as error',
    scope: 'opentelemetry.instrumentation.mcp',
    span: {
      name: 'tools/list.mcp',
      kind: 1,
      attributes: { 'traceloop.entity.output': '{"tools":[]}', 'error.type': 'FORBIDDEN' },
      status: { code: 2, message: '403' },
    },
    expect: { method: 'tools/list', side: 'unknown', outcome: 'denied', errorType: 'FORBIDDEN' },
  },
  {
    what: 'Traceloop session',
    scope: '@traceloop/instrumentation-mcp',
    span: { name: 'mcp.client.session', kind: 3, attributes: { 'traceloop.span.kind': 'session' } },
    expect: { kind: 'connection', method: '', outcome: '' },
  },
  {
    what: 'Sentry, with arguments by key and a result in parts',
    scope: '@sentry/node',
    span: {
      name: 'tools/call send',
      kind: 2,
      attributes: {
        'mcp.method.name': 'tools/call',
        'mcp.tool.name': 'send',
        'mcp.request.id': '11',
        'mcp.request.argument.to': '"bob@example.org"',
        'mcp.request.argument.body': '"hello"',
        'mcp.tool.result.0.content': 'sent',
        'mcp.tool.result.1.content': 'twice',
        'mcp.tool.result.is_error': false,
        'mcp.transport': 'StreamableHTTPServerTransport',
        'mcp.client.name': 'ide',
        'mcp.client.version': '3',
        'mcp.server.name': 'mailer',
        'mcp.server.version': '4',
        'client.address': '10.0.0.9',
      },
    },
    expect: {
      tool: 'send',
      requestId: '11',
      transport: 'http',
      clientName: 'ide',
      clientVersion: '3',
      serverName: 'mailer',
      serverVersion: '4',
      clientAddress: '10.0.0.9',
      outcome: 'ok',
      argCapture: 'captured',
      resultCapture: 'captured',
      destinations: ['example.org'],
    },
  },
  {
    what: 'Logfire asking: the whole message in one attribute',
    scope: 'logfire.mcp',
    span: {
      name: 'MCP request: tools/call lookup',
      kind: 1,
      attributes: {
        request: '{"method":"tools/call","params":{"name":"lookup","arguments":{"who":"alice@example.com"}}}',
        response: '{"content":[{"type":"text","text":"Alice lives in Bern"}],"isError":true}',
        'rpc.system': 'jsonrpc',
        'rpc.method': 'tools/call',
        'logfire.msg': 'MCP request: tools/call lookup',
      },
    },
    expect: {
      method: 'tools/call',
      tool: 'lookup',
      side: 'client',
      outcome: 'tool_error',
      destinations: ['example.com'],
      resultCapture: 'captured',
    },
  },
  {
    what: 'Logfire answering, with an error object',
    scope: 'logfire.mcp',
    span: {
      name: 'MCP server handle request: tools/call',
      kind: 1,
      attributes: {
        request: '{"method":"tools/call","params":{"name":"lookup","arguments":{}}}',
        response: '{"code":-32602,"message":"no such tool"}',
      },
    },
    expect: { tool: 'lookup', side: 'server', rpcCode: '-32602', outcome: 'protocol_error' },
  },
  {
    what: 'Langfuse: user and session of the application',
    scope: 'langfuse-sdk',
    span: {
      name: 'tools/call x',
      kind: 3,
      attributes: {
        'mcp.method.name': 'tools/call',
        'user.id': 'u-1',
        'session.id': 's-1',
        'langfuse.trace.input': 'words',
      },
    },
    expect: { subject: 'u-1', conversationId: 's-1', sessionKey: 'c:s-1' },
  },
  {
    what: 'an agent framework that executes a tool itself',
    scope: 'agents',
    span: {
      name: 'execute_tool search',
      kind: 1,
      attributes: {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': 'search',
        'gen_ai.tool.call.arguments': '{"q":"x"}',
      },
    },
    expect: { method: 'tools/call', tool: 'search', side: 'unknown', argCapture: 'captured' },
  },
  {
    what: 'a cancelled call',
    scope: 'x',
    span: {
      name: 'tools/call a',
      kind: 2,
      attributes: { 'mcp.method.name': 'tools/call', 'error.type': 'CancelledError' },
      status: { code: 2 },
    },
    expect: { outcome: 'cancelled' },
  },
  {
    what: 'an answer that asks back is not an end',
    scope: 'x',
    span: {
      name: 'tools/call a',
      kind: 2,
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.call.result': { resultType: 'input_required' } },
    },
    expect: { outcome: 'input_required' },
  },
  {
    what: 'an error type that is a sentence',
    scope: 'x',
    span: {
      name: 'tools/call a',
      kind: 2,
      attributes: { 'mcp.method.name': 'tools/call', 'error.type': 'Alice has no account' },
      status: { code: 2 },
    },
    expect: { errorType: '_OTHER', outcome: 'tool_error' },
  },
  {
    what: 'a method that nobody knows yet',
    scope: 'x',
    span: { name: 'tasks/get', kind: 2, attributes: { 'mcp.method.name': 'tasks/get' } },
    expect: { method: 'tasks/get', outcome: 'ok' },
  },
]

for (const { what, scope, span: given, resource = {}, expect } of rows) {
  test(what, async (t) => {
    const receiver = await testReceiver(t)
    const answer = await receiver.send('/v1/traces', tracesRequest([span(given)], { scope, resource }))
    assert.deepEqual([answer.status, answer.json], [200, {}])
    const [event] = receiver.events()
    assert.ok(event)
    const found = Object.fromEntries(Object.keys(expect).map((name) => [name, event[name as keyof AuditEvent]]))
    assert.deepEqual(found, expect)
    assert.deepEqual([event.source, event.sourceVersion], [scope, '1.2.3'])
    assert.deepEqual([event.traceId, event.spanId], [traceId, spanId])
    assert.deepEqual(
      [event.startedAt, event.endedAt],
      [Number(startNano / 1000n), Number(startNano / 1000n) + 1_500_000],
    )
    assert.match(event.keyId, /./)
  })
}

for (const [what, given, scope] of [
  ['an HTTP request', { name: 'POST /mcp', kind: 2, attributes: { 'http.request.method': 'POST' } }, 'http'],
  ['a model call', { name: 'chat gpt', kind: 3, attributes: { 'gen_ai.operation.name': 'chat' } }, 'openai'],
  ['an ADOT span, whose name only looks like a method', { name: 'tools/send_email', kind: 3 }, 'aws.adot'],
  ['ADOT around the wire', { name: 'client.send_request', kind: 3 }, 'aws.adot'],
  ['a gRPC call', { name: 'a/b', kind: 3, attributes: { 'rpc.system': 'grpc', 'rpc.method': 'b' } }, 'grpc'],
  [
    "a server's log line at Logfire",
    { name: 'MCP server log from x', kind: 1, attributes: { data: 'words' } },
    'logfire.mcp',
  ],
] as const) {
  test(`${what} is not of MCP, and nothing of it is kept`, async (t) => {
    const receiver = await testReceiver(t)
    await receiver.send('/v1/traces', tracesRequest([span(given)], { scope }))
    assert.equal(receiver.published.length, 0)
  })
}

const call = { 'mcp.method.name': 'tools/call' }
const during = { startTimeUnixNano: String(startNano + 100n), endTimeUnixNano: String(startNano + 200n) }
const within = { startTimeUnixNano: String(startNano + 120n), endTimeUnixNano: String(startNano + 180n) }

test('a mounted FastMCP server makes two SERVER spans of a call, and one record', async (t) => {
  for (const parentOfInner of ['bbbbbbbbbbbbbbbb', 'cccccccccccccccc']) {
    const receiver = await testReceiver(t)
    const outer = { spanId: 'aaaaaaaaaaaaaaaa', parentSpanId: 'cccccccccccccccc' }
    const spans = [
      span({
        name: 'tools/call forecast',
        attributes: { ...call, 'gen_ai.tool.name': 'forecast' },
        spanId: 'dddddddddddddddd',
        parentSpanId: parentOfInner,
        ...within,
      }),
      span({
        name: 'delegate forecast',
        kind: 1,
        attributes: { ...call, 'fastmcp.provider.type': 'FastMCPProvider' },
        spanId: 'bbbbbbbbbbbbbbbb',
        parentSpanId: outer.spanId,
        ...during,
      }),
      span({
        name: 'tools/call weather_forecast',
        attributes: { ...call, 'gen_ai.tool.name': 'weather_forecast' },
        ...outer,
      }),
    ]
    await receiver.send('/v1/traces', tracesRequest(spans, { scope: 'fastmcp' }))
    assert.deepEqual(
      receiver.events().map(({ tool }) => tool),
      ['weather_forecast'],
    )
  }
})

test('two calls of one client at once are two records, also of a server with a mounted one', async (t) => {
  const receiver = await testReceiver(t)
  const parent = { parentSpanId: 'cccccccccccccccc' }
  const spans = ['aaaaaaaaaaaaaaaa', 'dddddddddddddddd'].map((id, index) =>
    span({
      name: `tools/call t${index}`,
      attributes: { ...call, 'gen_ai.tool.name': `t${index}` },
      spanId: id,
      ...parent,
    }),
  )
  await receiver.send('/v1/traces', tracesRequest(spans, { scope: 'fastmcp' }))
  assert.equal(receiver.events().length, 2)
})

test('a span and an event of one call have one call key and two records', async (t) => {
  const receiver = await testReceiver(t)
  const attributes = { ...call, 'gen_ai.tool.name': 'pay', 'jsonrpc.request.id': '17' }
  await receiver.send('/v1/traces', tracesRequest([span({ name: 'tools/call pay', kind: 3, attributes })]))
  await receiver.send('/v1/logs', logsRequest([eventRecord({ eventId: 'e', traceId, requestId: '17', tool: 'pay' })]))
  const [asSpan, asEvent] = receiver.events()
  assert.equal(asSpan?.callKey, asEvent?.callKey)
  assert.notEqual(asSpan?.callKey, '')
  assert.deepEqual([asSpan?.form, asEvent?.form], ['span', 'event'])
  assert.notEqual(asSpan?.recordId, asEvent?.recordId)
})

test('a log record of the conventions is a record, and is itself when it comes again', async (t) => {
  const receiver = await testReceiver(t)
  const record = { timeUnixNano: String(startNano), attributes: [] as object[], body: { stringValue: 'secret words' } }
  record.attributes.push({ key: 'mcp.method.name', value: { stringValue: 'tools/call' } })
  for (let time = 0; time < 2; time += 1) await receiver.send('/v1/logs', logsRequest([record, {}], { scope: 'x' }))
  const [first, again] = receiver.events()
  assert.equal(receiver.events().length, 2)
  assert.deepEqual([first?.recordId, first?.contentHash], [again?.recordId, again?.contentHash])
})

test('contents of others are captured as the SDK captures them', async (t) => {
  const receiver = await testReceiver(t)
  const given = { to: 'bob@example.org', amount: 4711 }
  const attributes = { ...call, 'gen_ai.tool.name': 'pay', 'gen_ai.tool.call.arguments': JSON.stringify(given) }
  await receiver.send('/v1/traces', tracesRequest([span({ name: 'tools/call pay', attributes })]))
  const [event] = receiver.events()
  const captured = createCapturer({ key: developmentFingerprintKey }).arguments('pay', given)
  assert.equal(event?.argBytes, captured.argBytes)
  assert.deepEqual(event?.destinations, captured.destinations)
  assert.deepEqual(
    event?.argFingerprints.map(({ kind, leaf }) => ({ kind, leaf })),
    captured.argFingerprints.map(({ kind, leaf }) => ({ kind, leaf })),
  )
  assert.ok(captured.argFingerprints.length > 0)
})

for (const [uri, origin] of [
  ['https://user:p@ss:word@files.example:8443/a/b?c#d', 'https://files.example:8443'],
  ['file:///home/alice/salary.pdf', 'file://'],
  ['data:text/plain,secret', 'data:'],
  ['notes://inbox/secret', 'notes://inbox'],
  ['not a uri', ''],
] as const) {
  test(`of ${uri} the origin ${origin || '(none)'} is clear`, () => assert.equal(originOf(uri), origin))
}
