import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { joinFindings, joinWindow, severityOf } from '../../src/alert/joining.js'
import { type Severity, severities, severityRank } from '../../src/finding.js'
import type { Incident } from '../../src/incidents/incident.js'
import { baseTime, evidence, finding, second } from '../support/findings.js'

const now = baseTime + 60 * second

/** The incidents after some rounds of findings, latest versions. */
function after(...rounds: Parameters<typeof joinFindings>[0][]): Incident[] {
  const latest = new Map<string, Incident>()
  for (const round of rounds)
    for (const { incident } of joinFindings(round, [...latest.values()], now)) latest.set(incident.id, incident)
  return [...latest.values()]
}

test('findings of one session join whatever detector made them', () => {
  const incidents = after([finding({ anchor: 'a' })], [finding({ anchor: 'b', detector: 'outbound-volume' })])
  assert.equal(incidents.length, 1)
  assert.equal(incidents[0]?.version, 2)
  assert.deepEqual(
    incidents[0]?.findings.map((item) => item.anchor),
    ['a', 'b'],
  )
})

test('findings of two sessions or two tenants stay apart, also where the session has the same name', () => {
  const incidents = after([
    finding({ anchor: 'a' }),
    finding({ anchor: 'b', session: 'c:another' }),
    finding({ anchor: 'c', tenant: 'globex' }),
  ])
  assert.equal(incidents.length, 3)
})

test('sessions that read the same orders are one story, each with all that followed in it', () => {
  const text = { causes: ['text k1 5f0a'] }
  const incidents = after(
    [finding({ anchor: 'a', session: 'c:1', ...text })],
    [finding({ anchor: 'b', session: 'c:2', ...text }), finding({ anchor: 'c', session: 'c:3' })],
    [finding({ anchor: 'd', session: 'c:2', detector: 'sensitive-to-sink' })],
  )
  assert.deepEqual(
    incidents.map(({ findings }) => findings.map(({ anchor }) => anchor).sort()),
    [['a', 'b', 'd'], ['c']],
  )
})

test('what is known of its own session goes before another session with the same text', () => {
  const text = { causes: ['text k1 5f0a'] }
  const incidents = after(
    [finding({ anchor: 'a', session: 'c:1' }), finding({ anchor: 'b', session: 'c:2', ...text })],
    [finding({ anchor: 'c', session: 'c:1', ...text })],
  )
  assert.deepEqual(
    incidents.map(({ findings }) => findings.map(({ anchor }) => anchor).sort()),
    [['a', 'c'], ['b']],
  )
})

test('the same text in another tenant, or on trial, is another story', () => {
  const text = { causes: ['text k1 5f0a'] }
  const incidents = after([
    finding({ anchor: 'a', session: 'c:1', ...text }),
    finding({ anchor: 'b', session: 'c:2', tenant: 'globex', ...text }),
    finding({ anchor: 'c', session: 'c:3', maturity: 'trial', ...text }),
  ])
  assert.equal(incidents.length, 3)
})

test('without a session the cause is the detector with subject, server and tool', () => {
  const drip = { session: '', detector: 'slow-drip' }
  const incidents = after([
    finding({ anchor: 'a', ...drip }),
    finding({ anchor: 'b', ...drip, at: baseTime + second }),
    finding({ anchor: 'c', ...drip, tool: 'another' }),
    finding({ anchor: 'd', ...drip, detector: 'new-destination' }),
  ])
  assert.deepEqual(incidents.map((incident) => incident.findings.length).sort(), [1, 1, 2])
})

test('names that contain each other make different group keys', () => {
  const incidents = after([
    finding({ anchor: 'a', session: '', subject: 'x","y', server: 'z' }),
    finding({ anchor: 'b', session: '', subject: 'x', server: 'y","z' }),
  ])
  assert.equal(incidents.length, 2)
})

test('a finding within a day of the evidence joins, a later one opens a new incident', () => {
  const first = finding({ anchor: 'a' })
  const inside = finding({ anchor: 'b', at: baseTime + joinWindow })
  const outside = finding({ anchor: 'c', at: baseTime + 2 * joinWindow + 1 })
  assert.equal(after([first], [inside]).length, 1)
  assert.equal(after([first], [inside], [outside]).length, 2)
})

test('the id depends on tenant, cause and first finding alone', () => {
  const [one] = after([finding({ anchor: 'a', severity: 'low', foundAt: now })])
  const [same] = after([finding({ anchor: 'a', severity: 'high' })], [finding({ anchor: 'b' })])
  const [other] = after([finding({ anchor: 'b' })])
  assert.equal(one?.id, same?.id)
  assert.notEqual(one?.id, other?.id)
})

