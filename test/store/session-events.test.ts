import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { before, describe, it } from 'node:test'
import {
  atomKinds,
  captureStates,
  eventKinds,
  type Fingerprint,
  type Order,
  outcomes,
  sides,
  toolClasses,
} from '@watchkeeper/sdk/event'
import fc from 'fast-check'
import { type AuditEvent, roles, sessionSources } from '../../src/audit-event.js'
import { openStore, type Store } from '../../src/store/index.js'
import { auditEvent, baseTime, second } from '../support/events.js'
import { openTestStore, testStoreConfig } from '../support/store.js'

const request = (given: Partial<Parameters<Store['sessionEvents']>[0][number]> = {}) => ({
  tenant: 'acme',
  keys: ['c:conv-1'],
  from: baseTime,
  to: baseTime + 3_600 * second,
  limit: 500,
  ...given,
})

/** Text as an attacker writes it: NUL, quotes, newlines, SQL, JSON, other alphabets. No lone surrogates: UTF-8 has none. */
const nasty = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(
    '\0',
    "'; DROP TABLE events; --",
    '\n\nDROP TABLE events',
    '\\N',
    '\\',
    '"}\n{"',
    '{tenant:String}',
    '\u2028',
    '😀',
    '\t',
    '__proto__',
    'x'.repeat(5_000),
  ),
)
const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => value.toString(16).padStart(16, '0'))
const time = fc.integer({ min: 0, max: 4_102_444_800_000_000 })
const size = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const texts = fc.array(nasty, { maxLength: 4 })
const fingerprint: fc.Arbitrary<Fingerprint> = fc.record({
  kind: fc.constantFrom(...atomKinds),
  hash,
  leaf: fc.nat(100),
})
const order: fc.Arbitrary<Order> = fc.record({
  position: fc.nat(500),
  following: fc.array(fingerprint, { maxLength: 2 }),
  mood: fc.integer({ min: 0, max: 20 }).map((twentieths) => twentieths / 20),
  flags: texts,
  verbs: texts,
  nouns: texts,
  verbHashes: fc.array(hash, { maxLength: 3 }),
  atoms: fc.array(fingerprint, { maxLength: 3 }),
  shingles: fc.array(hash, { maxLength: 3 }),
})
const score = fc.dictionary(
  nasty,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  { maxKeys: 3 },
)
const words = fc.dictionary(nasty, nasty, { maxKeys: 3 })

/** Every field of an audit event, at its worst. */
const anyEvent: fc.Arbitrary<AuditEvent> = fc
  .record({
    ...Object.fromEntries(
      Object.entries(auditEvent())
        .filter(([, value]) => typeof value === 'string')
        .map(([name]) => [name, nasty]),
    ),
    kind: fc.constantFrom(...eventKinds),
    side: fc.constantFrom(...sides),
    outcome: fc.constantFrom(...outcomes),
    claimedClass: fc.constantFrom(...toolClasses),
    argCapture: fc.constantFrom(...captureStates),
    resultCapture: fc.constantFrom(...captureStates),
    role: fc.constantFrom(...roles),
    form: fc.constantFrom('event' as const, 'span' as const),
    sessionSource: fc.constantFrom(...sessionSources),
    recordId: fc.uuid(),
    callKey: fc.constant(''),
    contentHash: hash,
    startedAt: time,
    endedAt: time,
    receivedAt: time,
    keptAt: fc.integer({ min: baseTime, max: baseTime + 3_600 * second }),
    sequence: size,
    argBytes: size,
    resultBytes: size,
    captureVersion: fc.nat(),
    trusted: fc.boolean(),
    delegates: fc.boolean(),
    delegation: texts,
    scopes: texts,
    scopesRequested: texts,
    scopesChallenged: texts,
    scopesGranted: texts,
    argSecretKinds: texts,
    resultSecretKinds: texts,
    destinations: texts,
    verbs: texts,
    nouns: texts,
    verbHashes: texts,
    argSignals: score,
    resultSignals: score,
    attributes: words,
    detail: words,
    argFingerprints: fc.array(fingerprint, { maxLength: 6 }),
    resultFingerprints: fc.array(fingerprint, { maxLength: 6 }),
    orders: fc.array(order, { maxLength: 3 }),
  })
  .map((given) => ({ ...auditEvent(), ...(given as Partial<AuditEvent>) }))

const inOrder = (events: readonly AuditEvent[]): AuditEvent[] =>
  [...events].sort(
    (one, other) =>
      one.endedAt - other.endedAt || one.startedAt - other.startedAt || (one.recordId < other.recordId ? -1 : 1),
  )

