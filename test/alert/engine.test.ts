import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import fc from 'fast-check'
import { pino } from 'pino'
import { type Alert, type AlertOptions, startAlert } from '../../src/alert/index.js'
import { joinFindings } from '../../src/alert/joining.js'
import type { Notifier } from '../../src/alert/notifiers/contract.js'
import { atOnce, type Receiver } from '../../src/alert/receivers.js'
import type { Shares } from '../../src/bus/index.js'
import type { Finding } from '../../src/finding.js'
import {
  deadDeliveries,
  deliveriesOf,
  type Incident,
  keepVersions,
  latestIncidents,
  sendAgain,
} from '../../src/incidents.js'
import type { Store } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'
import { baseTime, finding, findingRow, second } from '../support/findings.js'
import { answers, type HttpReceiver, httpReceiver } from '../support/http-receiver.js'
import { openTestStore } from '../support/store.js'

const minute = 60 * second
const all: Shares = { total: 1, owned: () => new Set([0]), close: async () => undefined }

/** Alerting over a real store and a real receiver, with a clock that the test moves. */
interface Bench {
  readonly store: Store
  readonly receiver: HttpReceiver
  readonly clock: { now: number }
  readonly seen: string[]
  readonly telemetry: Telemetry
  /** Puts findings into the store as detection does, judged now. */
  found(...findings: Finding[]): Promise<void>
  /** A fresh engine on the same store, as after a restart. */
  start(options?: Partial<AlertOptions['config']> & Pick<Partial<AlertOptions>, 'shares' | 'receivers'>): Alert
}

/** Emptied for each test, which is much quicker than a new one. */
let store: Store
const written = ['findings', 'incidents', 'deliveries', 'watermarks', 'triage', 'silences']

async function bench(t: TestContext): Promise<Bench> {
  for (const table of written) await store.command(`TRUNCATE TABLE ${table} SYNC`)
  const receiver = await httpReceiver(t)
  const clock = { now: baseTime + minute }
  const seen: string[] = []
  const telemetry = new Telemetry()
  let engines = 0
  return {
    store,
    receiver,
    clock,
    seen,
    telemetry,
    found: (...findings) =>
      store.insert(
        'findings',
        findings.map((item) => findingRow({ ...item, foundAt: clock.now })),
      ),
    start({ shares = all, receivers, ...config } = {}) {
      const started = ++engines
      const alert = startAlert({
        store,
        shares,
        ...(receivers && { receivers }),
        config: {
          // The tests tick by hand.
          alertEveryMs: 3_600_000,
          webhookUrl: receiver.url,
          webhookSecret: '',
          webhookMinSeverity: 'medium',
          ...config,
        },
        log: pino({ level: 'silent' }),
        telemetry,
        // Two processes' clocks never say the same.
        now: () => clock.now + started,
        random: () => 0,
        onIncident: ({ version, severity }, change) => void seen.push(`${change} ${version} ${severity}`),
      })
      t.after(() => alert.close())
      return alert
    },
  }
}

const typesOf = (receiver: HttpReceiver): string[] =>
  receiver.received.map(({ body }) => (JSON.parse(body) as { readonly type: string }).type.replace(/.*\./, ''))

async function only(store: Store): Promise<Incident> {
  const [incident, ...others] = await latestIncidents(store, 10)
  assert.ok(incident)
  assert.equal(others.length, 0)
  return incident
}

