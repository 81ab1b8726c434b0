import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { faultOf } from '../../../src/store/embedded/fault.js'
import { Spool } from '../../../src/store/embedded/spool.js'
import { temporaryFolder } from '../../support/embedded.js'

describe('the spool of insert bodies', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('a body is a file of its owner while it is used, and gone afterwards, also when its use fails', async () => {
    const spool = await Spool.open([folder], 'spool')
    const bytes = Buffer.from('a\n\n\0\xff', 'latin1')
    const used = await spool.with(Readable.from([bytes]), bytes.length, async (file) => {
      assert.equal((await stat(file)).mode & 0o777, 0o600)
      assert.deepEqual(await readFile(file), bytes)
      return 'used'
    })
    assert.equal(used, 'used')
    await assert.rejects(
      spool.with(Readable.from(['x']), 1, () => Promise.reject(new Error('refused'))),
      /refused/,
    )
    const broken = new Readable({
      read() {
        this.destroy(new Error('the client left'))
      },
    })
    await assert.rejects(
      spool.with(broken, 1, () => Promise.resolve()),
      /the client left/,
    )
    assert.deepEqual(await readdir(join(folder, 'spool')), [])
    await spool.close()
    assert.deepEqual(await readdir(folder), [])
  })

  test('what a killed predecessor left is removed', async () => {
    await mkdir(join(folder, 'spool'))
    await writeFile(join(folder, 'spool', 'left'), 'secret')
    await Spool.open([folder], 'spool')
    assert.deepEqual(await readdir(join(folder, 'spool')), [])
  })

  test('a link under our name is not followed, the next folder is taken', async () => {
    const [shared, own, elsewhere] = ['shared', 'own', 'elsewhere'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    for (const path of [shared, own, elsewhere]) await mkdir(path)
    await writeFile(join(elsewhere, 'precious'), '')
    await symlink(elsewhere, join(shared, 'spool'))
    const spool = await Spool.open([shared, join(folder, 'missing'), own], 'spool')
    await spool.with(Readable.from(['x']), 1, async (file) => assert.ok(file.startsWith(own)))
    assert.deepEqual(await readdir(elsewhere), ['precious'])
  })

  test('a body that cannot fit is refused before it is written', async () => {
    const spool = await Spool.open([folder], 'spool')
    await assert.rejects(
      spool.with(Readable.from(['x']), Number.MAX_SAFE_INTEGER, () => Promise.resolve()),
      (error) => faultOf(error).code === 243 && faultOf(error).status === 503,
    )
  })

  test('no folder at all is an error that names the folders', async () => {
    await assert.rejects(Spool.open([join(folder, 'missing')], 'spool'), /missing/)
  })
})
