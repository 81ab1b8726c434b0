import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type AuditEvent, auditEventOf } from '../../src/audit-event.js'
import type { Named } from '../../src/detect/catalogue.js'
import type { SessionDetector } from '../../src/detect/contract.js'
import { WatchkeeperError } from '../../src/errors.js'
import { Telemetry } from '../../src/telemetry.js'
import { detecting, draftAbout, findsCallsOf, sharesOf } from '../support/detect.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { anchorsOf, arrive, failing, hour, live, minute } from '../support/live.js'

/** A call `at` seconds after the base time; without a trace, so that only the conversation is its key. */
const call = (tool: string, at: number, given: Partial<AuditEvent> = {}): AuditEvent =>
  auditEvent({
    eventId: `${tool}@${at}`,
    tool,
    traceId: '',
    startedAt: baseTime + at * second - 1000,
    endedAt: baseTime + at * second,
    receivedAt: baseTime + at * second,
    ...given,
  })

/** Finds a `pay` after a `read`, wherever in the session. */
const payAfterRead = detecting('pay-after-read', ({ events }) =>
  events
    .filter((event, index) => event.tool === 'pay' && events.slice(0, index).some(({ tool }) => tool === 'read'))
    .map((event) => draftAbout(event)),
)

/** Tells which sessions it was asked about. */
function asking(id = 'asking'): { named: Named<SessionDetector>; asked: string[] } {
  const asked: string[] = []
  const named = detecting(id, ({ id: session }) => {
    asked.push(session)
    return []
  })
  return { named, asked }
}

test('a finding is recorded with what a reader needs, and once, however often its session is judged', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([findsCallsOf('pay')])
  await arrive(store, call('read', 1), call('pay', 2))
  await detect.tick()
  const [row] = await found()
  assert.deepEqual(
    [row?.detector, row?.tenant, row?.anchor, row?.session, row?.subject],
    ['calls-of-pay', 'acme', 'pay@2', 'c:conv-1', 'alice'],
  )
  await arrive(store, call('read', 3))
  clock.now += second
  await detect.tick()
  const restarted = await start([findsCallsOf('pay')])
  await restarted.tick()
  assert.equal((await found()).length, 1)
})

test('a late record has its session judged again', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([payAfterRead])
  await arrive(store, call('pay', 20))
  await detect.tick()
  assert.deepEqual(await found(), [])
  clock.now += 30 * second
  await arrive(store, call('read', 5))
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@20'])
})

test('a link that arrives later joins what was apart', async (t) => {
  const { store, clock, start, found } = await live(t)
  const traceId = 'b'.repeat(32)
  const detect = await start([payAfterRead])
  await arrive(store, call('read', 1), call('pay', 2, { conversationId: '', traceId }))
  await detect.tick()
  assert.deepEqual(await found(), [])
  clock.now += second
  await arrive(store, call('look', 3, { traceId }))
  await detect.tick()
  assert.deepEqual(
    (await found()).map(({ anchor, session }) => [anchor, session]),
    [['pay@2', 'c:conv-1']],
  )
})

test('a session rests before it is judged', async (t) => {
  const { store, clock, start } = await live(t)
  const { named, asked } = asking()
  const detect = await start([named], { settleMs: 1000 })
  await arrive(store, call('read', 1))
  await detect.tick()
  assert.deepEqual(asked, [])
  clock.now += second
  await detect.tick()
  await detect.tick()
  assert.deepEqual(asked, ['c:conv-1'])
})

test('only kinds that a detector wakes on have a session judged', async (t) => {
  const { store, start } = await live(t)
  const { named, asked } = asking()
  const detect = await start([{ ...named, detector: { ...named.detector, wakesOn: ['elevation'] } }])
  await arrive(store, call('read', 1))
  await detect.tick()
  assert.deepEqual(asked, [])
  await arrive(store, call('', 2, { kind: 'elevation' }))
  await detect.tick()
  assert.deepEqual(asked, ['c:conv-1'])
})

test('after a restart what was judged is not judged again, and what came in between is', async (t) => {
  const { store, clock, start } = await live(t)
  const first = asking()
  const before = await start([first.named])
  await arrive(store, call('read', 1, { conversationId: 'old' }))
  await before.tick()
  clock.now += 10 * minute
  await before.tick()
  await before.close()
  await arrive(store, call('read', 2, { conversationId: 'between' }))
  clock.now += 5 * minute
  const second_ = asking()
  const after = await start([second_.named])
  await after.tick()
  assert.deepEqual(first.asked, ['c:old'])
  assert.deepEqual(second_.asked, ['c:between'])
})

