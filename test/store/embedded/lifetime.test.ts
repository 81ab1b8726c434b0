import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { ClickHouseClient } from '@clickhouse/client'
import { WatchkeeperError } from '../../../src/errors.js'
import { attachEmbedded } from '../../../src/store/embedded/attach.js'
import type { Embedded } from '../../../src/store/embedded/embedded.js'
import {
  clientOf,
  codeOf,
  createDatabase,
  rowsOf,
  startEngine,
  temporaryFolder,
  withoutEngine,
} from '../../support/embedded.js'

const heavy = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'

describe('an embedded engine lives and dies', { skip: withoutEngine }, () => {
  let folder = ''
  const engines: Embedded[] = []
  const clients: ClickHouseClient[] = []
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await Promise.all(engines.splice(0).map((engine) => engine.close()))
    await rm(folder, { recursive: true, force: true })
  })

  async function start(): Promise<Embedded> {
    const engine = await startEngine(folder)
    engines.push(engine)
    return engine
  }
  async function withTable(engine: Embedded): Promise<ClickHouseClient> {
    await createDatabase(engine)
    const service = client(engine)
    await service.command({ query: 'CREATE TABLE t (a UInt32) ENGINE = MergeTree ORDER BY a' })
    return service
  }
  function client(engine: Embedded): ClickHouseClient {
    const made = clientOf(engine, 'service')
    clients.push(made)
    return made
  }
  const count = async (of: ClickHouseClient) =>
    (await rowsOf<{ n: number }>(of, 'SELECT toUInt32(count()) AS n FROM t'))[0]?.n
  const heavyQueries = async (of: ClickHouseClient) =>
    (
      await rowsOf<{ n: number }>(
        of,
        "SELECT toUInt32(count()) AS n FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers(10000%'",
      )
    )[0]?.n ?? 0
  /** Until a condition holds; the engine tells of queries only when asked. */
  async function eventually(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds().catch(() => false))) await delay(20)
  }

  test('what was written is there after an orderly end', async () => {
    const first = await startEngine(folder)
    await (await withTable(first)).insert({ table: 't', values: [{ a: 1 }, { a: 2 }], format: 'JSONEachRow' })
    await first.close()
    assert.equal(await count(client(await start())), 2)
  })

  test('a query whose client leaves is really stopped', async () => {
    const service = await withTable(await start())
    const left = new AbortController()
    const query = service.query({ query: heavy, abort_signal: left.signal })
    await eventually(async () => (await heavyQueries(service)) === 1)
    left.abort()
    await assert.rejects(query)
    await eventually(async () => (await heavyQueries(service)) === 0)
  })

  test('closing does not wait for a heavy query', async () => {
    const engine = await start()
    const service = await withTable(engine)
    const stopped = codeOf(service.query({ query: heavy }))
    await eventually(async () => (await heavyQueries(service)) === 1)
    await engine.close()
    assert.equal(await stopped, 394)
    assert.throws(() => process.kill(Number(engine.childPid), 0))
  })

  test('a child that is killed comes back at the same address, with the same users and all that was acknowledged', async () => {
    const engine = await start()
    const service = await withTable(engine)
    const { url } = engine
    let acknowledged = 0
    const writing = (async () => {
      for (let a = 0; ; a += 1) {
        await service.insert({ table: 't', values: [{ a }], format: 'JSONEachRow' })
        acknowledged += 1
      }
    })()
    await eventually(async () => acknowledged >= 20)
    const killed = engine.childPid
    process.kill(Number(killed), 'SIGKILL')
    await assert.rejects(writing)
    await eventually(async () => (await service.ping()).success)
    assert.equal(engine.url, url)
    assert.notEqual(engine.childPid, killed)
    const kept = Number(await count(service))
    assert.ok(kept === acknowledged || kept === acknowledged + 1, `${kept} of ${acknowledged}`)
  })

  test('a second engine on the same folder is refused with the holder’s pid, and the first goes on', async () => {
    const engine = await start()
    const service = await withTable(engine)
    await assert.rejects(
      startEngine(folder, { lockPatienceMs: 0 }),
      (error) =>
        error instanceof WatchkeeperError &&
        error.code === 'WK_STORE_LOCKED' &&
        error.message.includes(`pid ${process.pid}`) &&
        error.message.includes(folder),
    )
    assert.equal(await count(service), 0)
    assert.equal((await attachEmbedded(folder))?.url, engine.url)
  })

  test('when the parent is killed the child ends by itself, even in a heavy query, and the folder is free', async () => {
    const parent = fork(fileURLToPath(new URL('../../support/embedded-parent.js', import.meta.url)), [folder])
    const [{ childPid }] = (await once(parent, 'message')) as [{ childPid: number }]
    const endpoint = await attachEmbedded(folder)
    assert.ok(endpoint)
    await createDatabase(endpoint)
    const service = clientOf(endpoint, 'service')
    const stopped = assert.rejects(service.query({ query: heavy }))
    await eventually(async () => (await heavyQueries(service)) === 1)
    parent.kill('SIGKILL')
    await once(parent, 'exit')
    // Waits for the lock of the child that is about to end.
    const next = await start()
    await stopped
    // A process whose parent is gone may stay as an entry without a command line until someone collects it.
    await eventually(async () => (await readFile(`/proc/${childPid}/cmdline`, 'utf8').catch(() => '')) === '')
    assert.equal((await attachEmbedded(folder))?.url, next.url)
    await service.close()
  })

  test('a second command finds the engine through a file that only its owner may read', async () => {
    assert.equal(await attachEmbedded(folder), undefined)
    const engine = await startEngine(folder)
    const attached = await attachEmbedded(folder)
    assert.deepEqual(attached, { url: engine.url, service: engine.service, reader: engine.reader })
    assert.equal((await stat(join(folder, 'engine.json'))).mode & 0o777, 0o600)
    await engine.close()
    assert.equal(await attachEmbedded(folder), undefined)
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('engine.json')),
      [],
    )
  })

  test('a file that a killed service left names nobody', async () => {
    const ended = fork(fileURLToPath(import.meta.url), ['--version'], { execArgv: ['--version'], stdio: 'ignore' })
    await once(ended, 'exit')
    const login = { user: 'u', password: 'p' }
    const noted = { pid: ended.pid, url: 'http://127.0.0.1:1', service: login, reader: login }
    await writeFile(join(folder, 'engine.json'), JSON.stringify(noted))
    assert.equal(await attachEmbedded(folder), undefined)
    await writeFile(join(folder, 'engine.json'), '{"pid":')
    assert.equal(await attachEmbedded(folder), undefined)
  })

  test('no body is left in the spool, neither by inserts nor by a predecessor', async () => {
    const spool = await temporaryFolder()
    const engine = await startEngine(folder, { spoolDir: spool })
    const service = await withTable(engine)
    await service.insert({ table: 't', values: [{ a: 1 }], format: 'JSONEachRow' })
    await assert.rejects(service.insert({ table: 't', values: ['{"a":'], format: 'JSONEachRow' }))
    const [own = ''] = await readdir(spool)
    assert.deepEqual(await readdir(join(spool, own)), [])
    assert.equal((await stat(join(spool, own))).mode & 0o777, 0o700)
    await writeFile(join(spool, own, 'left'), 'by a killed one')
    process.kill(Number(engine.childPid), 'SIGKILL')
    await eventually(async () => (await service.ping()).success)
    await eventually(async () => (await readdir(join(spool, own))).length === 0)
    await service.close()
    await engine.close()
    assert.deepEqual(await readdir(spool), [])
    await rm(spool, { recursive: true })
  })

  test('power durability makes inserts wait for the disk, and process durability does not', async () => {
    for (const [durability, fsync] of [
      ['power', '1'],
      ['process', '0'],
    ] as const) {
      const engine = await startEngine(folder, { durability })
      const bare = clientOf(engine, 'service', { database: 'default' })
      const query =
        "SELECT value FROM system.merge_tree_settings WHERE name IN ('fsync_after_insert', 'fsync_part_directory')"
      assert.deepEqual(await rowsOf(bare, query), [{ value: fsync }, { value: fsync }])
      await bare.close()
      await engine.close()
    }
  })

  test('a folder that cannot be used is an error that names it', async () => {
    await writeFile(join(folder, 'clickhouse'), 'not a folder')
    await assert.rejects(
      startEngine(folder, { lockPatienceMs: 0 }),
      (error) =>
        error instanceof WatchkeeperError && error.code === 'WK_STORE_UNAVAILABLE' && error.message.includes(folder),
    )
  })

  test('the secrets are nowhere but in that file', async () => {
    const engine = await start()
    const commandLine = await readFile(`/proc/${engine.childPid}/cmdline`, 'utf8').catch(() => '')
    const environment = await readFile(`/proc/${engine.childPid}/environ`, 'utf8').catch(() => '')
    for (const { password } of [engine.service, engine.reader]) {
      assert.ok(!commandLine.includes(password))
      assert.ok(!environment.includes(password))
    }
  })
})
