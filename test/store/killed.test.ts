import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { openStore, type Store } from '../../src/store/index.js'
import { testStoreConfig } from '../support/store.js'

/** The engine's child ends itself when its parent is gone, but not at the same instant. */
async function reopen(config: Parameters<typeof openStore>[0]['config']): Promise<Store> {
  for (;;) {
    try {
      return await openStore({ config, log: pino({ level: 'silent' }), now: () => Date.now() * 1000 })
    } catch (error) {
      if ((error as { code?: string }).code !== 'WK_STORE_LOCKED') throw error
    }
  }
}

it('what was acknowledged is there once after the process was killed in the middle of its work', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-killed-'))
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const script = fileURLToPath(new URL('../support/store-writer.js', import.meta.url))
  const writer = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => writer.kill('SIGKILL'))
  let acknowledged = 0
  for await (const _ of createInterface({ input: writer.stdout })) if (++acknowledged === 8) writer.kill('SIGKILL')
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, 'exit')
  assert.equal(writer.signalCode, 'SIGKILL')

  const config = { ...(await testStoreConfig()), clickhouseUrl: '', clickhouseDatabase: 'watchkeeper', dataDir }
  const store = await reopen(config)
  t.after(() => store.close())
  await store.sweepShadowed(0, (Date.now() + 1_000) * 1000)
  const rows = await store.query<{ batch: number; calls: number; ids: number; servers: number }>(
    `SELECT toUInt32(splitByChar('-', event_id)[2]) AS batch, toUInt32(count()) AS calls,
       toUInt32(uniqExact(event_id)) AS ids, toUInt32(countIf(side = 'server')) AS servers
     FROM audit GROUP BY batch ORDER BY batch`,
  )
  assert.ok(rows.length >= acknowledged, `${rows.length} of ${acknowledged} batches`)
  for (const { batch, calls, ids, servers } of rows)
    assert.deepEqual({ calls, ids, servers }, { calls: 50, ids: 50, servers: 0 }, `batch ${batch}`)
})
