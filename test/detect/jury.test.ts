import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bench } from '../../src/detect/bench.js'
import type { Named } from '../../src/detect/catalogue.js'
import type { SessionDetector, Verdict } from '../../src/detect/contract.js'
import { Jury } from '../../src/detect/jury.js'
import { defaultPolicy } from '../../src/detect/policy.js'
import type { Piece } from '../../src/detect/sessions.js'
import { Telemetry } from '../../src/telemetry.js'
import { detecting, draftAbout, findsCallsOf, silent } from '../support/detect.js'
import { auditEvent, baseTime, second } from '../support/events.js'

const everything = { from: 0, to: Number.MAX_SAFE_INTEGER }
const event = auditEvent({ eventId: 'c1', tool: 'pay', endedAt: baseTime })
const piece: Piece = { tenant: 'acme', id: 'c:1', subject: 'alice', events: [event], truncated: false }
const good = findsCallsOf('pay', 'good')

function jury(detectors: readonly Named<SessionDetector>[], given: { clock?: { now: number }; bench?: Bench } = {}) {
  const clock = given.clock ?? { now: baseTime + second }
  const telemetry = new Telemetry()
  const made = new Jury({
    detectors,
    policies: () => defaultPolicy,
    budgetMs: 20,
    now: () => clock.now,
    log: silent,
    telemetry,
    ...(given.bench === undefined ? {} : { bench: given.bench }),
  })
  return { jury: made, telemetry }
}

test('a detector that throws is reported and does not stop the others', () => {
  const bad = detecting('bad', () => {
    throw new TypeError('the password is hunter2')
  })
  const { jury: both, telemetry } = jury([bad, good])
  const verdicts = both.judge(piece, everything)
  assert.deepEqual(
    verdicts.findings.map(({ detector }) => detector),
    ['good'],
  )
  assert.deepEqual(
    verdicts.notEvaluated.map(({ detector, input }) => [detector, input]),
    [['bad', 'detector']],
  )
  assert.deepEqual(
    both.takeRuns().map(({ detector, outcome, reason }) => [detector, outcome, reason]),
    [
      ['bad', 'error', 'TypeError'],
      ['good', 'ok', ''],
    ],
  )
  assert.ok(telemetry.counters().some(({ name, reason }) => name === 'failed' && reason === 'error:bad'))
  assert.ok(!JSON.stringify([verdicts, both.takeRuns(), telemetry.counters()]).includes('hunter2'))
})

test('a detector that never ends is ended, and the others still judge', () => {
  const stuck = detecting('stuck', () => {
    for (;;);
  })
  const { jury: both } = jury([stuck, good])
  assert.deepEqual(
    both.judge(piece, everything).findings.map(({ detector }) => detector),
    ['good'],
  )
  assert.deepEqual(
    both.takeRuns().map(({ detector, outcome }) => [detector, outcome]),
    [
      ['stuck', 'timeout'],
      ['good', 'ok'],
    ],
  )
})

test('all detectors together have one budget: who had no turn is not evaluated, and does not sit out for it', () => {
  const clock = { now: baseTime }
  const bench = new Bench()
  const slow = (id: string) =>
    detecting(id, () => {
      clock.now += 199_000
      return []
    })
  const { jury: many } = jury([slow('a'), slow('b'), slow('c'), good], { clock, bench })
  for (const id of ['1', '2', '3', '4']) {
    const { findings, notEvaluated } = many.judge({ ...piece, id }, everything)
    assert.deepEqual(findings, [], 'a, b and c took the 400 ms there are')
    assert.deepEqual(notEvaluated.at(-1)?.because, 'others used up the time that all detectors have for a session')
    if (many.bench.rests('a', 'acme', clock.now)) break
  }
  assert.ok(many.bench.rests('a', 'acme', clock.now), 'who takes the time sits out')
  assert.ok(!many.bench.rests('good', 'acme', clock.now))
  assert.equal(many.judge({ ...piece, id: '5' }, everything).findings.length, 1)
})

