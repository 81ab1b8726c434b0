/** One decoded shape from both encodings, with nothing lost on the way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry, LogRecord } from '../../src/receive/otlp/export.js'
import { logsOfJson, spansOfJson } from '../../src/receive/otlp/json.js'
import { logsOfProtobuf, spansOfProtobuf } from '../../src/receive/otlp/protobuf.js'
import { attributeOf, encode, logsOf, type Part } from '../support/protobuf.js'

const value = (json: object): unknown => attributesOf([...logsOfJson(json_(json))])['a']
const json_ = (json: object): Buffer =>
  Buffer.from(
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: [{ key: 'a', value: json }] }] }] }] }),
  )
const protobufValue = (parts: readonly Part[]): unknown =>
  attributesOf([...logsOfProtobuf(logsOf([[[6, attributeOf('a', parts)]]]))])['a']

function attributesOf(entries: Entry<LogRecord>[]): Record<string, unknown> {
  assert.equal(entries[0]?.record.fault, undefined)
  return entries[0]?.record.attributes as Record<string, unknown>
}

const plain = (decoded: unknown): unknown =>
  JSON.parse(JSON.stringify(decoded, (_, item) => (typeof item === 'bigint' ? `${item}n` : item)))

for (const [what, json, parts, expected] of [
  ['a string', { stringValue: 'é\u0000' }, [[1, 'é\u0000']], 'é\u0000'],
  ['an empty string', { stringValue: '' }, [[1, '']], ''],
  ['true', { boolValue: true }, [[2, { varint: 1 }]], true],
  ['an integer', { intValue: '42' }, [[3, { varint: 42 }]], 42],
  ['a negative integer', { intValue: -42 }, [[3, { varint: '-42' }]], -42],
  [
    'an integer beyond 2^53',
    { intValue: '9223372036854775807' },
    [[3, { varint: '9223372036854775807' }]],
    '9223372036854775807n',
  ],
  [
    'the least integer',
    { intValue: '-9223372036854775808' },
    [[3, { varint: '-9223372036854775808' }]],
    '-9223372036854775808n',
  ],
  ['a double in words', { doubleValue: '-1.5e3' }, [[4, { double: -1500 }]], -1500],
  ['a double', { doubleValue: 0.1 }, [[4, { double: 0.1 }]], 0.1],
  [
    'an array',
    { arrayValue: { values: [{ intValue: 1 }, { stringValue: 'x' }] } },
    [
      [
        5,
        [
          [1, [[3, { varint: 1 }]]],
          [1, [[1, 'x']]],
        ],
      ],
    ],
    [1, 'x'],
  ],
  ['an empty array', { arrayValue: {} }, [[5, []]], []],
  [
    'a map',
    { kvlistValue: { values: [{ key: 'k', value: { boolValue: true } }] } },
    [[6, [[1, attributeOf('k', [[2, { varint: 1 }]])]]]],
    { k: true },
  ],
  ['nothing', {}, [], null],
] as const satisfies readonly (readonly [string, object, readonly Part[], unknown])[]) {
  test(`${what} is the same from JSON and from protobuf`, () => {
    assert.deepEqual(plain(value(json)), expected)
    assert.deepEqual(plain(protobufValue(parts)), expected)
  })
}

test('bytes are bytes in both', () => {
  assert.deepEqual(Buffer.from(value({ bytesValue: 'AQID' }) as Uint8Array), Buffer.from([1, 2, 3]))
  assert.deepEqual(Buffer.from(protobufValue([[7, Buffer.from([1, 2, 3])]]) as Uint8Array), Buffer.from([1, 2, 3]))
})

test('the words that JSON has for what is no number', () => {
  assert.ok(Number.isNaN(value({ doubleValue: 'NaN' })))
  assert.equal(value({ doubleValue: '-Infinity' }), Number.NEGATIVE_INFINITY)
})

const trace = '0AF7651916CD43DD8448EB211C80319C'
const span = 'B7AD6B7169203331'

test('ids of either case, and nanoseconds as string or number, are exact', () => {
  const record = { traceId: trace, spanId: span, timeUnixNano: '1764000000123456789', observedTimeUnixNano: 5 }
  const json = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }))
  const binary = logsOf([
    [
      [9, Buffer.from(trace, 'hex')],
      [10, Buffer.from(span, 'hex')],
      [1, { fixed64: '1764000000123456789' }],
      [11, { fixed64: '5' }],
    ],
  ])
  for (const [entry] of [logsOfJson(json), logsOfProtobuf(binary)]) {
    assert.equal(entry?.record.traceId, trace.toLowerCase())
    assert.equal(entry?.record.spanId, span.toLowerCase())
    assert.equal(entry?.record.time, 1_764_000_000_123_456_789n)
    assert.equal(entry?.record.observedTime, 5n)
  }
})

test('the all-zero id is none', () => {
  const record = { traceId: '0'.repeat(32), spanId: '' }
  const json = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] }))
  const binary = logsOf([[[9, Buffer.alloc(16)]]])
  for (const [entry] of [logsOfJson(json), logsOfProtobuf(binary)])
    assert.deepEqual([entry?.record.traceId, entry?.record.spanId, entry?.record.fault], ['', '', undefined])
})

test('a span has all its members, and its resource also where that comes after it', () => {
  const json = Buffer.from(
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
          scopeSpans: [
            {
              scope: { name: 'n', version: 'v' },
              spans: [
                {
                  traceId: trace,
                  spanId: span,
                  parentSpanId: span,
                  name: 'x',
                  kind: 3,
                  startTimeUnixNano: 1,
                  endTimeUnixNano: '2',
                  status: { code: 2, message: 'm' },
                },
              ],
            },
          ],
        },
      ],
    }),
  )
  const binary = encode([
    [
      1,
      [
        [
          2,
          [
            [
              2,
              [
                [1, Buffer.from(trace, 'hex')],
                [2, Buffer.from(span, 'hex')],
                [4, Buffer.from(span, 'hex')],
                [5, 'x'],
                [6, { varint: 3 }],
                [7, { fixed64: '1' }],
                [8, { fixed64: '2' }],
                [
                  15,
                  [
                    [2, 'm'],
                    [3, { varint: 2 }],
                  ],
                ],
              ],
            ],
            [
              1,
              [
                [1, 'n'],
                [2, 'v'],
              ],
            ],
          ],
        ],
        [1, [[1, attributeOf('service.name', [[1, 's']])]]],
      ],
    ],
  ])
  const [fromJson] = spansOfJson(json)
  const [fromProtobuf] = spansOfProtobuf(binary)
  assert.deepEqual(fromProtobuf?.record, fromJson?.record)
  assert.deepEqual(fromProtobuf?.scope, fromJson?.scope)
  assert.deepEqual({ ...fromProtobuf?.resource.attributes }, { 'service.name': 's' })
  const { kind, startTime, endTime, statusCode, statusMessage, parentSpanId } = fromJson?.record ?? {}
  assert.deepEqual(
    [kind, startTime, endTime, statusCode, statusMessage, parentSpanId],
    [3, 1n, 2n, 2, 'm', span.toLowerCase()],
  )
})

test('of two attributes with one name the first is kept', () => {
  const one = { key: 'a', value: { stringValue: 'first' } }
  const two = { key: 'a', value: { stringValue: 'second' } }
  const json = Buffer.from(
    JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ attributes: [one, two] }] }] }] }),
  )
  const parts: Part[] = [
    [6, attributeOf('a', [[1, 'first']])],
    [6, attributeOf('a', [[1, 'second']])],
  ]
  for (const [entry] of [logsOfJson(json), logsOfProtobuf(logsOf([parts]))])
    assert.equal(entry?.record.attributes['a'], 'first')
})
