/**
 * Every row of the threat list, through the real pipeline: a story is encoded as the SDK does, sent by OTLP with the keys of its
 * producers, received, stored, judged by the live engines with a clock that stands at each event, and what should wake somebody becomes an
 * incident. Beside it a near miss, in a tenant of its own.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import { encodeRecord, encodeRequest } from '@watchkeeper/sdk/otlp'
import { pino } from 'pino'
import { startAlert } from '../../src/alert/index.js'
import type { AuditEvent } from '../../src/audit-event.js'
import { catalogueOf, loadCatalogue, type Named } from '../../src/detect/catalogue.js'
import type { Policy, QueryCase, SessionCase } from '../../src/detect/contract.js'
import { defaultPolicy, startDetect } from '../../src/detect/index.js'
import { severityRank } from '../../src/finding.js'
import { changeKeyFile, newFingerprintKey, newIngestKey } from '../../src/receive/keys/file.js'
import { Telemetry } from '../../src/telemetry.js'
import { sharesOf, silent } from '../support/detect.js'
import { second } from '../support/events.js'
import { until } from '../support/landing.js'
import { temporaryFolder, testReceiver } from '../support/receiver.js'
import { openTestStore } from '../support/store.js'

type Story = SessionCase | QueryCase
type Told = Story & { readonly events: readonly AuditEvent[] }

const catalogue = await loadCatalogue()
const storiesOf = async (id: string): Promise<readonly Told[]> => {
  const { default: all } = (await import(new URL(`../../detectors/${id}/cases.js`, import.meta.url).href)) as {
    default: readonly Story[]
  }
  return all.filter((story): story is Told => story.events !== undefined && story.events.length > 0)
}

/** What only the receiver may say has to come about by itself. */
const sayable = ({ events }: Told): boolean => events.every(({ attributes }) => Object.keys(attributes).length === 0)
/** The hashes of a story are made up, and a receiver would see that: here its numbers speak. */
const chosen: Readonly<Record<string, string>> = { 'evidence-gap': 'two records never came' }

const tenants = ['fires', 'quiet'] as const
type Tenant = (typeof tenants)[number]

/** As a producer would have said it: the chain of a story is its own, and seldom a real one. */
function saidBy(event: AuditEvent, id: string): ProducerEvent {
  const isHash = (text: string): string => (/^[0-9a-f]{64}$/.test(text) ? text : '')
  return {
    ...event,
    hash: isHash(event.hash),
    previousHash: isHash(event.previousHash),
    eventId: event.eventId,
    producerId: event.producerId || id,
  }
}

/** The end of the last window with something in it, and all before it from `from` on. */
function windowEnds({ detector }: Named, story: Told): number[] {
  if (detector.type !== 'query') return []
  const every = detector.everySeconds * second
  const last = Math.max(...story.events.map(({ keptAt }) => keptAt))
  const from = Math.floor((('judgedFrom' in story ? story.judgedFrom : undefined) ?? last - 30 * every) / every) * every
  const ends: number[] = []
  for (let end = Math.floor(last / every) * every + every; end > from && ends.length < 40; end -= every)
    ends.unshift(end)
  return ends
}

