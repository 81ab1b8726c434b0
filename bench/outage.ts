/**
 * An outage of the receiver under load, with the spool: `node dist/bench/outage.js [--minutes 10] [--rate 100] [--calm 0.5]`.
 *
 * A client and a server of the official SDK, both instrumented, in one process: calls with 2 KB of arguments and of results at an even
 * rate. The receiver is there for a while, then gone (its port refuses), then back. Reports what was lost or told twice (by the numbering
 * of the producers), the memory and the spool at most, and how long calls took and how late the event loop was with and without it.
 */
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Emitter, instrument } from '@watchkeeper/sdk'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import { z } from 'zod'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rate: { type: 'string', default: '100' },
    calm: { type: 'string', default: '0.5' },
  },
})
const minute = 60_000
const perSecond = Number(values.rate)
const tickMs = 20

/** Numbers of each producer that arrived, and how often. */
const arrived = new Map<string, Map<number, number>>()
function keep(body: string): void {
  for (const record of body.split('"timeUnixNano"').slice(1)) {
    const producer = /"watchkeeper\.producer\.id","value":\{"stringValue":"([^"]+)"/.exec(record)?.[1] ?? ''
    const sequence = Number(/"watchkeeper\.producer\.sequence","value":\{"intValue":"(\d+)"/.exec(record)?.[1])
    const numbers = arrived.get(producer) ?? new Map<number, number>()
    numbers.set(sequence, (numbers.get(sequence) ?? 0) + 1)
    arrived.set(producer, numbers)
  }
}
const receiver = async (port: number): Promise<Server> => {
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    keep(gunzipSync(Buffer.concat(pieces)).toString())
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}
const first = await receiver(0)
const { port } = first.address() as AddressInfo
const dsn = { ...developmentDsn, endpoint: `http://127.0.0.1:${port}` }
const spoolDir = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
const emitters = [new Emitter({ dsn, spoolDir }), new Emitter({ dsn, spoolDir })] as const

const text = 'Please send the papers of order A-4000 to anna.berg@example.org before the lid breaks. '.repeat(24)
const server = new McpServer({ name: 'bench', version: '1' })
server.registerTool('echo', { inputSchema: { text: z.string(), number: z.number() } }, async () => ({
  content: [{ type: 'text', text }],
}))
const client = new Client({ name: 'bench', version: '1' })
instrument(client, { emitter: emitters[0] })
instrument(server, { emitter: emitters[1] })
const [left, right] = InMemoryTransport.createLinkedPair()
await Promise.all([server.connect(right), client.connect(left)])

const MiB = 1_048_576
let failed = 0
let number = 0

async function spoolBytes(): Promise<number> {
  const entries = await readdir(spoolDir, { recursive: true }).catch(() => [])
  const sizes = await Promise.all(
    entries.map((name) =>
      stat(join(spoolDir, name)).then(
        (file) => (file.isFile() ? file.size : 0),
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Calls at an even rate for so long; says how they went. */
async function load(name: string, forMs: number): Promise<void> {
  const tookMs: number[] = []
  const rss: number[] = []
  let spool = 0
  let done = 0
  const loop = monitorEventLoopDelay({ resolution: 5 })
  loop.enable()
  const began = performance.now()
  let looked = began
  while (performance.now() - began < forMs) {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; done < due; done++) {
      const start = performance.now()
      try {
        await client.callTool({ name: 'echo', arguments: { text, number: number++ } })
      } catch {
        failed++
      }
      tookMs.push(performance.now() - start)
    }
    if (performance.now() - looked > 5000) {
      looked = performance.now()
      rss.push(process.memoryUsage.rss())
      spool = Math.max(spool, await spoolBytes())
    }
    await wait(tickMs)
  }
  loop.disable()
  tookMs.sort((a, b) => a - b)
  const took = (share: number): string => (tookMs[Math.floor((tookMs.length - 1) * share)] ?? 0).toFixed(2)
  const late = (share: number): string => (loop.percentile(share) / 1e6).toFixed(1)
  const memory = (at: number): number => Math.round((rss[at] ?? 0) / MiB)
  const half = Math.floor(rss.length / 2)
  process.stdout.write(
    `${name.padEnd(8)} ${done} calls: ${took(0.5)} ms (p50) ${took(0.99)} (p99); turns of 5 ms took ${late(50)} (p50) ${late(99)} (p99) ${late(100)} ms (most); ` +
      `RSS ${memory(0)} MiB at first, ${memory(half)} half-way, ${memory(rss.length - 1)} at last, ${Math.round(Math.max(...rss, 0) / MiB)} at most; spool ${Math.round(spool / MiB)} MiB at most\n`,
  )
}

const counted = (name: 'queued' | 'dropped' | 'omitted' | 'emitted'): number =>
  emitters.reduce((sum, { counts }) => sum + counts[name], 0)

await load('there', Number(values.calm) * minute)
first.closeAllConnections()
await new Promise((closed) => first.close(closed))
await load('gone', Number(values.minutes) * minute)
process.stdout.write(`         ${counted('queued')} records wait, ${counted('dropped')} were dropped\n`)
const second = await receiver(port)
const back = performance.now()
await load('back', Number(values.calm) * minute)
await client.close()
await Promise.all(emitters.map((emitter) => emitter.flush()))
process.stdout.write(`         all sent ${((performance.now() - back) / 1000).toFixed(0)} s after it was back\n`)

let lost = 0
let twice = 0
for (const { producerId, counts } of emitters) {
  const numbers = arrived.get(producerId) ?? new Map<number, number>()
  for (let sequence = 1; sequence <= counts.emitted; sequence++) {
    const times = numbers.get(sequence) ?? 0
    if (times === 0) lost++
    else twice += times - 1
  }
}
process.stdout.write(
  `         ${counted('emitted')} records stated: ${lost} lost, ${twice} told twice, ${counted('omitted')} without contents; ${failed} calls failed\n`,
)
await Promise.all(emitters.map((emitter) => emitter.close()))
second.closeAllConnections()
second.close()
await rm(spoolDir, { recursive: true })
process.exitCode = lost === 0 && failed === 0 ? 0 : 1
