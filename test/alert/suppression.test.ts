/** Over the real store: what is told together, what waits, what is told again, and what people's steps lead to. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { pino } from 'pino'
import { startAlert } from '../../src/alert/index.js'
import type { DeliveryResult, Notifier, Told } from '../../src/alert/notifiers/contract.js'
import { alertSections, receiversOf } from '../../src/alert/receivers.js'
import { stableId } from '../../src/audit-event.js'
import type { Finding } from '../../src/finding.js'
import {
  act,
  expireSilence,
  type Incident,
  keepSilence,
  latestIncidents,
  type Silence,
  type TriageStep,
} from '../../src/incidents.js'
import { parsePolicy } from '../../src/policy-file.js'
import type { Store } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'
import { baseTime, finding, findingRow, second } from '../support/findings.js'
import { openTestStore } from '../support/store.js'

const minute = 60 * second
const hour = 60 * minute
let store: Store
const ends: (() => unknown)[] = []

interface Bench {
  readonly clock: { now: number }
  /** What the receiver `soc` was sent: one line a message. */
  readonly sent: string[]
  readonly telemetry: Telemetry
  answer: DeliveryResult
  found(...findings: readonly Finding[]): Promise<void>
  tick(): Promise<void>
  step(incident: Incident, action: TriageStep): Promise<void>
  incidents(): Promise<Incident[]>
}

/** `policy`: what stands beside the receivers. `together`: the receiver takes several incidents in one message. */
async function bench(policy: string, { together = false } = {}): Promise<Bench> {
  for (const table of ['findings', 'incidents', 'deliveries', 'watermarks', 'triage', 'silences'])
    await store.command(`TRUNCATE TABLE ${table} SYNC`)
  const clock = { now: baseTime }
  const telemetry = new Telemetry()
  const sent: string[] = []
  const line = ({ incident, notice }: Told): string => `${notice} ${incident.findings[0]?.anchor}`
  const [described] = receiversOf(
    parsePolicy(
      'w.yaml',
      `receivers:\n  - { name: soc, min_severity: low, slack: { url_file: none } }\n${policy}`,
      alertSections,
    ),
    { now: () => clock.now, environment: {} },
  )
  assert.ok(described)
  const made: Bench = {
    clock,
    sent,
    telemetry,
    answer: { type: 'delivered', status: 200 },
    found: (...findings) =>
      store.insert(
        'findings',
        findings.map((one) => findingRow({ ...one, foundAt: clock.now })),
      ),
    tick: async () => alert.tick(),
    step: (incident, action) =>
      act(store, [
        {
          id: stableId('step', incident.id, action, String(clock.now)),
          tenant: incident.tenant,
          incident: incident.id,
          version: incident.version,
          action,
          value: '',
          text: '',
          actor: 'ada',
          by: 'person',
          at: clock.now,
        },
      ]),
    incidents: () => latestIncidents(store, 100),
  }
  const notifier: Notifier = {
    name: 'soc',
    async deliver(incident, notice) {
      sent.push(line({ incident, notice }))
      return made.answer
    },
    ...(together
      ? {
          async deliverTogether(told: readonly Told[]) {
            sent.push(told.map(line).sort().join(' + '))
            return made.answer
          },
        }
      : {}),
  }
  const alert = startAlert({
    store,
    shares: { total: 1, owned: () => new Set([0]), close: async () => undefined },
    config: { alertEveryMs: 3_600_000, webhookUrl: '', webhookSecret: '', webhookMinSeverity: 'medium' },
    receivers: [{ ...described, notifier }],
    log: pino({ level: 'silent' }),
    telemetry,
    now: () => clock.now,
    random: () => 0.5,
  })
  ends.unshift(() => alert.close())
  return made
}

const alone = (anchor: string, given: Partial<Finding> = {}): Finding =>
  finding({ anchor, session: `c:${anchor}`, ...given })