for (const named of catalogue.all) {
  const { id, detector } = named
  test(`${id}: from what a producer says to the incident, and its near miss to nothing`, {
    timeout: 400_000,
  }, async (t) => {
    const stories = await storiesOf(id)
    const worst = (one: Told): number => severityRank(one.severity ?? 'low')
    const fires = stories
      .filter((one) => one.kind === 'fires' && sayable(one) && (chosen[id] ?? one.name) === one.name)
      .toSorted((a, b) => worst(b) - worst(a))[0]
    const quiet = stories.find((one) => one.kind === 'quiet' && one.notEvaluated === undefined && sayable(one))
    assert.ok(fires && quiet, 'no story that a producer could tell')
    const told: Readonly<Record<Tenant, Told>> = { fires, quiet }

    const clock = { now: 0 }
    const store = await openTestStore(t, { now: () => clock.now })
    const dataDir = await temporaryFolder(t)
    const keys = new Map<string, string>()
    await changeKeyFile(`${dataDir}/keys.json`, (file) => ({
      ...file,
      tenants: Object.fromEntries(tenants.map((tenant) => [tenant, { fingerprintKey: newFingerprintKey() }])),
      keys: tenants.flatMap((tenant) =>
        (['agent', 'server', 'tap'] as const).map((role) => {
          const { key, entry } = newIngestKey({ tenant, owner: role, role, createdAt: '2026-01-01T00:00:00.000Z' })
          keys.set(`${tenant} ${role}`, key)
          return entry
        }),
      ),
    }))
    const receiver = await testReceiver(t, {
      config: { dataDir },
      publish: async (messages) => {
        for (const message of messages) assert.equal(message.type, 'event', JSON.stringify(message).slice(0, 600))
        await store.insertEvents(messages.flatMap((message) => (message.type === 'event' ? [message.event] : [])))
      },
    })

    // In order of time, each hour's records together, received a second after the last of them.
    const all = tenants
      .flatMap((tenant) => told[tenant].events.map((event) => ({ tenant, event })))
      .toSorted((a, b) => a.event.endedAt - b.event.endedAt)
    const hours = new Map<string, typeof all>()
    for (const one of all) {
      const name = `${one.tenant} ${one.event.role} ${Math.floor(one.event.endedAt / (3_600 * second))}`
      hours.set(name, [...(hours.get(name) ?? []), one])
    }
    for (const batch of [...hours.values()].toSorted(
      (a, b) => (a[0]?.event.endedAt ?? 0) - (b[0]?.event.endedAt ?? 0),
    )) {
      const [{ tenant, event } = assert.fail('an empty batch')] = batch
      clock.now = Math.max(clock.now, ...batch.map((one) => one.event.endedAt + second))
      receiver.clock.now = clock.now
      const body = encodeRequest(
        batch.map((one) => encodeRecord(saidBy(one.event, id))),
        { resource: {}, scope: { name: '@watchkeeper/sdk', version: '0.1.0' } },
      )
      const key = keys.get(`${tenant} ${event.role}`) ?? ''
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
      const { status, raw } = await until(
        () => receiver.post('/v1/logs', body, headers),
        // As exporters do: what a busy machine could not keep in time is sent again.
        (answer) => answer.status !== 503,
      )
      assert.equal(status, 200, raw.toString())
      assert.doesNotMatch(raw.toString(), /rejected/)
    }

    const policies = (tenant: string): Policy => ({
      ...defaultPolicy,
      ...told[tenant === 'quiet' ? 'quiet' : 'fires'].policy,
    })
    const common = { store, shares: sharesOf(1, 0), telemetry: new Telemetry() }
    const detect = await startDetect({
      ...common,
      config: { detectEveryMs: 3_600_000, detectSettleMs: 0, detectBudgetMs: 2_000, sessionIdleMinutes: 30 },
      log: silent,
      now: () => clock.now,
      catalogue: catalogueOf([named]),
      policies,
    })
    t.after(() => detect.close())
    const settled = detector.type === 'query' ? detector.settleSeconds * second : detector.settleMs * 1000
    const ends = [...new Set(tenants.flatMap((tenant) => windowEnds(named, told[tenant])))].sort((a, b) => a - b)
    for (const end of ends.length > 0 ? ends : [clock.now]) {
      clock.now = Math.max(clock.now, end + settled + 2 * second)
      await detect.tick()
    }
    const findings = await store.query<{ tenant: string; severity: string; maturity: string; fingerprint: string }>(
      'SELECT tenant, severity, maturity, toString(fingerprint) AS fingerprint FROM finding',
      {},
    )
    const found = findings.filter(({ tenant }) => tenant === 'fires')
    assert.ok(found.length > 0, `${fires.name}: nothing was found`)
    if (fires.severity !== undefined)
      assert.ok(
        found.some(({ severity }) => severity === fires.severity),
        JSON.stringify(found),
      )
    assert.deepEqual(
      findings.filter(({ tenant }) => tenant === 'quiet'),
      [],
      quiet.name,
    )

    clock.now += second
    const alert = startAlert({
      ...common,
      config: { alertEveryMs: 3_600_000, webhookUrl: '', webhookSecret: '', webhookMinSeverity: 'medium' },
      log: pino({ level: 'silent' }),
      now: () => clock.now,
      random: () => 0,
    })
    t.after(() => alert.close())
    await alert.tick()
    const incidents = await store.query<{ findings: string[] }>(
      'SELECT arrayMap(one -> toString(one), findings) AS findings FROM incident',
      {},
    )
    const joined = new Set(incidents.flatMap((incident) => incident.findings))
    for (const { severity, maturity, fingerprint } of found)
      if (severityRank(severity as 'low') >= severityRank('medium') && maturity === 'stable')
        assert.ok(joined.has(fingerprint), 'it opened no incident')
  })
}