/** Null prototypes of generated records are no matter of the store. */
const plain = (event: AuditEvent): unknown => JSON.parse(JSON.stringify(event))

describe('sessionEvents', () => {
  let store: Store
  before(async () => {
    store = await openStore({
      config: await testStoreConfig(),
      log: (await import('pino')).pino({ level: 'silent' }),
      now: () => Date.now() * 1000,
    })
  })

  it('takes the end of time for an end', async () => {
    const tenant = randomUUID()
    await store.insertEvents([auditEvent({ tenant, endedAt: baseTime })])
    for (const to of [baseTime + second, 4_300_000_000_000_000, 9_000_000_000_000_000]) {
      const [events] = await store.sessionEvents([request({ tenant, from: 0, to })])
      assert.equal(events?.length, 1)
    }
  })

  it('gives back every field of every event as it was kept, whatever stands in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 20 }), async (some) => {
        const tenant = randomUUID()
        const events = some.map((event, index) => ({
          ...event,
          tenant,
          sessionKey: index % 2 === 0 ? event.sessionKey : 'c:other',
          recordId: randomUUID(),
        }))
        await store.insertEvents(events)
        const keys = [...new Set(events.map(({ sessionKey }) => sessionKey))]
        const [found] = await store.sessionEvents([request({ tenant, keys })])
        assert.deepEqual(found?.map(plain), inOrder(events).map(plain))
      }),
      { numRuns: 12 },
    )
  })

  it('asks for many sessions at once and answers in the order asked', async () => {
    const tenant = randomUUID()
    const made = (conversationId: string, tenantOf = tenant) => auditEvent({ tenant: tenantOf, conversationId })
    const other = randomUUID()
    const [a, b, b2, c] = [made('a'), made('b'), made('b'), made('a', other)]
    await store.insertEvents([a, b, b2, c])
    const found = await store.sessionEvents([
      request({ tenant, keys: ['c:b'] }),
      request({ tenant: other, keys: ['c:a'] }),
      request({ tenant, keys: ['c:none'] }),
      request({ tenant, keys: ['c:a', 'c:b'] }),
      request({ tenant, keys: ['c:a'], to: a.keptAt - 1 }),
    ])
    assert.deepEqual(
      found.map((events) => events.map(({ eventId }) => eventId)),
      [[b, b2], [c], [], [a, b, b2], []].map((events) => events.map(({ eventId }) => eventId)),
    )
  })

  it('keeps the latest events of a session that has more than asked for', async () => {
    const tenant = randomUUID()
    const events = Array.from({ length: 10 }, () => auditEvent({ tenant }))
    await store.insertEvents(events)
    const [found] = await store.sessionEvents([request({ tenant, limit: 3 })])
    assert.deepEqual(
      found?.map(({ eventId }) => eventId),
      events.slice(-3).map(({ eventId }) => eventId),
    )
  })

  it('shows one record a call, and neither copies nor contradictions', async () => {
    const tenant = randomUUID()
    const client = auditEvent({ tenant, requestId: 'rq' })
    const server = auditEvent({ tenant, requestId: 'rq', side: 'server', role: 'server', owner: 'key-s' })
    const forged = { ...client, tool: 'other', contentHash: 'ffffffffffffffff' }
    await store.insertEvents([server])
    await store.insertEvents([client])
    await store.insertEvents([client, forged])
    const [found] = await store.sessionEvents([request({ tenant })])
    assert.deepEqual(found, [client])
  })

  it('reads no more of the table than the sessions need', async (t) => {
    const own = await openTestStore(t)
    const events = Array.from({ length: 2_000 }, (_, index) =>
      auditEvent({ conversationId: `conv-${index}`, endedAt: baseTime + index * 60 * second }),
    )
    await own.insertEvents(events)
    const plan = await own.query<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT record_id FROM events FINAL
       WHERE tenant = 'acme' AND session_key IN ('c:conv-3')
         AND kept_at BETWEEN {from:DateTime64(6)} AND {to:DateTime64(6)}
         AND toStartOfFifteenMinutes(kept_at) >= toStartOfFifteenMinutes({from:DateTime64(6)})
         AND toStartOfFifteenMinutes(kept_at) <= toStartOfFifteenMinutes({to:DateTime64(6)})`,
      { from: new Date(baseTime / 1000), to: new Date(baseTime / 1000 + 600_000) },
    )
    const text = plan.map((row) => row.explain).join('\n')
    assert.match(text, /PrimaryKey[\s\S]*session_key/)
    assert.match(text, /Parts: 1\/2/)
  })
})
