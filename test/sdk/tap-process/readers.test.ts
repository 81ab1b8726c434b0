import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { fromRoot } from '../../support/root.js'

// Not doors of the package: reached by their files.
const inside = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(fromRoot(`src/sdk/dist/tap-process/${file}.js`)).href)) as T

interface Reader {
  take(chunk: Buffer): void
}
const { LineReader } = await inside<{
  LineReader: new (
    listener: { message(message: unknown): void; unread(why: string, bytes: number): void },
    maxBytes: number,
  ) => Reader & { end(): void }
}>('lines')
const { EventStreamReader } = await inside<{
  EventStreamReader: new (
    listener: { event(name: string, data: string): void; unread(size: number): void },
    most: number,
  ) => Reader
}>('event-stream')

/** The bytes in pieces, cut at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end))
}

const cuts = fc.array(fc.nat(), { maxLength: 8 })
const message = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
  maxKeys: 3,
  noNullPrototype: true,
})

describe('lines of a stdio transport', () => {
  const read = (bytes: Buffer, at: readonly number[], maxBytes = 1_000_000) => {
    const seen: unknown[] = []
    const reader = new LineReader(
      { message: (one) => seen.push(one), unread: (why, size) => seen.push([why, size]) },
      maxBytes,
    )
    for (const piece of pieces(bytes, at)) reader.take(piece)
    reader.end()
    return seen
  }

  test('are the same messages however the bytes were cut, with or without carriage returns and a last line end', () => {
    fc.assert(
      fc.property(
        fc.array(message),
        cuts,
        fc.constantFrom('\n', '\r\n', '\n\n'),
        fc.boolean(),
        (messages, at, end, ended) => {
          const text = messages.map((one) => JSON.stringify(one)).join(end) + (ended ? end : '')
          assert.deepEqual(read(Buffer.from(text), at), JSON.parse(JSON.stringify(messages)))
        },
      ),
    )
  })

  test('that are too long, or no messages, are told by their size; those around them are read', () => {
    fc.assert(
      fc.property(cuts, (at) => {
        const bytes = Buffer.concat([
          Buffer.from(`{"a":1}\n${'x'.repeat(50)}\n42\n`),
          Buffer.from([0xff, 0x00, 0x0a]),
          Buffer.from('[{"b":2},{"c":3}]\n'),
        ])
        assert.deepEqual(read(bytes, at, 20), [
          { a: 1 },
          ['too_long', 50],
          ['not_json', 2],
          ['not_json', 2],
          { b: 2 },
          { c: 3 },
        ])
      }),
    )
  })
})

describe('events of a stream', () => {
  const read = (text: string, at: readonly number[], most = 1_000_000) => {
    const seen: unknown[] = []
    const reader = new EventStreamReader({ event: (...one) => seen.push(one), unread: (size) => seen.push(size) }, most)
    for (const piece of pieces(Buffer.from(text), at)) reader.take(piece)
    return seen
  }

  test('are the same however the bytes were cut: names, data of several lines, comments, other fields', () => {
    const text = [
      ': hello\n\n',
      'event: endpoint\ndata: /post?a=1\n\n',
      'id: 7\r\ndata: é1\r\ndata:2\r\n\r\n',
      'data\n\n',
      'data: no end',
    ]
    fc.assert(
      fc.property(cuts, (at) => {
        assert.deepEqual(read(text.join(''), at), [
          ['endpoint', '/post?a=1'],
          ['message', 'é1\n2'],
          ['message', ''],
        ])
      }),
    )
  })

  test('that are too long are told by their size; the next is read', () => {
    fc.assert(
      fc.property(cuts, (at) => {
        assert.deepEqual(read(`data: ${'x'.repeat(50)}\ndata: y\n\ndata: z\n\n`, at, 30), [63, ['message', 'z']])
      }),
    )
  })
})
