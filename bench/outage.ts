/**
 * An outage of the receiver under load, with the spool: `node dist/bench/outage.js [--minutes 10] [--rate 200]`.
 *
 * The receiver is away for so many minutes while events with captured contents (2 KB of arguments) come at an even rate, then
 * back. Reports what was lost (by event id), the memory at most, and by how much the host's event loop was late.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Emitter } from '@watchkeeper/sdk'
import { developmentDsn } from '@watchkeeper/sdk/dsn'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, rate: { type: 'string', default: '200' } },
})
const outageMs = Number(values.minutes) * 60_000
const perSecond = Number(values.rate)
const tickMs = 20

let away = true
const ids = new Set<string>()
const server = createServer(async (request, response) => {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  if (away) return void response.writeHead(503).end()
  const body = gunzipSync(Buffer.concat(pieces)).toString()
  for (const [, id] of body.matchAll(/"watchkeeper\.event\.id","value":\{"stringValue":"([^"]+)"/g)) ids.add(id ?? '')
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
const spoolDir = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const emitter = new Emitter({ dsn: { ...developmentDsn, endpoint }, spoolDir })

const MiB = 1_048_576
const text = 'Please send the papers of order A-4000 to anna.berg@example.org before the lid breaks. '.repeat(24)
let most = 0
const said: string[] = []
const loop = monitorEventLoopDelay({ resolution: 5 })
const began = performance.now()
const before = process.memoryUsage.rss()
loop.enable()
while (performance.now() - began < outageMs) {
  const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
  while (said.length < due)
    said.push(
      emitter.emit({
        kind: 'call',
        facts: { tool: 'mail' },
        capture: (capturer) => capturer.arguments('mail', { text, number: said.length }),
      }),
    )
  most = Math.max(most, process.memoryUsage.rss())
  await wait(tickMs)
}
loop.disable()
const { queued, dropped, omitted } = emitter.counts
const late = (share: number): string => (loop.percentile(share) / 1e6).toFixed(1)
process.stdout.write(
  `${values.minutes} min away at ${perSecond}/s: ${said.length} events, ${queued} waiting, ${dropped} dropped, ${omitted} omitted; ` +
    `RSS ${Math.round(before / MiB)} MiB before, ${Math.round(most / MiB)} at most; event loop turns of 5 ms took ${late(50)} ms (p50) ${late(99)} (p99) ${late(100)} (most)\n`,
)
away = false
const back = performance.now()
await emitter.flush()
const lost = said.filter((id) => !ids.has(id)).length
process.stdout.write(`back: all sent after ${((performance.now() - back) / 1000).toFixed(1)} s, lost = ${lost}\n`)
await emitter.close()
server.closeAllConnections()
server.close()
await rm(spoolDir, { recursive: true })
