/** What is told of a detector whose cases do not come out as they say. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOfCases, queryProofs, sessionProofs } from '../../src/detect/cases.js'
import { type QueryCase, queryDetector, type SessionCase, type Verdict } from '../../src/detect/contract.js'
import { stepOf } from '../../src/detect/evidence.js'
import { detecting, draftAbout, querying, silent } from '../support/detect.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore } from '../support/store.js'

const call = (number: number, tool: string) =>
  auditEvent({ eventId: `c${number}`, tool, endedAt: baseTime + number * second })

/** Finds calls of `drop`, in full form. */
const finder = detecting(
  'finds-drops',
  ({ events }): Verdict =>
    events
      .filter(({ tool }) => tool === 'drop')
      .map((event) => draftAbout(event, { steps: [stepOf(event, 'action', 'dropped')] })),
).detector

const story = (given: Partial<SessionCase>): SessionCase => ({
  name: 'a story',
  kind: 'fires',
  events: [call(1, 'look'), call(2, 'drop')],
  finds: ['c2'],
  ...given,
})
const faultsOf = (detector: typeof finder, given: Partial<SessionCase> = {}): readonly string[] =>
  sessionProofs(detector, [story(given)]).flatMap(({ faults }) => faults)

test('a case that comes out as it says has no fault', () => {
  assert.deepEqual(faultsOf(finder, { severity: 'high' }), [])
})

test('another finding than the case says, none, or one too many is told with both', () => {
  assert.deepEqual(faultsOf(finder, { finds: ['c1'] }), ['it found c2, where the case says c1'])
  assert.deepEqual(faultsOf(finder, { events: [call(1, 'look')] }), ['it found nothing, where the case says c2'])
  assert.deepEqual(faultsOf(finder, { kind: 'quiet', finds: [] }), ['it found c2, where the case says nothing'])
  assert.match(faultsOf(finder, { kind: 'quiet' }).join(), /of kind quiet, and finds 1/)
})

test('a severity that is not reached, or promised lower, is a fault', () => {
  const milder = detecting('milder', ({ events }) =>
    events.map((event) => draftAbout(event, { severity: 'low', steps: [stepOf(event, 'action', '')] })),
  ).detector
  assert.match(
    faultsOf(milder, { finds: ['c1', 'c2'], severity: 'high' }).join(),
    /no finding reaches the severity high/,
  )
  const promisesLess = { ...finder, about: { ...finder.about, severity: 'low' as const } }
  assert.match(faultsOf(promisesLess).join(), /more severe than low/)
})

test('evidence without its anchor is a fault', () => {
  const bare = detecting('bare', ({ events }) =>
    events.filter(({ tool }) => tool === 'drop').map((event) => draftAbout(event, { calls: [], steps: [] })),
  ).detector
  assert.deepEqual(faultsOf(bare), ['c2: the anchor is not among the calls', 'c2: the anchor is not in the evidence'])
})

test('a verdict that later events change is a fault, since a live engine has judged by then', () => {
  const looksAhead = detecting('looks-ahead', ({ events }) =>
    events
      .filter(({ tool }) => tool === 'look' && events.some((other) => other.tool === 'drop'))
      .map((event) => draftAbout(event, { steps: [stepOf(event, 'action', '')] })),
  ).detector
  const [fault = '', ...others] = faultsOf(looksAhead, { finds: ['c1'] })
  assert.deepEqual(others, [])
  assert.match(fault, /with the first 1 events alone it found nothing, with all of them c1 \(high\)/)
})

test('a detector that throws, or says it cannot judge where the case says it can, is a fault', () => {
  const throws = detecting('throws', () => {
    throw new Error('a slip')
  }).detector
  assert.match(faultsOf(throws).join(), /it threw: Error: a slip/)
  const blind = detecting('blind', () => ({ notEvaluated: 'history', because: 'none' })).detector
  assert.match(faultsOf(blind, { kind: 'quiet', finds: [] }).join(), /for want of history, where the case says nothing/)
})

test('cases that prove too little are a fault as a whole', () => {
  assert.deepEqual(faultsOfCases({ detector: finder }, [story({}), story({})]), [
    'there is no case in which it is quiet',
    'there is no case with "noisy" in its name: much that looks alike, and is harmless',
    'two cases are called "a story"',
    'no case reaches the severity high that about.severity promises',
  ])
  const enough = [story({ severity: 'high' }), story({ name: 'noisy, benign', kind: 'quiet', finds: [] })]
  assert.deepEqual(faultsOfCases({ detector: finder }, enough), [])
})

test('a query detector is told its stories on a real store, and its rows without one', async (t) => {
  const sql = `SELECT tenant, tool, count() AS calls, groupArray(record_id) AS records FROM audit
    WHERE kept_at >= {from:DateTime64(6, 'UTC')} AND kept_at < {to:DateTime64(6, 'UTC')}
      AND (empty({tenants:Array(String)}) OR tenant IN {tenants:Array(String)})
    GROUP BY tenant, tool`
  const counts = querying('counts-drops', {
    sql,
    judge: ({ tool, calls, records }) =>
      tool !== 'drop'
        ? undefined
        : {
            anchor: 'drop',
            session: '',
            subject: '',
            server: '',
            tool: 'drop',
            severity: 'high',
            summary: 'drops',
            calls: records as string[],
            score: { calls: Number(calls) },
          },
  })
  const cases: QueryCase[] = [
    { name: 'drops', kind: 'fires', events: [call(1, 'drop')], finds: 1, severity: 'high' },
    { name: 'says two', kind: 'fires', events: [call(1, 'drop')], finds: 2 },
    { name: 'looks', kind: 'quiet', events: [call(1, 'look')], finds: 0 },
    { name: 'a row', kind: 'quiet', row: { tool: 'drop' }, finds: 0 },
  ]
  const proofs = await queryProofs(counts, cases, { store: () => openTestStore(t), log: silent })
  assert.deepEqual(Object.fromEntries(proofs.map(({ name, faults }) => [name, faults])), {
    drops: [],
    'says two': ['it found "drops" (high), where the case says 2'],
    looks: [],
    'a row': ['it found 1, where the case says 0'],
  })

  const broken = { id: 'broken', detector: queryDetector({ ...counts.detector, sql: 'SELECT nothing FROM audit' }) }
  const [proof] = await queryProofs(broken, cases.slice(0, 1), { store: () => openTestStore(t), log: silent })
  assert.match(proof?.faults.join() ?? '', /nothing/)
})
