/** Polices the folders under `detectors/`: what every detector brings with it, and that its stories come out as it says. */
import assert from 'node:assert/strict'
import { access, readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { proofsOf } from '../src/detect/cases.js'
import { loadCatalogue } from '../src/detect/catalogue.js'
import { tables } from '../src/store/tables.js'
import { silent } from './support/detect.js'
import { auditEvent } from './support/events.js'
import { fromRoot } from './support/root.js'
import { openTestStore } from './support/store.js'

const headings = ['What it sees', 'What it misses', 'False alarms', 'What to do']

const catalogue = await loadCatalogue()
const readmeOf = (id: string): Promise<string> => readFile(fromRoot(`detectors/${id}/README.md`), 'utf8')

test('every folder of detectors/ was compiled and found, and nothing else was', async () => {
  const folders = (await readdir(fromRoot('detectors'), { withFileTypes: true })).filter((entry) => entry.isDirectory())
  assert.deepEqual(
    catalogue.all.map(({ id }) => id),
    folders.map(({ name }) => name).sort(),
  )
})

for (const { id } of catalogue.all) {
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

for (const named of catalogue.all) {
  test(`the cases of ${named.id}`, async (t) => {
    const proofs = await proofsOf(named, { store: () => openTestStore(t), log: silent })
    for (const { name, faults } of proofs) await t.test(name, () => assert.deepEqual(faults, []))
  })
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