test('a detector over its budget is reported, and what it found counts', () => {
  const clock = { now: baseTime }
  const slow = detecting('slow', ({ events }): Verdict => {
    clock.now += 21_000
    return events.map((one) => draftAbout(one))
  })
  const { jury: one } = jury([slow], { clock })
  assert.equal(one.judge(piece, everything).findings.length, 1)
  assert.deepEqual(
    one.takeRuns().map(({ outcome, duration_us }) => [outcome, duration_us]),
    [['over_budget', 21_000]],
  )
})

test('a detector that returns nonsense is one that failed', () => {
  for (const nonsense of [undefined, null, 5, [{}], [{ anchor: null }], [{ anchor: event }]]) {
    const odd = detecting('odd', () => nonsense as unknown as Verdict)
    const verdicts = jury([odd, good]).jury.judge(piece, everything)
    assert.deepEqual(
      verdicts.findings.map(({ detector }) => detector),
      ['good'],
      JSON.stringify(nonsense),
    )
    assert.equal(verdicts.notEvaluated.length, 1)
  }
})

test('a benched detector is asked nothing and says not evaluated', () => {
  const bench = new Bench()
  let asked = 0
  const bad = detecting('bad', () => {
    asked++
    throw new Error('no')
  })
  const { jury: one } = jury([bad], { bench })
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    const { notEvaluated } = one.judge({ ...piece, id }, everything)
    assert.equal(notEvaluated[0]?.input, 'detector')
  }
  assert.equal(asked, 3)
})

test('what cannot be judged for want of an input is told with its reason', () => {
  const blind = detecting('blind', () => ({ notEvaluated: 'history', because: 'too young' }))
  const { findings, notEvaluated } = jury([blind]).jury.judge(piece, everything)
  assert.deepEqual(findings, [])
  assert.deepEqual(
    notEvaluated.map(({ tenant, session, detector, input, because }) => ({
      tenant,
      session,
      detector,
      input,
      because,
    })),
    [{ tenant: 'acme', session: 'c:1', detector: 'blind', input: 'history', because: 'too young' }],
  )
})

test('a verdict that rests on absence waits until its settle time is over', () => {
  const clock = { now: baseTime + 9 * second }
  const absent = detecting('absent', ({ events }) => events.map((one) => draftAbout(one)), { settleMs: 10_000 })
  const { jury: one } = jury([absent], { clock })
  assert.equal(one.judge(piece, everything).findings.length, 0)
  clock.now = baseTime + 10 * second
  assert.equal(one.judge(piece, everything).findings.length, 1)
})

test('a finding is the same whoever judges it when, and different in another tenant', () => {
  const first = jury([good], { clock: { now: baseTime } }).jury.judge(piece, everything).findings[0]
  const later = jury([good], { clock: { now: baseTime + 99 * second } }).jury.judge(
    { ...piece, id: 'other' },
    everything,
  ).findings[0]
  const elsewhere = jury([good]).jury.judge({ ...piece, tenant: 'umbrella' }, everything).findings[0]
  assert.equal(later?.fingerprint, first?.fingerprint)
  assert.notEqual(elsewhere?.fingerprint, first?.fingerprint)
})

test('texts and lists of a finding are bounded, and its numbers are numbers', () => {
  const wordy = detecting('wordy', ({ events }) => [
    draftAbout(event, {
      summary: 'x'.repeat(1e6),
      calls: Array(5000).fill(events[0]),
      steps: Array(5000).fill({ recordId: 'r', eventId: 'e', at: 1, part: 'action', note: 'n'.repeat(1e4) }),
      score: { infinite: Number.POSITIVE_INFINITY, none: Number.NaN, two: 2 },
    }),
  ])
  const [finding] = jury([wordy]).jury.judge(piece, everything).findings
  assert.ok(JSON.stringify(finding).length < 200_000)
  assert.deepEqual(finding?.score, { two: 2 })
})
