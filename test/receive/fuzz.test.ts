/** Whatever is sent, the answer is one of OTLP's, nothing trips us, and what stood beside it is kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventRecord, logsRequest, span, tracesRequest } from '../support/otlp.js'
import { testReceiver } from '../support/receiver.js'

type Node = readonly Node[] | { readonly [name: string]: Node } | string | number | boolean | null

/** The same JSON with what stands at one place replaced: the place is counted over all values, in reading order. */
function replaced(node: Node, place: { left: number }, by: unknown): unknown {
  place.left -= 1
  if (place.left === -1) return by
  if (Array.isArray(node)) return node.map((item) => replaced(item as Node, place, by))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(Object.entries(node).map(([name, item]) => [name, replaced(item as Node, place, by)]))
}

const attributes = {
  'mcp.method.name': 'tools/call',
  'gen_ai.tool.name': 'pay',
  'jsonrpc.request.id': 7,
  'gen_ai.tool.call.arguments': { to: 'bob@example.org', list: [1, 2.5, true] },
}
const requests = {
  '/v1/logs': JSON.parse(
    JSON.stringify(logsRequest([eventRecord({ eventId: 'e', scopes: ['a'], detail: { k: 'v' } })])),
  ) as Node,
  '/v1/traces': JSON.parse(
    JSON.stringify(tracesRequest([span({ name: 'tools/call pay', attributes, status: { code: 2 } })])),
  ) as Node,
}

for (const path of ['/v1/logs', '/v1/traces'] as const) {
  test(`${path}: any value at any place of a request is 200 or 400`, async (t) => {
    const receiver = await testReceiver(t)
    const one = fc.record({ place: fc.nat(120), by: fc.jsonValue({ maxDepth: 4 }) })
    await fc.assert(
      fc.asyncProperty(one, async ({ place, by }) => {
        receiver.published.length = 0
        const body = replaced(requests[path], { left: place }, by)
        const { status } = await receiver.post(path, JSON.stringify(body), { 'content-type': 'application/json' })
        assert.ok(status === 200 || status === 400, `${status}`)
        if (status === 400) assert.equal(receiver.published.length, 0)
        for (const letter of receiver.letters()) JSON.parse(letter.body)
      }),
      { numRuns: 400 },
    )
    assert.doesNotMatch(receiver.log(), /could not be translated|answered with 503/)
  })
}

test('any bytes in any encoding are answered in OTLP', async (t) => {
  const receiver = await testReceiver(t)
  const given = fc.record({
    body: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string().map((text) => Buffer.from(text)),
    ),
    path: fc.constantFrom('/v1/logs', '/v1/traces'),
    type: fc.constantFrom('application/json', 'application/x-protobuf'),
    coding: fc.constantFrom('gzip', 'identity', 'br'),
  })
  await fc.assert(
    fc.asyncProperty(given, async ({ body, path, type, coding }) => {
      const headers = { 'content-type': type, 'content-encoding': coding }
      const answer = await receiver.post(path, Buffer.from(body), headers)
      assert.ok([200, 400, 415].includes(answer.status), `${answer.status}`)
      assert.equal(answer.headers['content-type'], type)
    }),
    { numRuns: 400 },
  )
  assert.equal(receiver.published.filter(({ type }) => type === 'event').length, 0)
})
