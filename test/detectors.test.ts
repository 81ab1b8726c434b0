/** Polices the folders under `detectors/`: what every detector brings with it, and that its stories come out as it says. */
import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { auditEventOf } from '../src/audit-event.js'
import { catalogueOf, loadCatalogue } from '../src/detect/catalogue.js'
import {
  isNotEvaluated,
  type QueryCase,
  type SessionCase,
  type SessionDetector,
  type Verdict,
} from '../src/detect/contract.js'
import { judgeRange } from '../src/detect/judge-range.js'
import { defaultPolicy } from '../src/detect/policy.js'
import { byTime } from '../src/detect/sessions.js'
import { severityRank } from '../src/finding.js'
import { tables } from '../src/store/tables.js'
import { Telemetry } from '../src/telemetry.js'
import { silent } from './support/detect.js'
import { auditEvent, baseTime } from './support/events.js'
import { fromRoot } from './support/root.js'
import { openTestStore } from './support/store.js'

const headings = ['What it sees', 'What it misses', 'False alarms', 'What to do']

const catalogue = await loadCatalogue()
const casesOf = async <Case>(id: string): Promise<readonly Case[]> =>
  ((await import(new URL(`../detectors/${id}/cases.js`, import.meta.url).href)) as { default: readonly Case[] }).default
const readmeOf = (id: string): Promise<string> => readFile(fromRoot(`detectors/${id}/README.md`), 'utf8')

test('every folder of detectors/ was compiled and found, and nothing else was', async () => {
  const folders = (await readdir(fromRoot('detectors'), { withFileTypes: true })).filter((entry) => entry.isDirectory())
  assert.deepEqual(
    catalogue.all.map(({ id }) => id),
    folders.map(({ name }) => name).sort(),
  )
})

for (const { id, detector } of catalogue.all) {
  test(`${id} has its detector, its cases and its page`, async () => {
    for (const file of ['detector.ts', 'cases.ts', 'README.md']) await access(fromRoot(`detectors/${id}/${file}`))
    const page = await readmeOf(id)
    assert.equal(page.split('\n')[0], `# ${id}`)
    assert.deepEqual(
      [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading),
      headings,
    )
    const source = await readFile(fromRoot(`detectors/${id}/detector.ts`), 'utf8')
    const imported = [...source.matchAll(/from '([^']+)'/g)].map(([, from]) => from)
    for (const from of imported)
      assert.ok(from === '#detector' || from === 'simple-statistics' || from?.startsWith('./'), `${from} in ${id}`)
  })

  test(`${id} has a story in which it fires, one in which it is quiet, and each story its own name`, async () => {
    const cases = await casesOf<SessionCase | QueryCase>(id)
    for (const kind of ['fires', 'quiet'])
      assert.ok(
        cases.some((one) => one.kind === kind),
        kind,
      )
    assert.ok(
      cases.some(({ name }) => name.includes('noisy')),
      'no noisy, benign story',
    )
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
    assert.ok(
      cases.some(({ severity }) => severity === detector.about.severity),
      `none reaches the severity ${detector.about.severity} that it says it gives`,
    )
  })
}

for (const { id, detector } of catalogue.query) {
  test(`${id} reads views, which show a record once, and no raw table`, () => {
    const sources = [...detector.sql.matchAll(/\b(?:FROM|JOIN)\s+([a-z_]+)/gi)].map(([, source]) => source ?? '')
    const raw = [...Object.keys(tables), 'events', 'fingerprints', 'record_keys', 'session_links', 'dead_letters']
    assert.ok(sources.length > 0)
    assert.deepEqual(
      sources.filter((source) => raw.includes(source) || source.endsWith('_hours')),
      [],
    )
  })
}

function judged(detector: SessionDetector, story: SessionCase, events = story.events): Verdict {
  const [first] = story.events
  return detector.judge({
    tenant: first?.tenant ?? '',
    id: 'story',
    subject: first?.subject ?? '',
    events: [...events].sort(byTime),
    truncated: false,
    policy: { ...defaultPolicy, ...story.policy },
  })
}
const anchorsOf = (verdict: Verdict): string[] =>
  isNotEvaluated(verdict) ? [] : verdict.map(({ anchor }) => anchor.eventId)

