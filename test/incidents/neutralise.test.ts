import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { forBlock, forMessage, forTerminal, messageSafe } from '../../src/incidents/neutralise.js'

/** Text with much of what is dangerous in it. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]8;;http://a.b\u0007',
        '\u009b31m',
        '\r',
        '\n',
        '\0',
        '\u202e',
        '\u2066',
        '\u200b',
      ),
      fc.constantFrom('\ufeff', '\u2028', '\u{e0041}', '\u{e0101}', '\u00ad', '\ud800', '\u115f', 'é́́́́́'),
      fc.constantFrom(
        'http://a.b',
        'HTTPS://x.y/z',
        'hhttp://ttp://a.b',
        'h\u200bttp://a.b',
        '://',
        'www.a.b',
        'ftp://u:p@h.i',
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''))

const dangerous = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

test('what reaches a terminal or a message has no control, bidirectional, invisible or line-breaking character', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      assert.doesNotMatch(forTerminal(text), dangerous)
      assert.doesNotMatch(forMessage(text), dangerous)
    }),
  )
})

test('no length of text gets past the cut', () => {
  fc.assert(
    fc.property(hostile, fc.integer({ min: 1, max: 50 }), (text, most) => {
      assert.ok(Array.from(forTerminal(text, most)).length <= most)
      assert.ok(Array.from(forMessage(text, most)).length <= most)
    }),
  )
  assert.equal(forTerminal('a'.repeat(1_000), 10), `${'a'.repeat(9)}…`)
})

test('a message holds no address that a reader could click', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const safe = forMessage(text)
      assert.doesNotMatch(safe, /https?:\/\//i)
      assert.doesNotMatch(safe, /(?<!hxxps?|\[):\/\//i)
      assert.doesNotMatch(safe, /\/\/[^\s/?#]*\w\.\w/)
      assert.doesNotMatch(safe, /\bwww\./i)
    }),
  )
})

test('what is safe already stays as it is, so that neutralising twice is neutralising once', () => {
  fc.assert(
    fc.property(hostile, (text) => {
      assert.equal(forTerminal(forTerminal(text)), forTerminal(text))
      assert.equal(forMessage(forMessage(text)), forMessage(text))
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'abcXYZ019äß漢字 -_/@.') }), (text) => {
      const line = text.replace(/ +/g, ' ').trim()
      assert.equal(forTerminal(line), line)
    }),
  )
})

test('a terminal shows that something was hidden, a message leaves it out', () => {
  assert.equal(forTerminal('a\u001b[31mb'), 'a␛[31mb')
  assert.equal(forTerminal('invoice\u202egnp.exe'), 'invoice⟨U+202E⟩gnp.exe')
  assert.equal(forTerminal('hi\u{e0068}\u{e0069}!'), 'hi⟨2 hidden characters⟩!')
  assert.equal(forTerminal('two\r\nlines'), 'two lines')
  assert.equal(forMessage('invoice\u202egnp.exe'), 'invoicegnp.exe')
})

test('addresses are defanged as analysts write them', () => {
  assert.equal(forMessage('see https://evil.example.com/a.b?c=d.e'), 'see hxxps://evil[.]example[.]com/a.b?c=d.e')
  assert.equal(
    forMessage('ftp://files.evil.example and www.evil.example'),
    'ftp[:]//files[.]evil[.]example and www[.]evil.example',
  )
  assert.equal(forMessage('the tool crm.get_ticket of mail.example'), 'the tool crm.get_ticket of mail.example')
})

test('every string of a JSON value is made safe, keys too', () => {
  const given = { 'k\u202e': ['http://a.b', 3, null, { deep: 'x\u0007' }] }
  assert.deepEqual(messageSafe(given), { k: ['hxxp://a[.]b', 3, null, { deep: 'x' }] })
})

test('a block keeps its spaces and lines and nothing unseen', () => {
  assert.equal(forBlock('a:\r\n  - b\u202e\u001b[31m\n\tc\u2028d'), 'a:\n  - b⟨2 hidden characters⟩[31m\n  c d')
})
