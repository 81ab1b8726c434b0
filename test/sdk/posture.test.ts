import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpath } from 'node:fs/promises'
import { type TestContext, test } from 'node:test'
import { postureOf } from '@watchkeeper/sdk/posture'
import { temporaryFolder } from '../support/receiver.js'

const linux = { skip: process.platform === 'linux' ? false : 'there is no /proc' }

/** A process that runs until the test ends; resolves when its program is running. */
async function waiting(t: TestContext, command: string, args: readonly string[], cwd?: string): Promise<ChildProcess> {
  const child = spawn(command, [...args, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'], ...(cwd ? { cwd } : {}) })
  t.after(() => child.kill('SIGKILL'))
  child.stdin?.write('up\n')
  await once(child.stdout as NodeJS.ReadableStream, 'data')
  return child
}

test('our own posture names the user, the platform and the folder', () => {
  const posture = postureOf()
  assert.equal(posture['posture_platform'], process.platform)
  assert.equal(posture['posture_uid'], String(process.geteuid?.()))
  assert.equal(posture['posture_cwd'], process.cwd())
  assert.match(posture['posture_home_writable'] ?? '', /^(?:yes|no)$/)
})

test("another process's posture is its own", linux, async (t) => {
  const folder = await realpath(await temporaryFolder(t))
  const child = await waiting(t, 'setpriv', ['--no-new-privs', '--bounding-set', '-all'], folder)
  const posture = postureOf(child.pid)
  assert.equal(posture['posture_cwd'], folder)
  assert.equal(posture['posture_no_new_privs'], 'yes')
  assert.equal(postureOf()['posture_no_new_privs'], 'no')
  assert.equal(posture['posture_seccomp'], postureOf()['posture_seccomp'])
  assert.match(posture['posture_seccomp'] ?? '', /^(?:off|filter)$/)
  assert.match(posture['posture_network_namespace'] ?? '', /^\d+$/)
})

test('a server without network is told as such', linux, async (t) => {
  const alone = spawn('unshare', ['--net', 'true'])
  const [code] = (await once(alone, 'close')) as [number | null]
  if (code !== 0) {
    t.skip('this machine does not let us make a network namespace')
    return
  }
  const child = await waiting(t, 'unshare', ['--net'])
  const posture = postureOf(child.pid)
  assert.equal(posture['posture_network'], 'none')
  assert.notEqual(posture['posture_network_namespace'], postureOf()['posture_network_namespace'])
})

test('of a process that is gone, nothing is said but what the machine is', linux, async () => {
  const child = spawn('true')
  await once(child, 'close')
  const { posture_platform, posture_home_writable, ...rest } = postureOf(child.pid)
  assert.deepEqual(rest, {})
  assert.ok(posture_platform && posture_home_writable)
})