test('death between the finding and the watermark repeats the work and not the finding', async (t) => {
  const { store, start, found } = await live(t)
  let dead = false
  const dying = failing(store, {
    async insert(table, rows, token) {
      if (dead) throw new WatchkeeperError('WK_STORE_UNAVAILABLE', 'killed')
      await store.insert(table, rows, token)
      dead = table === 'findings'
    },
  })
  const killed = await start([findsCallsOf('pay')], { store: dying })
  await arrive(store, call('pay', 1))
  await assert.rejects(killed.tick(), /killed/)
  assert.equal((await found()).length, 1)
  const restarted = await start([findsCallsOf('pay')])
  await restarted.tick()
  assert.equal((await found()).length, 1)
})

test('a store that goes away in the middle loses nothing', async (t) => {
  const { store, start, found } = await live(t)
  let away = 3
  const flaky = failing(store, {
    insert(table, rows, token) {
      if (table === 'findings' && away-- > 0)
        return Promise.reject(new WatchkeeperError('WK_STORE_UNAVAILABLE', 'away'))
      return store.insert(table, rows, token)
    },
  })
  const detect = await start([findsCallsOf('pay')], { store: flaky })
  await arrive(store, call('pay', 1))
  for (let attempt = 0; attempt < 3; attempt++) await assert.rejects(detect.tick(), /away/)
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1'])
})

test('a detector that throws and one that hangs are on record, and the others find what there is', async (t) => {
  const { store, start, found } = await live(t)
  const telemetry = new Telemetry()
  const throwing = detecting('throwing', () => {
    throw new RangeError('no')
  })
  const hanging = detecting('hanging', () => {
    for (;;);
  })
  const detect = await start([hanging, throwing, findsCallsOf('pay')], { telemetry })
  await arrive(store, call('pay', 1))
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1'])
  assert.deepEqual(
    await store.query('SELECT detector, tenant, outcome, reason, sessions FROM detector_runs ORDER BY detector'),
    [
      { detector: 'calls-of-pay', tenant: 'acme', outcome: 'ok', reason: '', sessions: 1 },
      { detector: 'hanging', tenant: 'acme', outcome: 'timeout', reason: '', sessions: 1 },
      { detector: 'throwing', tenant: 'acme', outcome: 'error', reason: 'RangeError', sessions: 1 },
    ],
  )
  assert.deepEqual(await store.query('SELECT session, detector, input FROM not_evaluated ORDER BY detector'), [
    { session: 'c:conv-1', detector: 'hanging', input: 'detector' },
    { session: 'c:conv-1', detector: 'throwing', input: 'detector' },
  ])
})

test('what a benched detector missed is judged when it returns, also after a restart', async (t) => {
  const { store, clock, start, found } = await live(t)
  const healthy = { yes: false }
  const shaky = detecting('shaky', ({ events }) => {
    if (!healthy.yes) throw new Error('not yet')
    return events.map((event) => draftAbout(event))
  })
  const detect = await start([shaky])
  for (const conversationId of ['a', 'b', 'c', 'd']) {
    await arrive(store, call('pay', 1, { conversationId, eventId: conversationId }))
    await detect.tick()
  }
  healthy.yes = true
  clock.now += 50 * second
  await arrive(store, call('pay', 1, { conversationId: 'e', eventId: 'e' }))
  await detect.tick()
  assert.deepEqual(await found(), [])
  clock.now += 10 * second
  await detect.tick()
  const missed = anchorsOf(await found())
  assert.ok(missed.includes('d') && missed.includes('e'), missed.join())
})

