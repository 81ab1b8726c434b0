/**
 * The embedded engine by itself, through its HTTP face: `node dist/bench/embedded.js [batches]`. Medians; worth something
 * as ratios between two lines or two runs on one machine.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@clickhouse/client'
import { pino } from 'pino'
import { startEmbedded } from '../src/store/embedded/embedded.js'

const [batches = 7] = process.argv.slice(2).map(Number)
const sizes = [1_000, 10_000, 50_000]
const latencyRounds = 200

const columns = `id UInt64, at DateTime64(6, 'UTC'), tenant LowCardinality(String), session String, tool LowCardinality(String),
  digest FixedString(32), bytes UInt32, hashes Array(UInt64), attributes Map(LowCardinality(String), String)`
const generated = (rows: number) => `SELECT number AS id, toDateTime64('2026-01-01 00:00:00', 6, 'UTC') + number AS at,
  'default' AS tenant, concat('conversation-', toString(intDiv(number, 20))) AS session,
  concat('tool_', toString(number % 60)) AS tool, toFixedString(substring(hex(SHA256(toString(number))), 1, 32), 32) AS digest,
  toUInt32(number % 5000) AS bytes, arrayMap(i -> sipHash64(number, i), range(14)) AS hashes,
  map('http.method', 'POST', 'net.host', toString(number % 30)) AS attributes FROM numbers(${rows})`

const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
const say = (text: string) => process.stdout.write(`${text}\n`)

/** Median of the times of several runs, in milliseconds. */
async function median(rounds: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const from = performance.now()
    await work()
    times.push(performance.now() - from)
  }
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN
}

for (const durability of ['process', 'power'] as const) {
  const engine = await startEmbedded({ dataDir: join(folder, durability), durability, log: pino({ level: 'silent' }) })
  const client = createClient({ url: engine.url, username: engine.service.user, password: engine.service.password })
  const reader = createClient({ url: engine.url, username: engine.reader.user, password: engine.reader.password })
  await client.command({ query: 'CREATE DATABASE bench ENGINE = Atomic' })
  await client.command({ query: `CREATE TABLE bench.t (${columns}) ENGINE = MergeTree ORDER BY (tenant, session, at)` })
  say(`durability ${durability}`)

  const post = (query: string, body: Uint8Array) =>
    fetch(`${engine.url}/?${new URLSearchParams({ query })}`, {
      method: 'POST',
      body,
      headers: { 'X-ClickHouse-User': engine.service.user, 'X-ClickHouse-Key': engine.service.password },
    }).then(async (response) => {
      const answer = Buffer.from(await response.arrayBuffer())
      if (!response.ok) throw new Error(answer.toString())
      return answer
    })
  for (const size of sizes) {
    const objects = await (await client.query({ query: generated(size), format: 'JSONEachRow' })).json()
    const native = await post('', Buffer.from(`${generated(size)} FORMAT Native`))
    const rate = (ms: number) => `${Math.round(size / ms)}k rows/s (${ms.toFixed(1)} ms)`
    const json = await median(batches, () =>
      client.insert({ table: 'bench.t', values: objects, format: 'JSONEachRow' }),
    )
    const binary = await median(batches, () => post('INSERT INTO bench.t FORMAT Native', native))
    const inside = await median(batches, () => client.command({ query: `INSERT INTO bench.t ${generated(size)}` }))
    say(
      `  ${size} rows: objects as JSONEachRow ${rate(json)}, ready Native ${rate(binary)}, made in the engine ${rate(inside)}`,
    )
  }
  for (const [name, as] of [
    ['service', client],
    ['reader', reader],
  ] as const) {
    const ask = async () => (await as.query({ query: 'SELECT 1', format: 'JSONEachRow' })).json()
    say(`  SELECT 1 as ${name}: ${(await median(latencyRounds, ask)).toFixed(2)} ms`)
  }
  await client.close()
  await reader.close()
  await engine.close()
}
await rm(folder, { recursive: true })
