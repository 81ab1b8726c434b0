/** What people do with incidents, over the real store: lists, states, silences, reach, risk and what verdicts say of detectors. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { joinFindings } from '../../src/alert/joining.js'
import { stableId } from '../../src/audit-event.js'
import type { Finding } from '../../src/finding.js'
import {
  act,
  entityRisk,
  expireSilence,
  faultsOf,
  feedback,
  historyOf,
  type Incident,
  incidentList,
  keepSilence,
  keepVersions,
  listedOf,
  matcherOf,
  reachOf,
  refusal,
  type Silence,
  silencer,
  silencesOf,
  stateOf,
  type TriageAction,
  type TriageStep,
  triageSteps,
} from '../../src/incidents.js'
import type { Store } from '../../src/store/index.js'
import { auditEvent, baseTime as eventTime } from '../support/events.js'
import { baseTime, finding, findingRow, second } from '../support/findings.js'
import { openTestStore } from '../support/store.js'

const minute = 60 * second
const incidentOf = (given: Partial<Finding> & { readonly anchor: string }): Incident => {
  const [made] = joinFindings([finding({ session: `c:${given.anchor}`, ...given })], [], given.at ?? baseTime)
  assert.ok(made)
  return made.incident
}

let taken = 0
const step = (incident: Incident, action: TriageStep, given: Partial<TriageAction> = {}): TriageAction => ({
  id: stableId('step', String(taken++)),
  tenant: incident.tenant,
  incident: incident.id,
  version: incident.version,
  action,
  value: '',
  text: '',
  actor: 'ada',
  by: 'person',
  at: baseTime + taken * second,
  ...given,
})
const silence = (given: Partial<Silence> = {}): Silence => ({
  id: stableId('silence', 'one'),
  tenant: '',
  version: 1,
  matchers: ['server="mail"'],
  owner: 'ada',
  reason: 'planned test',
  startsAt: baseTime,
  endsAt: baseTime + 60 * minute,
  actor: 'ada',
  at: baseTime,
  ...given,
})

describe('the state of an incident', () => {
  const one = incidentOf({ anchor: 'a' })

  test('is what the last step says, and who took it', () => {
    const state = stateOf(
      [step(one, 'acknowledge'), step(one, 'assign', { value: 'bob' }), step(one, 'resolve', { actor: 'bob', at: 7 })],
      1,
    )
    assert.deepEqual(state, {
      status: 'resolved',
      reopened: false,
      assignee: 'bob',
      verdict: '',
      by: 'bob',
      since: 7,
      comments: 0,
    })
  })

  test('a resolution holds for what the person saw: a later version is open again', () => {
    const steps = [step(one, 'resolve')]
    assert.equal(stateOf(steps, 1).status, 'resolved')
    assert.deepEqual([stateOf(steps, 2).status, stateOf(steps, 2).reopened], ['open', true])
    assert.equal(stateOf([step(one, 'acknowledge')], 2).status, 'acknowledged')
  })

  test('steps that say nothing are refused, those that say something are not', () => {
    const open = stateOf([], 1)
    const acknowledged = stateOf([step(one, 'acknowledge')], 1)
    assert.match(refusal(acknowledged, 'acknowledge', '') ?? '', /acknowledged already/)
    assert.match(refusal(open, 'reopen', '') ?? '', /it is open/)
    assert.match(refusal(open, 'verdict', 'maybe') ?? '', /true_positive, benign/)
    for (const action of ['acknowledge', 'resolve', 'comment', 'assign'] as const)
      assert.equal(refusal(open, action, ''), undefined)
  })

  test('no row of steps that were allowed leads to a state that allows none', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...triageSteps), { maxLength: 20 }), (wanted) => {
        const history: TriageAction[] = []
        for (const action of wanted)
          if (refusal(stateOf(history, 1), action, 'undetermined') === undefined)
            history.push(step(one, action, { value: 'undetermined' }))
        const state = stateOf(history, 1)
        const next = state.status === 'resolved' ? 'reopen' : 'resolve'
        assert.equal(refusal(state, next, ''), undefined)
      }),
    )
  })
})

describe('matchers and silences', () => {
  const incident = incidentOf({ anchor: 'a', server: 'mail', subject: 'alice@corp.example' })
  const fits = (source: string): boolean => {
    const read = matcherOf(source)
    assert.equal(typeof read, 'function', String(read))
    return typeof read === 'function' && read(incident)
  }

  test('a matcher fits where one of the values is it, and a negative one where none is', () => {
    assert.ok(fits('server=mail'))
    assert.ok(fits('subject=~".*@corp\\\\.example"'))
    assert.ok(!fits('server!="mail"'))
    assert.ok(fits('tool!~"delete_.*"'))
    assert.ok(fits(`incident="${incident.id}"`))
  })

  test('what is wrong with a silence is told all at once', () => {
    const faults = faultsOf(
      silence({ matchers: ['sevrity=high'], owner: ' ', reason: '', endsAt: baseTime + 32 * 86_400 * second }),
    )
    assert.equal(faults.length, 4)
    assert.match(faults.join('\n'), /no label sevrity/)
    assert.match(faults.join('\n'), /at most 31 days/)
    assert.deepEqual(faultsOf(silence()), [])
  })

  test('a silence covers its tenant, its time and what all its matchers fit', () => {
    const covered = (given: Partial<Silence>, at = baseTime): boolean =>
      silencer([silence(given)])(incident, at) !== undefined
    assert.ok(covered({}))
    assert.ok(covered({ tenant: 'acme' }))
    assert.ok(!covered({ tenant: 'globex' }))
    assert.ok(!covered({ matchers: ['server=mail', 'severity=critical'] }))
    assert.ok(!covered({}, baseTime - 1))
    assert.ok(!covered({}, baseTime + 60 * minute))
  })
})

describe('in the store', () => {
  let store: Store
  const ends: (() => unknown)[] = []
  before(async () => {
    store = await openTestStore({ after: (end) => void ends.push(end as () => unknown) })
  })
  beforeEach(async () => {
    for (const table of ['findings', 'incidents', 'triage', 'silences'])
      await store.command(`TRUNCATE TABLE ${table} SYNC`)
  })
  after(async () => {
    for (const end of ends) await end()
  })

  const high = incidentOf({ anchor: 'high', title: 'First 100% story_' })
  const low = {
    ...incidentOf({ anchor: 'low', severity: 'low', detector: 'tool-probing' }),
    updatedAt: baseTime + minute,
  }
  const theirs = incidentOf({ anchor: 'theirs', tenant: 'globex' })

  test('the list filters by tenant, status, severity, detector and text, and says whether there is more', async () => {
    await keepVersions(store, [high, low, theirs])
    await store.insert(
      'findings',
      [high, low, theirs].map(({ tenant, findings: [one] }) =>
        findingRow(finding({ anchor: String(one?.anchor), tenant, detector: String(one?.detector) })),
      ),
    )
    await act(store, [step(high, 'acknowledge'), step(low, 'comment', { text: 'hm' })])
    const ids = async (request: Partial<Parameters<typeof incidentList>[1]>) => {
      const { incidents } = await incidentList(store, { tenant: 'acme', most: 10, ...request })
      return incidents.map(({ incident }) => incident.id)
    }
    assert.deepEqual(await ids({}), [low.id, high.id])
    assert.deepEqual(await ids({ sort: 'severity' }), [high.id, low.id])
    assert.deepEqual((await ids({ tenant: undefined })).length, 3)
    assert.deepEqual(await ids({ status: ['acknowledged'] }), [high.id])
    assert.deepEqual(await ids({ status: ['open'] }), [low.id])
    assert.deepEqual(await ids({ severity: ['low'] }), [low.id])
    assert.deepEqual(await ids({ detector: 'tool-probing' }), [low.id])
    assert.deepEqual(await ids({ text: '100% STORY_' }), [high.id])
    assert.deepEqual(await ids({ text: "' OR 1 --" }), [])
    assert.deepEqual(await ids({ session: low.session }), [low.id])
    assert.deepEqual(await ids({ session: low.session.slice(0, -1) }), [], 'the start of a name is no session')
    assert.deepEqual(await ids({ session: 'c:another' }), [], 'no finding there yet')
    await store.insert('findings', [
      {
        ...findingRow(finding({ anchor: String(high.findings[0]?.anchor), session: 'c:another' })),
        fingerprint: high.findings[0]?.fingerprint ?? '',
      },
    ])
    assert.deepEqual(await ids({ session: 'c:another' }), [high.id], 'an incident of two sessions is of both')
    const page = await incidentList(store, { tenant: 'acme', most: 1 })
    assert.deepEqual([page.incidents.length, page.more], [1, true])
    assert.deepEqual(await ids({ most: 1, offset: 1 }), [high.id])
    const [listed] = await listedOf(store, [low.id], 'acme')
    assert.equal(listed?.state.comments, 1)
    assert.deepEqual(await listedOf(store, [theirs.id], 'acme'), [])
  })

  test('a step that is sent twice is one, and the history is in order', async () => {
    const steps = [step(high, 'acknowledge'), step(high, 'verdict', { value: 'true_positive', text: "it's <b>so</b>" })]
    await act(store, steps)
    await act(store, [...steps.slice(1)])
    assert.deepEqual(await historyOf(store, [high.id]), steps)
  })

  test('the latest version of a silence holds, for its tenant and those of all', async () => {
    const theirsOnly = silence({ id: stableId('silence', 'two'), tenant: 'globex' })
    await keepSilence(store, silence())
    await keepSilence(store, theirsOnly)
    const ended = await expireSilence(store, silence(), { actor: 'bob', now: baseTime + minute })
    assert.deepEqual(await silencesOf(store, { tenant: 'acme' }), [ended])
    assert.deepEqual(await silencesOf(store, { endsAfter: baseTime + 2 * minute }), [theirsOnly])
  })

  test('reach: other sessions with the values, the text or a rare destination; not its own, not of others, not by weak values', async () => {
    const hash = 'b76a50b04067cb73'
    const value = (kind: 'email' | 'name') => ({ kind, hash, leaf: 0 })
    const at = eventTime + 100 * minute
    const event = (conversationId: string, given: Parameters<typeof auditEvent>[0] = {}) =>
      auditEvent({ conversationId, traceId: '', endedAt: at, ...given })
    const action = event('own', { destinations: ['drop.example'], tool: 'send' })
    await store.insertEvents([
      action,
      event('shares-value', { argFingerprints: [value('email')], subject: 'bob', serverName: 'mail' }),
      event('read-text', { resultDigest: 'feed', subject: 'carol' }),
      event('sent-there', { destinations: ['drop.example'] }),
      event('nothing'),
      auditEvent({
        tenant: 'globex',
        conversationId: 'theirs',
        traceId: '',
        endedAt: at,
        argFingerprints: [value('email')],
      }),
    ])
    const incident = incidentOf({
      anchor: 'a',
      session: 'c:own',
      at,
      calls: [action.recordId],
      causes: ['text k1 feed'],
      matched: [
        { kind: 'email', hash, firstIn: 'x', usedIn: 'y' },
        { kind: 'name', hash: '00000000000000aa', firstIn: 'x', usedIn: 'y' },
      ],
    })
    const reach = await reachOf(store, incident)
    assert.deepEqual(reach.destinations, ['drop.example'])
    assert.equal(reach.total, 3)
    assert.deepEqual(
      reach.sessions.map(({ session, by, values, subjects }) => [session, by, values, subjects]).toSorted(),
      [
        ['c:read-text', ['text'], 0, ['carol']],
        ['c:sent-there', ['destination'], 0, ['alice']],
        ['c:shares-value', ['value'], 1, ['bob']],
      ],
    )
  })

  test('risk counts the severe and the fresh, and not what people found to be false', async () => {
    const row = (anchor: string, given: Partial<Finding>) => findingRow(finding({ anchor, ...given }))
    const wrong = incidentOf({ anchor: 'wrong', subject: 'carol', severity: 'critical' })
    await store.insert('findings', [
      row('a', { subject: 'alice', severity: 'high' }),
      row('b', { subject: 'bob', severity: 'high', at: baseTime - 3 * 86_400 * second }),
      row('wrong', { subject: 'carol', severity: 'critical' }),
      row('d', { subject: 'dora', severity: 'critical', maturity: 'trial' }),
      row('e', { subject: 'erin', severity: 'critical', tenant: 'globex' }),
    ])
    await keepVersions(store, [wrong])
    await act(store, [step(wrong, 'verdict', { value: 'false_positive' })])
    const risks = await entityRisk(store, 'subject', { tenant: 'acme', now: baseTime })
    assert.deepEqual(
      risks.map(({ name, score, worst }) => [name, Number(score.toFixed(6)), worst]),
      [
        ['alice', 16, 'high'],
        ['bob', 2, 'high'],
      ],
    )
  })

  test("precision is the share of a detector's verdicts that were true, benign ones too", async () => {
    const incidents = ['a', 'b', 'c', 'd', 'e'].map((anchor) => incidentOf({ anchor }))
    await keepVersions(store, incidents)
    await store.insert(
      'findings',
      incidents.map(({ findings: [one] }) => findingRow(finding({ anchor: String(one?.anchor) }))),
    )
    const said = ['true_positive', 'benign_true_positive', 'false_positive', 'undetermined']
    await act(
      store,
      said.flatMap((value, index) => step(incidents[index] as Incident, 'verdict', { value })),
    )
    // The last verdict holds.
    await act(store, [step(incidents[3] as Incident, 'verdict', { value: 'true_positive' })])
    assert.deepEqual(await feedback(store, { tenant: 'acme' }), [
      {
        detector: 'injected-action',
        incidents: 5,
        verdicts: { true_positive: 2, benign_true_positive: 1, false_positive: 1, undetermined: 0 },
        precision: 0.75,
      },
    ])
    assert.deepEqual(await feedback(store, { tenant: 'globex' }), [])
  })
})
