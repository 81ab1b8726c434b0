import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { command } from '../../src/cli/exclusions.js'
import { WatchkeeperError } from '../../src/errors.js'
import { commandIo } from '../support/command-io.js'
import { fromRoot } from '../support/root.js'

const story = fromRoot('deploy/cases/tickets-name-their-queue.jsonl')

async function run(policy: string, ...args: string[]) {
  const io = commandIo({ WATCHKEEPER_POLICY: policy })
  const code = await command.run(args, io)
  return { code, ...io.output }
}

test('the exclusion of the example is listed, and proven by its story', async () => {
  const example = fromRoot('deploy/watchkeeper.example.yaml')
  assert.match(
    (await run(example)).stdout,
    /^tickets-name-their-queue +all +injected-action +helpdesk@corp\.example +2027-06-30/m,
  )
  const { code, stdout } = await run(example, 'test')
  assert.match(stdout, /well {3}tickets-name-their-queue: covers 1 finding of its story, leaves 0/)
  assert.equal(code, 0)
})

test('one that its story does not prove is told with the reason', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const policy = join(folder, 'watchkeeper.yaml')
  const one = (id: string, detector: string, matcher: string): string =>
    `  - { id: ${id}, detector: ${detector}, ${matcher}, owner: ops, reason: r, expires: 2020-01-01, case: ${story} }\n`
  await writeFile(
    policy,
    `exclusions:\n${one('elsewhere', 'injected-action', 'destination: other.example')}${one('silent', 'scope-jump', 'server: mail')}${one('typo', 'injected-acton', 'server: mail')}${one('ended', 'injected-action', 'server: mail, subject: dana')}`,
  )
  const { code, stdout } = await run(policy, 'test')
  assert.equal(code, 1)
  assert.match(stdout, /WRONG {2}elsewhere: injected-action fires in .*, and the exclusion covers none of it/)
  assert.match(stdout, /WRONG {2}silent: scope-jump finds nothing in/)
  assert.match(stdout, /WRONG {2}typo: there is no detector injected-acton/)
  assert.match(stdout, /well {3}ended: covers 1/)
  assert.match(stdout, /4 exclusions, 3 not proven/)
  assert.match((await run(policy)).stdout, /^ended .* 2020-01-01 \(ended\)/m)
})

test('without a policy file there is nothing to list', async () => {
  await assert.rejects(run(''), (error) => error instanceof WatchkeeperError && error.code === 'WK_USAGE')
})
