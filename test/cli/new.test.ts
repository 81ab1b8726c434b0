/** What one begins a detector with compiles, and its cases come out, in a folder of one's own with nothing around it. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { command as detectors } from '../../src/cli/detectors.js'
import { scaffold } from '../../src/cli/new/scaffold.js'
import { command } from '../../src/cli/new.js'
import { WatchkeeperError } from '../../src/errors.js'
import { commandIo } from '../support/command-io.js'
import { fromRoot } from '../support/root.js'
import { openTestStore } from '../support/store.js'

const run = promisify(execFile)

async function empty(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'own-detectors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}
const compile = (folder: string) => run(process.execPath, [fromRoot('node_modules/typescript/bin/tsc'), '-p', folder])

test('both kinds compile in a folder of their own, and all their cases come out', async (t) => {
  const dir = await empty(t)
  for (const args of [['refused-twice'], ['refused-often', '--query', '--dir', dir]]) {
    const io = commandIo({ WATCHKEEPER_DETECTORS_DIR: dir })
    assert.equal(await command.run(['detector', ...args], io), 0)
    assert.match(io.output.stdout, /detector\.ts\n.*cases\.ts\n.*README\.md\n/)
    assert.match(io.output.stderr, new RegExp(`tsc -p ${dir}\\n`))
  }
  await compile(dir)
  const io = commandIo({ WATCHKEEPER_DETECTORS_DIR: dir })
  const code = await detectors.run(['test', 'refused-twice', 'refused-often', '--verbose'], io)
  assert.equal(code, 0, io.output.stdout)
  assert.match(io.output.stdout, /9 checks of 2 detectors, 0 wrong\n$/)
})

test('the compiler holds the contract in a folder of one’s own', async (t) => {
  const dir = await empty(t)
  await scaffold('mistaken', 'session', dir)
  const file = join(dir, 'mistaken/detector.ts')
  await writeFile(
    file,
    (await readFile(file, 'utf8')).replace("severity: 'medium',\n    // On", "severity: 'dire',\n    // On"),
  )
  await assert.rejects(
    () => compile(dir),
    (error: Error & { stdout?: string }) => /detector\.ts.*'"dire"'/.test(error.stdout ?? ''),
  )
})

test('its page has its name, the headings of all pages, and queries that run', async (t) => {
  const dir = await empty(t)
  const store = await openTestStore(t)
  for (const kind of ['session', 'query'] as const) {
    await scaffold(`a-${kind}`, kind, dir)
    const page = await readFile(join(dir, `a-${kind}`, 'README.md'), 'utf8')
    assert.ok(page.startsWith(`# a-${kind}\n`))
    assert.deepEqual(page.match(/^## .*$/gm), [
      '## What it sees',
      '## What it misses',
      '## False alarms',
      '## What to do',
    ])
    for (const [, query = ''] of page.matchAll(/```sql\n([\s\S]*?)```/g)) await store.query(query)
  }
})

test('nothing that exists is changed, and a name that is taken or malformed is told', async (t) => {
  const dir = await empty(t)
  await writeFile(join(dir, 'tsconfig.json'), '{"mine": true}')
  await scaffold('first', 'session', dir)
  assert.equal(await readFile(join(dir, 'tsconfig.json'), 'utf8'), '{"mine": true}')
  const fails = (args: string[], code: string, text: RegExp) =>
    assert.rejects(
      () => command.run([...args, '--dir', dir], commandIo()),
      (error) => error instanceof WatchkeeperError && error.code === code && text.test(error.message),
    )
  await fails(['detector', 'first'], 'WK_FILE_UNWRITABLE', /first exists already/)
  await fails(['detector', 'scope-jump'], 'WK_USAGE', /a detector scope-jump already/)
  await fails(['detector', '../evil'], 'WK_USAGE', /lower-case words/)
  await fails(['notifier', 'x'], 'WK_USAGE', /new detector ID/)
})