test('a finding that an incident holds makes no version', () => {
  const known = after([finding({ anchor: 'a' })])
  assert.deepEqual(joinFindings([finding({ anchor: 'a' })], known, now), [])
  const changes = joinFindings([finding({ anchor: 'a' }), finding({ anchor: 'b' })], known, now)
  assert.deepEqual(
    changes.map(({ change, incident }) => [change, incident.version, incident.findings.length]),
    [['updated', 2, 2]],
  )
})

test('findings that come together make one version', () => {
  const changes = joinFindings([finding({ anchor: 'a' }), finding({ anchor: 'b' })], [], now)
  assert.deepEqual(
    changes.map(({ change, incident }) => [change, incident.version, incident.openedAt]),
    [['opened', 1, now]],
  )
})

test('a trial finding keeps out of the incidents that page', () => {
  const incidents = after(
    [finding({ anchor: 'a' })],
    [finding({ anchor: 'b', maturity: 'trial', severity: 'critical' })],
  )
  assert.deepEqual(
    incidents.map((incident) => [incident.maturity, incident.severity, incident.findings.length]),
    [
      ['stable', 'high', 1],
      ['trial', 'critical', 1],
    ],
  )
})

test('two detectors that agree raise the severity by one step, light ones do not', () => {
  const said = (...given: [string, Severity][]): Severity =>
    severityOf(given.map(([detector, severity]) => ({ detector, severity })))
  assert.equal(said(['a', 'medium']), 'medium')
  assert.equal(said(['a', 'medium'], ['a', 'medium']), 'medium')
  assert.equal(said(['a', 'medium'], ['b', 'medium']), 'high')
  assert.equal(said(['a', 'high'], ['b', 'low']), 'high')
  assert.equal(said(['a', 'critical'], ['b', 'critical']), 'critical')
})

test('severity never falls and is never below any finding, whatever the order of arrival', () => {
  const some = fc.array(
    fc.record({ severity: fc.constantFrom(...severities), detector: fc.constantFrom('a', 'b', 'c') }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  fc.assert(
    fc.property(some, (given) => {
      let known: Incident[] = []
      let before = 0
      for (const [index, item] of given.entries()) {
        known = joinFindings([finding({ anchor: `call-${index}`, ...item })], known, now).map(
          ({ incident }) => incident,
        )
        const rank = severityRank(known[0]?.severity ?? 'info')
        assert.ok(rank >= before && rank >= severityRank(item.severity))
        before = rank
      }
    }),
  )
})

test('the timeline has each record once, in time order, in its most telling part and with both notes', () => {
  const [incident] = after(
    [
      finding({
        anchor: 'a',
        steps: [evidence('late', baseTime + second, 'context'), evidence('shared', baseTime, 'source', 'read')],
      }),
    ],
    [
      finding({
        anchor: 'b',
        steps: [evidence('shared', baseTime, 'action', 'sent'), evidence('early', baseTime - second, 'request')],
      }),
    ],
  )
  assert.deepEqual(
    incident?.timeline.map((step) => [step.eventId, step.part, step.note]),
    [
      ['early', 'request', 'record early'],
      ['shared', 'action', 'read; sent'],
      ['late', 'context', 'record late'],
    ],
  )
  assert.deepEqual([incident?.firstAt, incident?.lastAt], [baseTime - second, baseTime + second])
})

test('an incident stays of bounded size: it fills up, and a further finding opens the next', () => {
  const many = Array.from({ length: 250 }, (_, index) =>
    finding({
      anchor: `call-${index}`,
      at: baseTime + index * second,
      steps: [0, 1, 2, 3, 4].map((step) =>
        evidence(`${index}/${step}`, baseTime + index * second + step, 'context', 'x'.repeat(5_000)),
      ),
      matched: [0, 1].map((value) => ({ kind: 'email', hash: `${index}${value}`, firstIn: 'a', usedIn: 'b' })),
    }),
  )
  const incidents = after(many)
  assert.deepEqual(incidents.map((incident) => incident.findings.length).sort(), [100, 100, 50])
  for (const incident of incidents) assert.ok(JSON.stringify(incident).length < 300_000)
  const omitted = incidents.map((incident) => incident.omitted)
  assert.ok(omitted.every((count) => count > 0))
})

test('the most severe finding leads title and sentence, whatever came first', () => {
  const [incident] = after(
    [finding({ anchor: 'a', title: 'Early', summary: 'early', severity: 'low' })],
    [finding({ anchor: 'b', title: 'Worst', summary: 'worst.', severity: 'high', at: baseTime + second })],
    [3, 4, 5].map((n) => finding({ anchor: `${n}`, title: `Later ${n}`, severity: 'low', at: baseTime + n * second })),
  )
  assert.equal(incident?.title, 'Worst + Early + Later 3 + 2 more')
  assert.equal(incident?.summary, 'worst. And 4 more findings.')
})
