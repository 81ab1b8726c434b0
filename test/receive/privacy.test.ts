/** Nothing that others' telemetry says of contents leaves the receiver in the clear: not to the bus, not in a dead letter, not in the log. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { eventRecord, logsRequest, type Plain, type SpanGiven, span, tracesRequest } from '../support/otlp.js'
import { type TestReceiver, testReceiver } from '../support/receiver.js'

/** Words that nothing of ours says by itself, in the kinds of value that contents are made of. */
const secret = fc.stringMatching(/^[a-z]{9}$/).chain((word) =>
  fc.constantFrom(
    `qx${word}`,
    `Qx${word} Zy${word}`,
    `qx${word}@host.example`, // the domain of an address is clear by decision
    `https://host.example/qx${word}/zy${word}?a=qx${word}`,
    `/home/qx${word}/zy${word}.pdf`,
    `Please send qx${word} to the zy${word}.`,
    `qx${word}\u0000zy${word}`,
  ),
)

/** JSON with such words as keys and as values. */
const content: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    secret,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('to', 'body', 'qxkeyword'), tie('value'), { maxKeys: 3 }),
  ),
})).value

/** Every way in which a source gives contents. `broken` makes a dead letter of the record. */
type Shape = (content: Plain, broken: Readonly<Record<string, unknown>>) => object

const shape =
  (
    scope: string,
    name: string,
    attributesOf: (content: Plain) => Record<string, Plain>,
    rest: Partial<SpanGiven> = {},
  ) =>
  (value: Plain, broken: Readonly<Record<string, unknown>>): object =>
    tracesRequest([{ ...span({ name, attributes: attributesOf(value), ...rest }), ...broken }], { scope })

const call = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'pay' }
const text = (value: Plain): string => JSON.stringify(value)

const shapes: Readonly<Record<string, Shape>> = {
  'semconv JSON': shape('a', 'tools/call pay', (value) => ({
    ...call,
    'gen_ai.tool.call.arguments': text(value),
    'gen_ai.tool.call.result': text(value),
  })),
  'semconv structure': shape('a', 'tools/call pay', (value) => ({
    ...call,
    'gen_ai.tool.call.arguments': value,
    'gen_ai.tool.call.result': value,
  })),
  'a prompt': shape('a', 'prompts/get p', (value) => ({
    'mcp.method.name': 'prompts/get',
    'gen_ai.prompt.variable.x': text(value),
  })),
  Sentry: shape('@sentry/node', 'tools/call pay', (value) => ({
    'mcp.method.name': 'tools/call',
    'mcp.tool.name': 'pay',
    'mcp.request.argument.x': text(value),
    'mcp.tool.result.content': text(value),
    'mcp.tool.result.0.content': text(value),
  })),
  Traceloop: shape('traceloop', 'pay.tool', (value) => ({
    'traceloop.span.kind': 'tool',
    'traceloop.entity.name': 'pay',
    'traceloop.entity.input': text({ arguments: value }),
    'traceloop.entity.output': text({ result: value }),
  })),
  'Traceloop without JSON': shape('traceloop', 'tools/list.mcp', (value) => ({
    'traceloop.entity.input': `<${text(value)}>`,
    'traceloop.entity.output': `<${text(value)}>`,
  })),
  Logfire: shape('logfire.mcp', 'MCP request: tools/call pay', (value) => ({
    request: text({ method: 'tools/call', params: { name: 'pay', arguments: value } }),
    response: text({ content: [{ type: 'text', text: text(value) }] }),
    'logfire.json_schema': text(value),
  })),
  Langfuse: shape('langfuse', 'tools/call pay', (value) => ({
    ...call,
    'langfuse.trace.input': text(value),
    'langfuse.observation.output': text(value),
    'langfuse.trace.name': text(value),
  })),
}

/** Ways for a record to be refused, which makes a dead letter of it. */
const breaks: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { traceId: '' },
  { kind: 'x' },
  { endTimeUnixNano: 'x' },
]

function assertNoWord(receiver: TestReceiver, at: string): void {
  const published = JSON.stringify(receiver.published)
  assert.doesNotMatch(published, /[qQ]x[a-z]{7}|[zZ]y[a-z]{7}/, at)
  assert.doesNotMatch(receiver.log(), /[qQ]x[a-z]{7}|[zZ]y[a-z]{7}/, at)
}

for (const [what, request] of Object.entries(shapes)) {
  test(`contents of ${what}: no word of them is published`, async (t) => {
    await forAll(t, content, async (receiver, value, broken) => {
      const answer = await receiver.send('/v1/traces', request(value, broken))
      assert.equal(answer.status, 200)
      assert.equal(receiver.published.length, 1)
      assert.doesNotMatch(answer.raw.toString(), /[qQ]x[a-z]{7}/)
    })
  })
}

