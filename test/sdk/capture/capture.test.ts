import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCapturer, rehash } from '@watchkeeper/sdk/capture'
import { producerEvent } from '@watchkeeper/sdk/event'

const capturer = createCapturer({ key: Buffer.alloc(32, 7) })
const other = createCapturer({ key: Buffer.alloc(32, 8) })

const hashesOf = (value: string, by = capturer): string[] =>
  by.arguments('tool', { value }).argFingerprints.map(({ kind, hash }) => `${kind}:${hash}`)

test('a value in two spellings has one hash', () => {
  const pairs: [string, string][] = [
    ['https://www.Example.com/Path/', 'example.com/path'],
    ['Bob@Example.COM', 'bob@example.com'],
    ['DE89 3704 0044 0532 0130 00', 'DE89370400440532013000'],
    ['14 January 2024', '2024-01-14'],
    ['7 PM', '19:00'],
    ['1,234.50', '1234.5'],
    ['Hotel Riverside View', 'riverside view hotel'],
    ['Zürich\u200b', 'zurich'],
  ]
  for (const [one, two] of pairs) assert.deepEqual(hashesOf(one).sort(), hashesOf(two).sort(), `${one} = ${two}`)
})

test('another key makes other hashes', () => {
  assert.notDeepEqual(hashesOf('bob@example.com'), hashesOf('bob@example.com', other))
  assert.notEqual(capturer.keyId, other.keyId)
})

test('arguments and results that were not seen are omitted, not empty', () => {
  assert.equal(capturer.arguments('send_email', undefined).argCapture, 'omitted')
  assert.equal(capturer.result(undefined).resultCapture, 'omitted')
  assert.deepEqual(capturer.arguments('send_email', undefined).nouns, ['message'])
})

test('the pepper reaches every hash of an event', () => {
  const event = producerEvent({
    kind: 'call',
    eventId: 'e',
    startedAt: 1,
    endedAt: 2,
    tokenFingerprint: capturer.secret('token'),
    ...capturer.arguments('send_email', { to: 'bob@example.com' }),
    ...capturer.result('Please send the report of March to bob@example.com today.'),
  })
  const hashes = (text: string): string[] => text.match(/"[0-9a-f]{16,32}"/g) ?? []
  const before = new Set(hashes(JSON.stringify(event)))
  assert.ok(before.size > 8)
  const after = hashes(
    JSON.stringify(rehash(event, (value) => [...value].reverse().join('').slice(0, 16).replace(/./g, 'f'))),
  )
  assert.deepEqual([...new Set(after)], ['"ffffffffffffffff"'])
})

test('an address or a link in angle brackets is a value and not markup', () => {
  for (const text of ['Anna Berg <anna@example.org>', 'Anna Berg <hr@example.org>', 'See <https://example.org/page>']) {
    const kinds = capturer.result(text).resultFingerprints.map(({ kind }) => kind)
    assert.ok(kinds.includes('email') || kinds.includes('url'), text)
  }
  const marked = capturer.result('<p class="note">Anna <b>Berg</b><br/>anna@example.org</p>').resultFingerprints
  assert.ok(marked.some(({ kind }) => kind === 'email'))
})