test('records without a session key are joined by subject and client until a long silence', async (t) => {
  const { store, start, found } = await live(t)
  const keyless = (tool: string, at: number, given: Partial<AuditEvent> = {}): AuditEvent => {
    const event = call(tool, at, { conversationId: '', ...given })
    return auditEventOf(event, { ...event, attributes: {} })
  }
  const detect = await start([payAfterRead])
  await arrive(
    store,
    keyless('read', 0),
    keyless('pay', 60, { serverName: 'bank', producerId: 'bank-1' }),
    keyless('pay', 60 + 31 * 60),
    keyless('pay', 61, { subject: 'mallory' }),
    keyless('pay', 62, { clientName: 'other' }),
  )
  await detect.tick()
  const rows = await found()
  assert.deepEqual(anchorsOf(rows), ['pay@60'])
  assert.match(rows[0]?.session ?? '', /^s:.* 2026-11-02T09:59:59\.999Z$/)
})

test('two authenticated subjects are never joined, though they claim one conversation', async (t) => {
  const { store, start, found } = await live(t)
  const detect = await start([payAfterRead])
  await arrive(
    store,
    call('read', 1, { subject: 'mallory' }),
    call('pay', 2, { subject: 'alice' }),
    call('pay', 3, { subject: '' }),
    call('pay', 4, { subject: 'mallory' }),
  )
  await detect.tick()
  assert.deepEqual(
    (await found()).map(({ anchor, session, subject }) => [anchor, session, subject]),
    [['pay@4', 'c:conv-1 mallory', 'mallory']],
  )
})

test('the same conversation in two tenants is two sessions', async (t) => {
  const { store, start, found } = await live(t)
  const detect = await start([payAfterRead])
  await arrive(store, call('read', 1), call('pay', 2, { tenant: 'umbrella' }))
  await detect.tick()
  assert.deepEqual(await found(), [])
})

test('a record that becomes visible within a minute of its time is found by the next look', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([findsCallsOf('pay')])
  clock.now += 5 * second
  await detect.tick()
  // A commit that took most of a minute: its rows belong to the minute before the one we looked at.
  clock.now -= 55 * second
  await arrive(store, call('pay', 1))
  clock.now += 56 * second
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1'])
})

test('a record that becomes visible long after it was stored is found by the hourly look', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([findsCallsOf('pay')])
  await detect.tick()
  clock.now += 30 * minute
  await detect.tick()
  // A writer whose commit took twenty minutes: its rows say they were stored before we looked.
  clock.now -= 20 * minute
  await arrive(store, call('pay', 1))
  clock.now += 20 * minute
  await detect.tick()
  assert.deepEqual(await found(), [])
  clock.now += hour
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1'])
})

test('once an hour the store is asked to look again at what a writer that died left unmarked', async (t) => {
  const { store, clock, start } = await live(t)
  const swept: number[][] = []
  const asked = failing(store, {
    sweepShadowed: async (from, to) => {
      swept.push([from, to])
      return 0
    },
  })
  const detect = await start([findsCallsOf('pay')], { store: asked })
  for (let look = 0; look < 9; look++) {
    await detect.tick()
    clock.now += 15 * minute
  }
  assert.equal(swept.length, 2)
  for (const [from = 0, to = 0] of swept) assert.equal(to - from, 24 * hour)
})

test('a record from a writer whose clock is ahead is found, and hides none that comes after it', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([findsCallsOf('pay')])
  clock.now += 3 * hour
  await arrive(store, call('pay', 1, { conversationId: 'ahead' }))
  clock.now -= 3 * hour
  await detect.tick()
  await arrive(store, call('pay', 2, { conversationId: 'on-time' }))
  clock.now += second
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1', 'pay@2'])
})

test('a verdict on absence is given once its time is over, without a new record', async (t) => {
  const { store, clock, start, found } = await live(t)
  const absent = detecting('absent', ({ events }) => events.map((event) => draftAbout(event)), { settleMs: 60_000 })
  const detect = await start([absent])
  clock.now = baseTime + 2 * second
  await arrive(store, call('pay', 1))
  await detect.tick()
  assert.deepEqual(await found(), [])
  clock.now += 61 * second
  await detect.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1'])
})