test('contents in errors, in span events and in bodies: no word of them is published', async (t) => {
  await forAll(t, content, async (receiver, value, broken) => {
    const words = text(value)
    const failed = {
      ...span({
        name: 'tools/call pay',
        attributes: { ...call, 'error.type': words, 'exception.message': words, 'error.message': words },
        status: { code: 2, message: words },
      }),
      events: [{ name: 'exception', attributes: [{ key: 'exception.message', value: { stringValue: words } }] }],
      ...broken,
    }
    const toolError = {
      name: 'tools/call pay',
      attributes: { ...call, 'error.type': 'tool_error' },
      status: { code: 2, message: words },
    }
    await receiver.send('/v1/traces', tracesRequest([failed, { ...span(toolError), ...broken }]))
    const record = {
      timeUnixNano: '5',
      body: { stringValue: words },
      attributes: [{ key: 'mcp.method.name', value: { stringValue: 'ping' } }],
      ...broken,
    }
    await receiver.send('/v1/logs', logsRequest([record, { ...record, attributes: 'x' }]))
    assert.equal(receiver.published.length, 4)
  })
})

test("the path of a resource and the name of a stranger's span are contents, too", async (t) => {
  await forAll(t, fc.stringMatching(/^qx[a-z]{9}$/), async (receiver, word, broken) => {
    const uri = `file:///home/${word}/zy${word}.pdf`
    const read = {
      name: `resources/read ${uri}`,
      attributes: { 'mcp.method.name': 'resources/read', 'mcp.resource.uri': uri },
    }
    const odd = { name: `about ${word} and more`, attributes: call }
    await receiver.send(
      '/v1/traces',
      tracesRequest([
        { ...span(read), ...broken },
        { ...span(odd), ...broken },
      ]),
    )
    assert.equal(receiver.published.length, 2)
  })
})

test('what one of our events says in attributes that are not of the wire is not published', async (t) => {
  await forAll(t, content, async (receiver, value) => {
    const record = eventRecord({ eventId: 'e' })
    const more = [
      { key: 'gen_ai.tool.call.arguments', value: { stringValue: text(value) } },
      { key: 'qxattribute', value: { stringValue: text(value) } },
    ]
    const attributes = [...(record['attributes'] as object[]), ...more]
    const unknown = { ...record, eventName: 'watchkeeper.unknown', attributes }
    await receiver.send('/v1/logs', logsRequest([{ ...record, attributes }, unknown]))
    assert.deepEqual([receiver.events().length, receiver.letters().length], [1, 1])
  })
})

async function forAll<T>(
  t: TestContext,
  arbitrary: fc.Arbitrary<T>,
  send: (receiver: TestReceiver, value: T, broken: Readonly<Record<string, unknown>>) => Promise<void>,
): Promise<void> {
  const receiver = await testReceiver(t)
  const property = fc.asyncProperty(arbitrary, fc.constantFrom(...breaks), async (value, broken) => {
    receiver.published.length = 0
    await send(receiver, value, broken)
    assertNoWord(receiver, text(value as Plain))
  })
  await fc.assert(property, { numRuns: 60 })
}

test('fingerprints, digests and token fingerprints of two tenants, and of producer and store, do not compare', async (t) => {
  const receiver = await testReceiver(t)
  const hash = '00112233445566aa'
  const digest = 'ab'.repeat(32)
  await receiver.send(
    '/v1/logs',
    logsRequest([
      eventRecord({
        eventId: 'e',
        argFingerprints: [{ kind: 'name', hash, leaf: 0 }],
        resultFingerprints: [{ kind: 'date', hash, leaf: 1 }],
        argDigest: digest,
        resultDigest: digest,
        tokenFingerprint: hash,
        verbHashes: [hash],
        detail: { schema_digest: hash, token_fingerprint: hash, annotations: 'readOnlyHint=true' },
        orders: [
          {
            position: 0,
            mood: 0.5,
            flags: [],
            verbs: [],
            nouns: [],
            verbHashes: [hash],
            atoms: [{ kind: 'name', hash, leaf: 0 }],
            following: [],
            shingles: [hash],
          },
        ],
      }),
    ]),
  )
  const [event] = receiver.events()
  assert.ok(event)
  const published = JSON.stringify(event)
  assert.ok(!published.includes(hash) && !published.includes(digest))
  assert.equal(event.detail['annotations'], 'readOnlyHint=true')
  assert.equal(event.argFingerprints[0]?.hash, event.resultFingerprints[0]?.hash, 'one value is one value')
  assert.equal(event.orders[0]?.atoms[0]?.hash, event.argFingerprints[0]?.hash)
})
