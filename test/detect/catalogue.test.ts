import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isOurs, loadCatalogue } from '../../src/detect/catalogue.js'
import { WatchkeeperError } from '../../src/errors.js'

const good = `export default {
  type: 'session', settleMs: 0, wakesOn: ['call'], judge: () => [],
  about: { title: 'T', severity: 'high', maturity: 'trial', needs: [], version: 1, tags: { atlas: ['AML.T0051.001'], mcp: [], asi: [] } },
}`

async function folderOf(t: TestContext, detectors: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  for (const [id, source] of Object.entries(detectors)) {
    await mkdir(join(folder, id))
    await writeFile(join(folder, id, 'detector.js'), source)
  }
  return folder
}

const faultsOf = async (folder: string): Promise<string> => {
  try {
    await loadCatalogue({ folder })
  } catch (error) {
    assert.ok(error instanceof WatchkeeperError)
    assert.equal(error.code, 'WK_DETECTOR_INVALID')
    return error.message
  }
  return assert.fail('nothing was found wrong')
}

test('a folder is a detector, and its name is the id', async (t) => {
  const folder = await folderOf(t, { 'b-two': good, 'a-one': good })
  const { all, session, query } = await loadCatalogue({ folder })
  assert.deepEqual(
    all.map(({ id }) => id),
    ['a-one', 'b-two'],
  )
  assert.deepEqual([session.length, query.length], [2, 0])
})

test('all that is wrong in all folders is told at once, by folder', async (t) => {
  const folder = await folderOf(t, {
    fine: good,
    'Bad Name': good,
    empty: '',
    broken: 'export default {',
    tags: good.replace('AML.T0051.001', 'T1087'),
    untagged: good.replace("'AML.T0051.001'", ''),
    severity: good.replace("'high'", "'dire'"),
    wakes: good.replace("'call'", "'calls'"),
    sql: good.replace("type: 'session'", "type: 'query', everySeconds: 60, settleSeconds: 0, sql: 'SELECT 1'"),
  })
  const message = await faultsOf(folder)
  for (const fault of [
    'detectors/Bad Name: the name of the folder must be lower-case words with hyphens',
    'detectors/empty: detector.ts must export one made by sessionDetector() or queryDetector() as default',
    'detectors/broken: detector.ts cannot be loaded',
    'detectors/tags: about.tags.atlas must be a list of tags like',
    'detectors/untagged: about.tags must name at least one threat',
    'detectors/severity: about.severity must be one of info, low, medium, high, critical',
    'detectors/wakes: wakesOn must name kinds of event',
    "detectors/sql: sql must use {from:DateTime64(6, 'UTC')}",
  ])
    assert.ok(message.includes(fault), `${fault}\nnot in\n${message}`)
  assert.ok(!message.includes('detectors/fine'))
})

test('detectors can be chosen, and one that does not exist is a mistake of the caller', async (t) => {
  const folder = await folderOf(t, { one: good, two: good })
  const { all } = await loadCatalogue({ folder, only: ['two'] })
  assert.deepEqual(
    all.map(({ id }) => id),
    ['two'],
  )
  await assert.rejects(
    () => loadCatalogue({ folder, only: ['three'] }),
    (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE' && error.message.includes('one, two'),
  )
})

/** A folder as an operator has it: compiled files, no package around them. */
async function ownFolder(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'own-detectors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [path, source] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), source)
  }
  return folder
}

const usesTheContract = `
import { sessionDetector, nameOf } from '#detector'
import { median } from 'simple-statistics'
export default sessionDetector({
  about: { title: nameOf({ tool: 'T' + median([1, 2, 3]), serverName: '', serverAddress: '' }), severity: 'low', maturity: 'trial', needs: [], version: 1,
    tags: { atlas: [], mcp: ['MCP01:2025'], asi: [] } },
  judge: () => [],
})`

test("an operator's own folder stands beside ours, and gets the contract that runs it, without a package around it", async (t) => {
  const folder = await folderOf(t, { 'b-ours': good })
  const own = await ownFolder(t, {
    'a-own/detector.js': usesTheContract,
    'node_modules/left-pad/index.js': '',
    '.git/HEAD': '',
    'README.md': '',
  })
  const { all } = await loadCatalogue({ folder, own })
  assert.deepEqual(
    all.map(({ id, detector, folder: place }) => [id, detector.about.title, place]),
    [
      ['a-own', 'T2', join(own, 'a-own')],
      ['b-ours', 'T', join(folder, 'b-ours')],
    ],
  )
  assert.deepEqual(all.map(isOurs), [false, false])
  assert.ok((await loadCatalogue()).all.every(isOurs))
})

test("a detector of one's own that is not compiled, is empty, or takes the name of ours stops the start", async (t) => {
  const folder = await folderOf(t, { ours: good })
  const own = await ownFolder(t, {
    'ours/detector.js': good,
    'source/detector.ts': '',
    'empty/notes.txt': '',
  })
  await assert.rejects(
    () => loadCatalogue({ folder, own }),
    (error) => {
      assert.ok(error instanceof WatchkeeperError)
      assert.equal(error.code, 'WK_DETECTOR_INVALID')
      const [, ...faults] = error.message.split('\n  ')
      assert.deepEqual(faults.sort(), [
        `${join(own, 'empty')}: there is no detector.js`,
        `${join(own, 'ours')}: there is a detector of that id already; give it another name`,
        `${join(own, 'source')}: detector.ts is not compiled; run tsc`,
      ])
      return true
    },
  )
  await assert.rejects(() => loadCatalogue({ folder, own: join(own, 'nowhere') }), /nowhere cannot be listed.*ENOENT/)
})