test('engines with different shares split the sessions, and who takes over a share goes on with it', async (t) => {
  const { store, clock, start, found } = await live(t)
  const left = asking('left')
  const right = asking('right')
  const a = await start([left.named, findsCallsOf('pay')], { shares: sharesOf(4, 0, 1) })
  const b = await start([right.named, findsCallsOf('pay')], { shares: sharesOf(4, 2, 3) })
  const conversations = Array.from({ length: 20 }, (_, number) => `conversation-${number}`)
  const events = (at: number) =>
    conversations.map((conversationId) => call('pay', at, { conversationId, eventId: `${conversationId} ${at}` }))
  await store.insertEvents(events(1))
  await Promise.all([a.tick(), b.tick()])
  assert.equal((await found()).length, 20)
  assert.ok(left.asked.length > 0 && right.asked.length > 0)
  assert.deepEqual([...left.asked, ...right.asked].sort(), conversations.map((one) => `c:${one}`).sort())

  await a.close()
  await store.insertEvents(events(2))
  clock.now += 5 * minute
  const taken = asking('taken')
  const all = await start([taken.named, findsCallsOf('pay')], { shares: sharesOf(4, 0, 1, 2, 3) })
  await all.tick()
  assert.equal((await found()).length, 40)
})

/** Looks back as far as it can, so that it matters which events are judged together. */
const payAfterNearRead = detecting('pay-after-near-read', ({ events }) =>
  events
    .filter(
      (event, index) =>
        event.tool === 'pay' && events.slice(Math.max(0, index - 200), index).some(({ tool }) => tool === 'read'),
    )
    .map((event) => draftAbout(event)),
)

test('in a session longer than a window every anchor is judged on its past, live as in one go', async (t) => {
  const { store, clock, start, range, found } = await live(t)
  let most = 0
  const weighing = detecting('weighing', ({ events }) => {
    most = Math.max(most, events.length)
    return []
  })
  const detectors = [payAfterNearRead, weighing]
  const events = Array.from({ length: 1_300 }, (_, number) => {
    const tool = number % 300 === 0 ? 'read' : number % 50 === 49 ? 'pay' : 'look'
    return call(tool, number / 10, { eventId: `${number}` })
  })
  const expected = events.flatMap((event, index) =>
    event.tool === 'pay' && events.slice(Math.max(0, index - 200), index).some(({ tool }) => tool === 'read')
      ? [event.eventId]
      : [],
  )
  const detect = await start(detectors)
  for (const [from, to] of [
    [0, 40],
    [40, 800],
    [800, 1_000],
    [1_000, 1_300],
  ] as const) {
    await store.insertEvents(events.slice(from, to))
    clock.now += 30 * second
    await detect.tick()
  }
  assert.deepEqual(anchorsOf(await found()).sort(), expected.sort())
  assert.deepEqual(anchorsOf(await range(detectors)).sort(), expected)
  assert.equal(most, 500, 'no detector is given more at once')
})

async function replayed(t: TestContext, order: readonly AuditEvent[], batches: number): Promise<string[]> {
  const { store, clock, start, range, found } = await live(t)
  const detectors = [payAfterRead, findsCallsOf('look')]
  let detect = await start(detectors)
  const size = Math.ceil(order.length / batches)
  for (let at = 0; at < order.length; at += size) {
    await store.insertEvents(order.slice(at, at + size))
    clock.now += 20 * second
    await detect.tick()
    if (at % 3 === 0) detect = await start(detectors)
  }
  await detect.tick()
  const liveFound = (await found()).map(({ fingerprint }) => fingerprint).sort()
  assert.deepEqual((await range(detectors)).map(({ fingerprint }) => fingerprint).sort(), liveFound)
  return liveFound
}

test('live, restarted, in another order, and over stored history: the same findings', async (t) => {
  const events = Array.from({ length: 60 }, (_, number) =>
    call(['read', 'look', 'pay'][(number * 7) % 3] ?? '', number, {
      eventId: `e${number}`,
      conversationId: number % 4 === 0 ? '' : `conv-${number % 5}`,
      traceId: `${number % 5}`.repeat(32),
    }),
  )
  const forth = await replayed(t, events, 7)
  const back = await replayed(t, [...events].reverse(), 4)
  assert.ok(forth.length > 10)
  assert.deepEqual(back, forth)
})

test('what the store cannot answer for a while is looked at when it can', async (t) => {
  const { store, clock, start, found } = await live(t)
  const detect = await start([findsCallsOf('pay')])
  await detect.tick()
  await detect.close()
  await arrive(store, call('pay', 1))
  // Three days of downtime are caught up with in stretches, within one call.
  clock.now += 72 * hour
  const late = await start([findsCallsOf('pay')])
  await late.tick()
  assert.deepEqual(anchorsOf(await found()), ['pay@1'])
})