for (const { id, detector } of catalogue.session) {
  for (const story of await casesOf<SessionCase>(id)) {
    test(`${id}: ${story.name}`, () => {
      const verdict = judged(detector, story)
      assert.deepEqual(anchorsOf(verdict), [...story.finds])
      assert.equal(story.kind === 'fires', story.finds.length > 0)
      assert.equal(isNotEvaluated(verdict) ? verdict.notEvaluated : undefined, story.notEvaluated)
      if (isNotEvaluated(verdict)) return
      const worst = Math.max(-1, ...verdict.map(({ severity }) => severityRank(severity)))
      if (story.severity !== undefined) assert.ok(worst >= severityRank(story.severity), `severity ${worst}`)
      assert.ok(worst <= severityRank(detector.about.severity), 'more severe than it says it can be')
      for (const draft of verdict) {
        assert.ok(draft.calls.includes(draft.anchor), 'the anchor is among the calls')
        assert.ok(
          draft.steps.some(({ eventId }) => eventId === draft.anchor.eventId),
          'the anchor is in the evidence',
        )
        assert.deepEqual(
          draft.steps,
          [...draft.steps].sort((a, b) => a.at - b.at),
          'the evidence is in order',
        )
      }
    })

    test(`${id}: ${story.name}: judged while it grows, it finds the same`, () => {
      const whole = judged(detector, story)
      const drafts = isNotEvaluated(whole) ? [] : whole
      const ordered = [...story.events].sort(byTime)
      for (let length = 1; length < ordered.length; length++) {
        const prefix = ordered.slice(0, length)
        const verdict = judged(detector, story, prefix)
        const found = isNotEvaluated(verdict) ? [] : verdict.map(({ anchor, severity }) => [anchor.eventId, severity])
        const expected = drafts.filter(({ anchor }) => prefix.includes(anchor))
        assert.deepEqual(
          found,
          expected.map(({ anchor, severity }) => [anchor.eventId, severity]),
          `first ${length}`,
        )
      }
    })
  }
}

for (const named of catalogue.query) {
  const stories = await casesOf<QueryCase>(named.id)
  const told = stories.filter(({ events }) => events !== undefined)

  test(`${named.id} on a real store`, { skip: told.length === 0 }, async (t) => {
    const store = await openTestStore(t)
    // Each story in a tenant of its own: one store for all of them.
    const events = told.flatMap((story, number) =>
      (story.events ?? []).map((event) => auditEventOf(event, { ...event, tenant: `story-${number}` })),
    )
    await store.insertEvents(events)
    await store.refreshRollups()
    const every = named.detector.everySeconds * 1_000_000
    for (const [number, story] of told.entries()) {
      await t.test(story.name, async () => {
        const tenant = `story-${number}`
        const times = events.filter((event) => event.tenant === tenant).map(({ keptAt }) => keptAt)
        const from = story.judgedFrom ?? Math.min(...times)
        const { findings, notEvaluated } = await judgeRange({
          store,
          from: Math.floor(from / every) * every,
          to: Math.ceil((Math.max(...times) + 1) / every) * every,
          tenants: [tenant],
          policies: () => ({ ...defaultPolicy, ...story.policy }),
          catalogue: catalogueOf([named]),
          idle: 1_800_000_000,
          budgetMs: 5_000,
          log: silent,
          telemetry: new Telemetry(),
          now: () => baseTime,
        })
        assert.equal(findings.length, story.finds, JSON.stringify(findings.map(({ summary }) => summary)))
        assert.equal(story.kind === 'fires', story.finds > 0)
        if (story.severity !== undefined)
          assert.ok(
            findings.some(({ severity }) => severity === story.severity),
            JSON.stringify(findings.map(({ severity, summary }) => [severity, summary])),
          )
        for (const { calls, score, severity } of findings) {
          assert.ok(severityRank(severity) <= severityRank(named.detector.about.severity), 'more severe than it says')
          assert.ok(calls.length > 0, 'names no record')
          assert.ok(Object.keys(score).length > 0, 'explains nothing')
        }
        if (story.notEvaluated !== undefined) assert.ok(notEvaluated.some(({ input }) => input === story.notEvaluated))
      })
    }
  })

  for (const story of stories.filter(({ row }) => row !== undefined)) {
    test(`${named.id}: ${story.name}`, () => {
      const verdict = named.detector.judge(story.row ?? {}, { ...defaultPolicy, ...story.policy })
      const found = verdict !== undefined && !isNotEvaluated(verdict)
      assert.equal(found ? 1 : 0, story.finds)
      assert.equal(verdict && isNotEvaluated(verdict) ? verdict.notEvaluated : undefined, story.notEvaluated)
    })
  }
}

test('what the pages tell to do', async (t) => {
  const store = await openTestStore(t)
  await store.insertEvents([auditEvent({ destinations: ['example.org'] })])
  for (const { id } of catalogue.all) {
    await t.test(`the queries of ${id} run as they stand`, async () => {
      const page = await readmeOf(id)
      const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query]) => query ?? '')
      assert.ok(queries.length > 0, 'there is no ready query')
      for (const query of queries) await store.query(query.replace(/[\s;]+$/, ''))
    })
  }
})
