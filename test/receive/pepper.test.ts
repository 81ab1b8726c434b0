import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { WatchkeeperError } from '../../src/errors.js'
import { createPepper, openPepper } from '../../src/receive/pepper.js'
import { temporaryFolder } from '../support/receiver.js'

const value = '00112233445566aa'

test('receivers that start at the same moment in one folder have one pepper, for its owner alone', async (t) => {
  const dataDir = join(await temporaryFolder(t), 'new')
  const peppers = await Promise.all(Array.from({ length: 20 }, () => openPepper({ pepper: '', dataDir })))
  assert.equal(new Set(peppers.map((pepper) => pepper.of('t')(value))).size, 1)
  assert.deepEqual(await readdir(dataDir), ['pepper'])
  assert.equal((await stat(join(dataDir, 'pepper'))).mode & 0o777, 0o600)
})

test('a value has 16 hex digits, and others for another tenant, another pepper, another value', () => {
  const one = createPepper('one')
  const hashes = [
    one.of('a')(value),
    one.of('b')(value),
    createPepper('two').of('a')(value),
    one.of('a')('0'.repeat(16)),
  ]
  for (const hash of hashes) assert.match(hash, /^[0-9a-f]{16}$/)
  assert.equal(new Set(hashes).size, hashes.length)
  assert.equal(one.of('a')(value), one.of('a')(value))
  assert.equal(one.of('a')(''), '')
})

test('a pepper that is too short, spoilt or cannot be kept is a fault of the settings', async (t) => {
  const dataDir = await temporaryFolder(t)
  const fault = (error: unknown): boolean => error instanceof WatchkeeperError && error.code === 'WK_CONFIG'
  await assert.rejects(openPepper({ pepper: 'short', dataDir }), fault)
  await writeFile(join(dataDir, 'pepper'), '')
  await assert.rejects(openPepper({ pepper: '', dataDir }), fault)
  await assert.rejects(openPepper({ pepper: '', dataDir: join(dataDir, 'pepper', 'below-a-file') }), fault)
})
