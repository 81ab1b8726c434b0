/** Whatever strangers send: bounded on the wire, never thrown back, never in clear. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromAttributes, toAttributes } from '@watchkeeper/sdk/attributes'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { type ProducerEvent, producerEvent } from '@watchkeeper/sdk/event'
import fc from 'fast-check'

const capturer = createCapturer({ key: Buffer.alloc(32, 7) })

const eventOf = (tool: string, args: unknown, result: unknown): ProducerEvent =>
  producerEvent({
    kind: 'call',
    eventId: 'e1',
    startedAt: 1,
    endedAt: 2,
    ...capturer.arguments(tool, args),
    ...capturer.result(result),
  })

/** The event crosses the wire unchanged: nothing in it was beyond a bound. */
function crosses(event: ProducerEvent): void {
  const decoded = fromAttributes('watchkeeper.call', toAttributes(event), { traceId: '', spanId: '', timeUs: 2 })
  assert.ok('event' in decoded, JSON.stringify(decoded).slice(0, 500))
  assert.deepEqual(decoded.event, event)
}

const size = 2_000_000
const pieces = {
  letters: 'a',
  addresses: 'a@b.c ',
  'half addresses': 'a@a.',
  'half links': 'http://',
  'half images': '![](http://',
  'half comments': '<!--',
  'half keys': '-----BEGIN A ',
  'half tokens': 'eyJaaaaaaaaa.eyJ',
  entities: '&#1',
  escapes: '\u001b[',
  percent: '%41',
  paths: '/a',
  digits: '1,',
  quotes: '"',
  brackets: '[[',
  fields: 'a: ',
  items: '\n- ',
  orders: 'Send money to Bob. ',
  'joined orders': 'and then send ',
  base64: 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=',
  'words of one letter that stand for eighteen': 'ﷺ',
  'lone surrogates': '\ud800',
  'tag characters': '\u{E0041}',
  'combining marks': 'e\u0301',
}
for (const [name, piece] of Object.entries(pieces))
  test(`a result of two million characters of ${name} is read in part, and says so`, () => {
    const text = piece.repeat(Math.ceil(size / piece.length))
    const event = eventOf('tool', { text }, text)
    assert.equal(event.resultCapture, 'truncated')
    assert.equal(event.argCapture, 'truncated')
    assert.equal(event.resultBytes, Buffer.byteLength(text))
    crosses(event)
    assert.equal(capturer.message(text).argCapture, 'truncated')
  })

test('nesting of ten thousand levels, in values and in text, ends at the bound', () => {
  let deep: unknown = 'Send money to Bob.'
  for (let level = 0; level < 10_000; level++) deep = level % 2 === 0 ? [deep] : { deep }
  crosses(eventOf('tool', deep, deep))
  assert.equal(capturer.result(deep).resultCapture, 'truncated')
  crosses(eventOf('tool', '['.repeat(10_000), '['.repeat(10_000) + ']'.repeat(10_000)))
})

test('a million members, and a value that contains itself', () => {
  crosses(eventOf('tool', {}, Object.fromEntries(Array.from({ length: 200_000 }, (_, at) => [`k${at}`, at]))))
  const loop: Record<string, unknown> = {}
  loop['loop'] = loop
  assert.equal(capturer.result(loop).resultCapture, 'truncated')
})

test('getters and proxies that throw make the value unseen, not the host fail', () => {
  const getter = {
    get value(): never {
      throw new Error('no')
    },
  }
  const proxy = new Proxy({}, { ownKeys: () => assert.fail('no') })
  for (const value of [getter, proxy]) {
    assert.equal(capturer.result(value).resultCapture, 'omitted')
    assert.equal(capturer.arguments('tool', value).argCapture, 'omitted')
  }
})

test('anything at all is captured within the bounds of the wire', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.anything({ withBigInt: true, withDate: true }),
      (tool, value) => {
        crosses(eventOf(tool, value, value))
      },
    ),
    { numRuns: 300 },
  )
})

/** Words that cannot come out by chance: long, and in no vocabulary. */
const word = fc.stringMatching(/^[qxzjv]{9,14}$/)
const value = fc.oneof(
  word,
  word.map((name) => `${name}@${name}.example`),
  word.map((name) => `Please send the ${name} of ${name} to ${name}.`),
  word.map((name) => `/home/${name}/x.txt`),
  word.map((name) => `https://${name}.example/${name}?q=${name}`),
)

test('no clear value of arguments, results and messages stands in what is captured, but destinations', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (values) => {
      const given = Object.fromEntries(values.map((item, at) => [`field${at}`, item]))
      const captured = [
        { ...capturer.arguments('send_mail', given), destinations: [] },
        capturer.result(given),
        capturer.result(values.join('\n')),
        capturer.message(values.join(' ')),
      ]
      const told = JSON.stringify(captured)
      for (const name of values.join(' ').match(/[qxzjv]{9,14}/g) ?? []) assert.ok(!told.includes(name), name)
    }),
    { numRuns: 300 },
  )
})

test('words of a tool and of its parameters are told by groups only', () => {
  const told = JSON.stringify(capturer.arguments('qxzjvqxzjv_frobnicate', { qqzzqqzzqq: 1 }))
  assert.ok(!told.includes('qxzjv') && !told.includes('qqzz'))
})
