import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { command } from '../../src/cli/detectors.js'
import { WatchkeeperError } from '../../src/errors.js'
import { commandIo } from '../support/command-io.js'

const detector = `
import { sessionDetector, stepOf } from '#detector'
export default sessionDetector({
  about: { title: 'Shouts', severity: 'low', maturity: 'trial', needs: ['arguments'], version: 3,
    tags: { atlas: [], mcp: ['MCP01:2025'], asi: ['ASI01'] } },
  judge: ({ events }) => events.filter(({ tool }) => tool === tool.toUpperCase()).map((anchor) => ({
    anchor, severity: 'low', summary: 'shouts', calls: [anchor], steps: [stepOf(anchor, 'action', 'shouts')], score: {} })),
})`
const cases = (finds: string) => `
import { auditEvent } from '#detector/story'
export default [
  { name: 'shouts', kind: 'fires', severity: 'low', events: [auditEvent({ eventId: 'c1', tool: 'SEND' })], finds: ['${finds}'] },
  { name: 'noisy, benign: whispers', kind: 'quiet', events: [auditEvent({ tool: 'send' })], finds: [] },
]`

async function own(t: TestContext, folders: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'own-detectors-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [id, source] of Object.entries(folders)) {
    await mkdir(join(folder, id))
    await writeFile(join(folder, id, 'detector.js'), detector)
    if (source !== '') await writeFile(join(folder, id, 'cases.js'), source)
  }
  return folder
}

async function detectors(folder: string, ...args: string[]) {
  const io = commandIo({ WATCHKEEPER_DETECTORS_DIR: folder })
  const code = await command.run(args, io)
  return { code, ...io.output }
}

test('lists ours and those of the own folder, with what each needs', async (t) => {
  const folder = await own(t, { shouting: cases('c1') })
  const { code, stdout } = await detectors(folder, 'list')
  assert.equal(code, 0)
  assert.match(stdout, /^shouting +own +session +low +trial +3 +arguments +MCP01 ASI01$/m)
  assert.match(stdout, /^injected-action +ours +session +high +stable/m)
  const json = (await detectors(folder, 'list', 'shouting', '--json')).stdout
  assert.deepEqual(JSON.parse(json), {
    id: 'shouting',
    from: join(folder, 'shouting'),
    type: 'session',
    severity: 'low',
    maturity: 'trial',
    version: 3,
    every_seconds: null,
    needs: ['arguments'],
    tags: { atlas: [], mcp: ['MCP01:2025'], asi: ['ASI01'] },
    title: 'Shouts',
  })
})

test('tells own detectors their cases, and names what did not come out as they say', async (t) => {
  const folder = await own(t, { well: cases('c1'), wrong: cases('c2'), unproven: '' })
  const good = await detectors(folder, 'test', 'well', '--verbose')
  assert.equal(good.code, 0)
  assert.match(good.stdout, /^well {3}well: 3 checks\n {7}well {3}the cases as a whole\n {7}well {3}shouts\n/)
  const bad = await detectors(folder, 'test', 'wrong', 'unproven', 'well')
  assert.equal(bad.code, 1)
  assert.match(bad.stdout, /WRONG {2}shouts\n +it found c1, where the case says c2\n/)
  assert.match(bad.stdout, /WRONG {2}unproven: 1 check\n.*\n +there is no cases\.js/)
  assert.match(bad.stdout, /7 checks of 3 detectors, 2 wrong\n$/)
})

test('mistakes of the caller are told', async (t) => {
  const folder = await own(t, {})
  const fails = (args: string[], text: RegExp) =>
    assert.rejects(
      () => detectors(folder, ...args),
      (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE' && text.test(error.message),
    )
  await fails(['tset'], /detectors list/)
  await fails(['test', 'no-such'], /there is no detector no-such/)
})