const silence = (given: Partial<Silence> = {}): Silence => ({
  id: stableId('silence', 'one'),
  tenant: '',
  version: 1,
  matchers: ['server="mail"'],
  owner: 'ada',
  reason: 'planned test',
  startsAt: baseTime,
  endsAt: baseTime + hour,
  actor: 'ada',
  at: baseTime,
  ...given,
})

describe('what is told, when', () => {
  before(async () => {
    store = await openTestStore({ after: (end) => void ends.push(end as () => unknown) })
  })
  after(async () => {
    for (const end of ends) await end()
  })

  test('a group waits for its first company, is told in one message, and then no oftener than its interval', async () => {
    const { clock, found, tick, sent } = await bench(
      'route: { receiver: soc, group_by: [subject], group_wait: 30s, group_interval: 5m }\n',
      { together: true },
    )
    await found(alone('a'), alone('b'), alone('c', { subject: 'bob@corp.example' }))
    await tick()
    assert.deepEqual(sent, [])
    clock.now += 31 * second
    await tick()
    assert.deepEqual(sent.toSorted(), ['opened a + opened b', 'opened c'])
    await found(alone('d'))
    await tick()
    clock.now += 4 * minute
    await tick()
    assert.equal(sent.length, 2)
    clock.now += 2 * minute
    await tick()
    assert.deepEqual(sent.slice(2), ['opened d'])
  })

  test('a receiver that takes one incident at a time gets those of a group one after the other, once', async () => {
    const { clock, found, tick, sent } = await bench('route: { receiver: soc, group_by: [tenant], group_wait: 30s }\n')
    await found(alone('a'), alone('b'))
    await tick()
    clock.now += minute
    await tick()
    await tick()
    assert.deepEqual(sent.toSorted(), ['opened a', 'opened b'])
  })

  test('a group whose message fails is told whole at the next attempt', async () => {
    const made = await bench('route: { receiver: soc, group_by: [tenant], group_wait: 0s }\n', { together: true })
    await made.found(alone('a'), alone('b'))
    made.answer = { type: 'retry', reason: 'HTTP 503', status: 503 }
    await made.tick()
    made.answer = { type: 'delivered', status: 200 }
    made.clock.now += minute
    await made.tick()
    assert.deepEqual(made.sent, ['opened a + opened b', 'opened a + opened b'])
  })

  test('what nobody acknowledges is told again after the repeat interval; what is acknowledged is not', async () => {
    const { clock, found, tick, sent, step, incidents } = await bench('route: { receiver: soc, repeat_interval: 1h }\n')
    await found(alone('a'))
    await tick()
    clock.now += 59 * minute
    await tick()
    assert.deepEqual(sent, ['opened a'])
    clock.now += 2 * minute
    await tick()
    await tick()
    assert.deepEqual(sent, ['opened a', 'reminded a'])
    const [incident] = await incidents()
    assert.ok(incident)
    await step(incident, 'acknowledge')
    clock.now += 2 * hour
    await tick()
    assert.deepEqual(sent.slice(2), ['acknowledged a'])
  })

  test('without a repeat interval the same incident is told once', async () => {
    const { clock, found, tick, sent } = await bench('route: { receiver: soc }\n')
    await found(alone('a'))
    for (let day = 0; day < 3; day++) {
      await tick()
      clock.now += 24 * hour
    }
    assert.deepEqual(sent, ['opened a'])
  })

  test('who was told of an incident is told that it is acknowledged and over, once, and others are not', async () => {
    const { clock, found, tick, sent, step, incidents } = await bench('route: { receiver: soc }\n')
    await found(alone('a'), alone('b', { severity: 'info' }))
    await tick()
    for (const incident of await incidents()) await step(incident, 'acknowledge')
    clock.now += second
    await tick()
    await tick()
    for (const incident of await incidents()) await step(incident, 'resolve')
    clock.now += second
    await tick()
    await tick()
    assert.deepEqual(sent, ['opened a', 'acknowledged a', 'resolved a'])
  })

  test('a step that could not be told is told later, and only the last of several', async () => {
    const made = await bench('route: { receiver: soc }\n')
    await made.found(alone('a'))
    await made.tick()
    const [incident] = await made.incidents()
    assert.ok(incident)
    made.answer = { type: 'retry', reason: 'no answer', status: 0 }
    await made.step(incident, 'acknowledge')
    made.clock.now += second
    await made.tick()
    await made.step(incident, 'resolve')
    made.answer = { type: 'delivered', status: 200 }
    made.clock.now += minute
    await made.tick()
    assert.deepEqual(made.sent, ['opened a', 'acknowledged a', 'resolved a'])
  })

  test('new evidence reopens what was resolved: the news is told, and no late word of an end', async () => {
    const made = await bench('route: { receiver: soc }\n')
    await made.found(alone('a'))
    await made.tick()
    const [incident] = await made.incidents()
    assert.ok(incident)
    await made.step(incident, 'resolve')
    made.clock.now += second
    await made.found(alone('a2', { session: 'c:a', at: baseTime + second }))
    await made.tick()
    assert.deepEqual(made.sent, ['opened a', 'updated a'])
  })

  test('what is resolved before it was told is not told any more', async () => {
    const made = await bench('route: { receiver: soc }\n')
    await keepSilence(store, silence())
    await made.found(alone('a'))
    await made.tick()
    const [incident] = await made.incidents()
    assert.ok(incident)
    await made.step(incident, 'resolve')
    made.clock.now += 2 * hour
    await made.tick()
    assert.deepEqual(made.sent, [])
  })

  test('a silenced incident stands in the list, is counted, and is told when the silence ends', async () => {
    const { clock, found, tick, sent, telemetry, incidents } = await bench('route: { receiver: soc }\n')
    await keepSilence(store, silence())
    await found(alone('a'), alone('b', { server: 'files' }))
    await tick()
    assert.deepEqual(sent, ['opened b'])
    assert.equal((await incidents()).length, 2)
    assert.equal(telemetry.gauges().get('alert_silenced'), 1)
    clock.now += minute
    await expireSilence(store, silence(), { actor: 'ada', now: clock.now })
    await tick()
    assert.deepEqual(sent, ['opened b', 'opened a'])
    assert.equal(telemetry.gauges().get('alert_silenced'), 0)
  })

  test("a tenant's silence holds in no other", async () => {
    const { found, tick, sent } = await bench('route: { receiver: soc }\n')
    await keepSilence(store, silence({ tenant: 'acme' }))
    await found(alone('a'), alone('b', { tenant: 'globex' }))
    await tick()
    assert.deepEqual(sent, ['opened b'])
  })

  test('an incident that another explains is held back while that one stands', async () => {
    const { clock, found, tick, sent, step, incidents } = await bench(`route: { receiver: soc }
inhibit_rules:
  - { source_matchers: [severity=high], target_matchers: [severity=low], equal: [subject] }
`)
    await found(
      alone('a'),
      alone('b', { severity: 'low' }),
      alone('c', { severity: 'low', subject: 'bob@corp.example' }),
    )
    await tick()
    assert.deepEqual(sent.toSorted(), ['opened a', 'opened c'])
    const source = (await incidents()).find(({ severity }) => severity === 'high')
    assert.ok(source)
    await step(source, 'resolve')
    clock.now += minute
    await tick()
    assert.deepEqual(sent.slice(2).toSorted(), ['opened b', 'resolved a'])
  })

  test('a route tells nothing outside its times, and then what still stands', async () => {
    // 2026-11-24 is a Tuesday, 03:00 UTC is 04:00 in Berlin.
    const { clock, found, tick, sent } = await bench(`time_intervals:
  - name: office
    time_intervals:
      - { times: [{ start_time: "08:00", end_time: "18:00" }], weekdays: ["monday:friday"], location: Europe/Berlin }
route:
  receiver: soc
  routes: [{ active_time_intervals: [office] }]
`)
    await found(alone('a'))
    await tick()
    assert.deepEqual(sent, [])
    clock.now += 3 * hour + 59 * minute
    await tick()
    assert.deepEqual(sent, [])
    clock.now += 2 * minute
    await tick()
    assert.deepEqual(sent, ['opened a'])
  })
})