describe('alerting over a real store and a real receiver', () => {
  const ends: (() => unknown)[] = []
  before(async () => {
    store = await openTestStore({ after: (end) => void ends.push(end as () => unknown) })
  })
  after(async () => {
    for (const end of ends) await end()
  })

  test('routes: each receiver gets what leads to it, once, and a restart changes nothing of it', async (t) => {
    const { clock, found, start } = await bench(t)
    const got: Record<string, string[]> = { critical: [], acme: [], nobody: [] }
    const to = (name: string, concerns: (incident: Incident) => boolean): Receiver => {
      const notifier: Notifier = {
        name,
        async deliver(incident, notice) {
          got[name]?.push(`${incident.tenant} ${incident.version} ${notice}`)
          return { type: 'delivered', status: 200 }
        },
      }
      return atOnce(notifier, 'low', concerns)
    }
    const receivers = [
      to('critical', ({ severity }) => severity === 'critical'),
      to('acme', ({ tenant }) => tenant === 'acme'),
      to('nobody', () => false),
    ]
    const alert = start({ receivers })
    await found(finding({ anchor: 'a' }), finding({ anchor: 'b', tenant: 'globex' }))
    await alert.tick()
    assert.deepEqual(got, { critical: [], acme: ['acme 1 opened'], nobody: [] })
    // Two detectors that say high make it critical: now it leads to the first, for whom it is new.
    clock.now += minute
    await found(finding({ anchor: 'c', tenant: 'globex', detector: 'scope-jump' }))
    await alert.tick()
    await start({ receivers }).tick()
    assert.deepEqual(got, { critical: ['globex 2 opened'], acme: ['acme 1 opened'], nobody: [] })
    const listed = await deliveriesOf(store, await latestIncidents(store, 10))
    assert.deepEqual(listed.map(({ receiver }) => receiver).sort(), ['acme', 'critical'])
  })

  test('a receiver that does not answer holds up none of the others', async (t) => {
    const { found, start } = await bench(t)
    let freed: (() => void) | undefined
    const quick: string[] = []
    const stuck = new Promise<void>((free) => {
      freed = free
    })
    const receiver = (name: string, work: (id: string) => Promise<void>): Receiver => {
      const notifier: Notifier = {
        name,
        async deliver({ id }) {
          await work(id)
          return { type: 'delivered', status: 200 }
        },
      }
      return atOnce(notifier, 'low')
    }
    const alert = start({
      alertEveryMs: 50,
      receivers: [receiver('slow', () => stuck), receiver('quick', async (id) => void quick.push(id))],
    })
    await found(finding({ anchor: 'a' }))
    while (quick.length < 1) await setTimeout(20)
    await found(finding({ anchor: 'b', session: 'c:conversation-2' }))
    while (quick.length < 2) await setTimeout(20)
    freed?.()
    await alert.close()
  })

  test('a finding becomes an incident, is shown and is delivered once', async (t) => {
    const { store, receiver, clock, seen, found, start } = await bench(t)
    const alert = start()
    await found(finding({ anchor: 'a' }))
    await alert.tick()
    clock.now += second
    await alert.tick()
    const incident = await only(store)
    assert.deepEqual(seen, ['opened 1 high'])
    assert.deepEqual(receiver.ids(), [`${incident.id}.1`])
    assert.deepEqual(
      (await deliveriesOf(store, [incident])).map(({ outcome, attempts }) => [outcome, attempts]),
      [['delivered', 1]],
    )
  })

  test('what was stored comes back as it was found', async (t) => {
    const { store, found, start } = await bench(t)
    const given = finding({
      anchor: 'it\'s \\ a "quoted"\n漢字',
      matched: [{ kind: 'id', hash: 'ff', firstIn: 'a', usedIn: 'b' }],
    })
    await found(given)
    await start().tick()
    const incident = await only(store)
    const { tenant: _tenant, maturity: _maturity, steps, matched, causes: _causes, ...kept } = given
    assert.deepEqual(incident.findings, [{ ...kept, foundAt: baseTime + minute }])
    assert.deepEqual(incident.timeline, steps)
    assert.deepEqual(incident.matched, matched)
  })

  test('a later finding of the same cause is an update, in the same process and after a restart', async (t) => {
    const { store, receiver, clock, seen, found, start } = await bench(t)
    const first = start()
    await found(finding({ anchor: 'a' }))
    await first.tick()
    clock.now += second
    await found(finding({ anchor: 'b', detector: 'outbound-volume', severity: 'medium' }))
    await first.tick()
    await first.close()
    clock.now += minute
    await found(finding({ anchor: 'c', severity: 'low' }))
    await start().tick()
    const incident = await only(store)
    assert.deepEqual(seen, ['opened 1 high', 'updated 2 critical', 'updated 3 critical'])
    assert.deepEqual(
      receiver.ids(),
      [1, 2, 3].map((version) => `${incident.id}.${version}`),
    )
    assert.deepEqual(typesOf(receiver), ['opened', 'updated', 'updated'])
  })

  test('a restart finds nothing new in what it has seen, also when the watermark was lost', async (t) => {
    const { store, receiver, seen, found, start } = await bench(t)
    await found(finding({ anchor: 'a' }), finding({ anchor: 'b', session: 'c:another' }))
    await start().tick()
    await store.insert('watermarks', [{ name: 'alert/1/0', position: 0, detail: '', at: baseTime + 3_600 * second }])
    await start().tick()
    assert.equal(seen.length, 2)
    assert.equal(receiver.received.length, 2)
  })

  test('a finding that becomes visible late, or was judged by a slow clock, is not lost', async (t) => {
    const { clock, seen, found, start } = await bench(t)
    const alert = start()
    await found(finding({ anchor: 'a' }))
    await alert.tick()
    const judgedAt = clock.now
    clock.now += 50 * second
    await alert.tick()
    clock.now = judgedAt
    await found(finding({ anchor: 'within a minute', session: 'c:2' }))
    clock.now += 55 * second
    await alert.tick()
    assert.equal(seen.length, 2)
    clock.now = judgedAt
    await found(finding({ anchor: 'later', session: 'c:3' }))
    clock.now += 90 * minute
    await alert.tick()
    assert.equal(seen.length, 3)
  })

  test('a finding that is judged again is no news', async (t) => {
    const { receiver, clock, seen, found, start } = await bench(t)
    const alert = start()
    await found(finding({ anchor: 'a' }))
    await alert.tick()
    clock.now += 30 * minute
    await found(finding({ anchor: 'a', severity: 'critical', session: 'c:resolved-otherwise' }))
    await alert.tick()
    assert.deepEqual(seen, ['opened 1 high'])
    assert.equal(receiver.received.length, 1)
  })

  test('more findings than a page holds are all taken in one look', async (t) => {
    const { store, found, start } = await bench(t)
    await found(
      ...Array.from({ length: 1_203 }, (_, index) => finding({ anchor: `${index}`, session: `c:${index % 40}` })),
    )
    await start({ webhookUrl: '' }).tick()
    const incidents = await latestIncidents(store, 1_000)
    assert.equal(incidents.length, 40)
    assert.equal(incidents.flatMap((incident) => incident.findings).length, 1_203)
  })

  test('a cause that fills an incident goes on in the next, and judges nothing twice', async (t) => {
    const { store, clock, found, start } = await bench(t)
    const alert = start({ webhookUrl: '' })
    for (let round = 0; round < 3; round++) {
      await found(...Array.from({ length: 70 }, (_, index) => finding({ anchor: `${round}/${index}` })))
      await alert.tick()
      await alert.tick()
      clock.now += second
    }
    const incidents = await latestIncidents(store, 10)
    assert.deepEqual(incidents.map((incident) => incident.findings.length).sort(), [10, 100, 100])
  })

  test('whatever the receiver does and however often we restart, it gets the latest version of every incident', async (t) => {
    const { store, receiver, clock, found, start } = await bench(t)
    const moods = [
      answers.ok,
      answers.hangUp,
      answers.half,
      answers.status(500),
      answers.status(503, { 'retry-after': '30' }),
      answers.status(429),
    ]
    const step = fc.oneof(
      fc.record({ type: fc.constant('find' as const), session: fc.integer({ min: 0, max: 4 }) }),
      fc.record({ type: fc.constant('mood' as const), mood: fc.constantFrom(...moods) }),
      fc.record({ type: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ type: fc.constant('restart' as const) }),
    )
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        const name = `run-${run++}`
        let alert = start()
        for (const [index, given] of steps.entries()) {
          if (given.type === 'find')
            await found(finding({ anchor: `${name}/${index}`, session: `${name}/${given.session}` }))
          if (given.type === 'mood') receiver.answer = given.mood
          if (given.type === 'wait') clock.now += given.seconds * second
          if (given.type === 'restart') {
            await alert.close()
            alert = start()
          }
          await alert.tick()
        }
        receiver.answer = answers.ok
        clock.now += 20 * minute
        await alert.tick()
        await alert.close()
        const latest = await latestIncidents(store, 1_000)
        const states = await deliveriesOf(store, latest)
        const sent = new Set(receiver.ids())
        for (const { id, version } of latest) {
          assert.ok(sent.has(`${id}.${version}`))
          assert.equal(states.find((state) => state.incident === id && state.version === version)?.outcome, 'delivered')
        }
      }),
      { numRuns: 4 },
    )
  })

  test('it looks and delivers by itself', async (t) => {
    const { receiver, found, start } = await bench(t)
    const arrived = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        answers.ok(response)
        resolve()
      }
    })
    const alert = start({ alertEveryMs: 20 })
    await found(finding({ anchor: 'a' }))
    await arrived
    await alert.close()
    assert.equal(receiver.received.length, 1)
  })

  test('while the store is away it says so once, and goes on when it is back', async (t) => {
    const { store, receiver, clock, found } = await bench(t)
    await found(finding({ anchor: 'a' }))
    let failures = 3
    const away: Store = {
      ...store,
      insert: (...given) => store.insert(...given),
      query: async (...given) => {
        if (failures-- > 0) throw new Error('the store is away')
        return store.query(...given)
      },
    }
    const lines: { readonly level: number; readonly msg: string }[] = []
    const arrived = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        answers.ok(response)
        resolve()
      }
    })
    const alert = startAlert({
      store: away,
      shares: all,
      config: { alertEveryMs: 5, webhookUrl: receiver.url, webhookSecret: '', webhookMinSeverity: 'low' },
      log: pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) }),
      telemetry: new Telemetry(),
      now: () => clock.now,
    })
    await arrived
    await alert.close()
    const errors = lines.filter(({ level }) => level >= 50).map(({ msg }) => msg)
    assert.ok(errors.length >= 1 && errors.length <= 2 && new Set(errors).size === errors.length, errors.join())
    assert.ok(lines.some(({ msg }) => msg.startsWith('alerting works again')))
  })

  test('trial findings are recorded and never delivered', async (t) => {
    const { store, receiver, clock, telemetry, found, start } = await bench(t)
    const alert = start()
    await found(finding({ anchor: 'a', maturity: 'trial', severity: 'critical' }))
    await alert.tick()
    clock.now += 60 * minute
    await alert.tick()
    assert.equal((await only(store)).maturity, 'trial')
    assert.equal(receiver.received.length, 0)
    assert.deepEqual(
      telemetry.counters().map(({ name, reason, value }) => [name, reason, value]),
      [
        ['received', '', 1],
        ['dropped', 'trial', 1],
      ],
    )
  })

  test('below the least severity nothing is delivered until the incident reaches it; then it is opened for the receiver', async (t) => {
    const { receiver, clock, found, start } = await bench(t)
    const alert = start({ webhookMinSeverity: 'high' })
    await found(finding({ anchor: 'a', severity: 'medium' }))
    await alert.tick()
    assert.equal(receiver.received.length, 0)
    clock.now += second
    await found(finding({ anchor: 'b', severity: 'high' }))
    await alert.tick()
    assert.deepEqual(typesOf(receiver), ['opened'])
    assert.match(receiver.ids()[0] ?? '', /\.2$/)
  })

  test('a receiver hears of nothing that was settled before it was set up', async (t) => {
    const { receiver, clock, found, start } = await bench(t)
    await found(finding({ anchor: 'old' }))
    const before = start({ webhookUrl: '' })
    await before.tick()
    await before.close()
    clock.now += minute
    const alert = start()
    await alert.tick()
    assert.equal(receiver.received.length, 0)
    await found(finding({ anchor: 'new', session: 'c:new' }))
    await alert.tick()
    assert.equal(receiver.received.length, 1)
  })

  test('a throttling receiver is left alone for as long as it asked, for every incident and across a restart', async (t) => {
    const { receiver, clock, found, start } = await bench(t)
    receiver.answer = answers.status(429, { 'retry-after': '120' })
    await found(finding({ anchor: 'a' }), finding({ anchor: 'b', session: 'c:2' }))
    await start().tick()
    receiver.answer = answers.ok
    clock.now += 119 * second
    await start().tick()
    assert.equal(receiver.received.length, 1)
    clock.now += second
    await start().tick()
    assert.equal(receiver.received.length, 3)
    assert.equal(new Set(receiver.ids()).size, 2)
  })

  test('a failing receiver is tried again with growing pauses and the same id, and gets the incident in the end', async (t) => {
    const { store, receiver, clock, telemetry, found, start } = await bench(t)
    await found(finding({ anchor: 'a' }))
    const alert = start()
    const attempts: number[] = []
    receiver.answer = answers.status(500)
    const began = clock.now
    for (; clock.now < began + 31 * second; clock.now += 2 * second) {
      const before = receiver.received.length
      await alert.tick()
      if (receiver.received.length > before) attempts.push((clock.now - began) / second)
    }
    assert.deepEqual(attempts, [0, 2, 6, 14, 30])
    receiver.answer = answers.ok
    clock.now += minute
    await alert.tick()
    await alert.tick()
    assert.equal(receiver.received.length, 6)
    assert.equal(new Set(receiver.ids()).size, 1)
    const [state] = await deliveriesOf(store, [await only(store)])
    assert.deepEqual([state?.outcome, state?.attempts], ['delivered', 6])
    assert.deepEqual(
      telemetry.counters().map(({ name, value }) => [name, value]),
      [
        ['received', 1],
        ['sent', 1],
      ],
    )
  })

  test('what a receiver refused is listed, and sent again when somebody asks, with as much patience as at first', async (t) => {
    const { store, receiver, clock, found, start } = await bench(t)
    await found(finding({ anchor: 'a' }))
    const alert = start()
    receiver.answer = answers.status(400)
    await alert.tick()
    await alert.tick()
    assert.equal(receiver.received.length, 1)
    const [dead, ...others] = await deadDeliveries(store, { tenant: 'acme', most: 10 })
    assert.ok(dead)
    assert.deepEqual([others.length, dead.outcome, dead.receiver], [0, 'refused', 'webhook'])
    assert.deepEqual(await deadDeliveries(store, { tenant: 'globex', most: 10 }), [])

    // So long ago that only the hourly look would find it; that one has just been.
    clock.now += 5 * 24 * 60 * minute
    await alert.tick()
    clock.now += minute
    await sendAgain(store, dead, { actor: 'ada', now: clock.now })
    assert.deepEqual(await deadDeliveries(store, { tenant: undefined, most: 10 }), [])
    receiver.answer = answers.status(503)
    clock.now += second
    await alert.tick()
    receiver.answer = answers.ok
    clock.now += 10 * minute
    await alert.tick()
    await alert.tick()
    assert.equal(receiver.received.length, 3)
    assert.equal((await deliveriesOf(store, [await only(store)]))[0]?.outcome, 'delivered')
  })

  test('one incident that a receiver chokes on does not hold up the others', async (t) => {
    const { receiver, clock, found, start } = await bench(t)
    receiver.answer = (response, { body }) =>
      body.includes('c:choke') ? answers.status(500)(response) : answers.ok(response)
    await found(finding({ anchor: 'a', session: 'c:choke' }), finding({ anchor: 'b', session: 'c:2' }))
    const alert = start()
    for (let round = 0; round < 3; round++) {
      await alert.tick()
      clock.now += minute
    }
    const good = receiver.received.filter(({ body }) => body.includes('c:2'))
    assert.equal(good.length, 1)
    assert.ok(receiver.received.length > 2)
  })

  test('a version that could not be delivered gives way to a newer one', async (t) => {
    const { store, receiver, clock, telemetry, found, start } = await bench(t)
    const alert = start()
    receiver.answer = answers.hangUp
    await found(finding({ anchor: 'a' }))
    await alert.tick()
    receiver.answer = answers.ok
    clock.now += second
    await found(finding({ anchor: 'b' }))
    await alert.tick()
    clock.now += 10 * minute
    await alert.tick()
    const { id } = await only(store)
    assert.deepEqual(receiver.ids(), [`${id}.1`, `${id}.2`])
    assert.deepEqual(typesOf(receiver), ['opened', 'opened'])
    assert.equal(telemetry.counters().find(({ reason }) => reason === 'superseded')?.value, 1)
  })

  test('a refused version is dead and listed, is not sent again, and a later version has its own chance', async (t) => {
    const { store, receiver, clock, found, start } = await bench(t)
    const alert = start()
    receiver.answer = answers.status(400)
    await found(finding({ anchor: 'a' }))
    await alert.tick()
    clock.now += 60 * minute
    await alert.tick()
    assert.equal(receiver.received.length, 1)
    const incident = await only(store)
    assert.deepEqual(
      (await deliveriesOf(store, [incident])).map(({ outcome, reason }) => [outcome, reason]),
      [['refused', 'answered 400']],
    )
    receiver.answer = answers.ok
    await found(finding({ anchor: 'b' }))
    await alert.tick()
    assert.deepEqual(receiver.ids(), [`${incident.id}.1`, `${incident.id}.2`])
  })

  test('after three days of attempts a version is given up, and listed with its last reason', async (t) => {
    const { store, receiver, clock, found, start } = await bench(t)
    const alert = start()
    receiver.answer = answers.status(503)
    await found(finding({ anchor: 'a' }))
    await alert.tick()
    clock.now += 3 * 24 * 60 * minute
    await alert.tick()
    clock.now += 24 * 60 * minute
    await alert.tick()
    assert.equal(receiver.received.length, 2)
    const [state] = await deliveriesOf(store, [await only(store)])
    assert.equal(state?.outcome, 'refused')
    assert.equal(state?.reason, 'gave up after 2 attempts in three days; the last: answered 503')
  })

  test('a process touches only the incidents of its shares, and takes over those of one that died', async (t) => {
    const { receiver, clock, found, start } = await bench(t)
    const owner = (...shares: number[]): Shares => ({ ...all, total: 4, owned: () => new Set(shares) })
    await found(...Array.from({ length: 40 }, (_, index) => finding({ anchor: `${index}`, tenant: `t${index}` })))
    await start({ shares: owner(0, 1) }).tick()
    const mine = receiver.received.length
    assert.ok(mine > 0 && mine < 40)
    await start({ shares: owner() }).tick()
    assert.equal(receiver.received.length, mine)
    clock.now += 10 * minute
    await start({ shares: owner(0, 1, 2, 3) }).tick()
    assert.equal(receiver.received.length, 40)
    assert.equal(new Set(receiver.ids()).size, 40)
  })

  test('two processes that own the same share for a moment lose no finding and no delivery', async (t) => {
    const { store, receiver, clock, found, start } = await bench(t)
    const engines = [start(), start()]
    const anchors: string[] = []
    for (let round = 0; round < 6; round++) {
      const fresh = [0, 1].map((index) => `${round}/${index}`)
      anchors.push(...fresh)
      await Promise.all([
        ...fresh.map((anchor) => found(finding({ anchor, session: `c:${round % 2}` }))),
        ...engines.map((alert) => alert.tick()),
      ])
      clock.now += second
    }
    await engines[0]?.tick()
    const incidents = await latestIncidents(store, 10)
    // One may open an incident for what the other has just put into its own: told twice, and never lost.
    const held = new Set(incidents.flatMap((incident) => incident.findings.map(({ anchor }) => anchor)))
    assert.deepEqual([...held].sort(), anchors.sort())
    const sent = new Set(receiver.ids())
    for (const { id, version } of incidents) assert.ok(sent.has(`${id}.${version}`))
  })

  test('what stands only in a version that lost to another of the same number is found again', async (t) => {
    const { store, clock, found, start } = await bench(t)
    const alert = start()
    const [a, b, c] = ['a', 'b', 'c'].map((anchor) => finding({ anchor })) as [Finding, Finding, Finding]
    await found(a)
    await alert.tick()
    const first = await only(store)
    await found(b, c)
    for (const [index, one] of [b, c].entries()) {
      const made = joinFindings([one], [first], clock.now + index)
      await keepVersions(
        store,
        made.map(({ incident }) => incident),
      )
    }
    assert.deepEqual((await only(store)).findings.map(({ anchor }) => anchor).sort(), ['a', 'b'])
    await alert.tick()
    const last = await only(store)
    assert.equal(last.version, 3)
    assert.deepEqual(last.findings.map(({ anchor }) => anchor).sort(), ['a', 'b', 'c'])
  })

  test('while the store takes no receipts, an incident is not sent again and again', async (t) => {
    const { store, receiver, clock, found, start } = await bench(t)
    const fault = { on: true }
    const failing: Store = {
      ...store,
      query: (...given) => store.query(...given),
      insert: async (table, rows, token) => {
        if (table === 'deliveries' && fault.on) throw new Error('disk full')
        return store.insert(table, rows, token)
      },
    }
    const alert = startAlert({
      store: failing,
      shares: all,
      config: { alertEveryMs: 3_600_000, webhookUrl: receiver.url, webhookSecret: '', webhookMinSeverity: 'low' },
      log: pino({ level: 'silent' }),
      telemetry: new Telemetry(),
      now: () => clock.now,
    })
    t.after(() => alert.close())
    await found(finding({ anchor: 'a' }))
    for (let round = 0; round < 3; round++) await assert.rejects(alert.tick(), /disk full/)
    assert.equal(receiver.received.length, 1)
    fault.on = false
    await alert.tick()
    assert.equal(receiver.received.length, 1)
    assert.equal((await deliveriesOf(store, [await only(store)]))[0]?.outcome, 'delivered')
    void start
  })
})
