/**
 * What instrumentation costs a call: `node dist/bench/instrument.js [CALLS]`.
 *
 * One client and one server of the official SDK (v1) in one process, over memory, 4 KB of arguments and of results. Bare,
 * with the client instrumented, and with both sides, interleaved in rounds so that a noisy machine is noisy for all three.
 * `peer` is Traceloop's instrumentation of the client, whose spans hold the contents, with an exporter that drops them: what others take
 * for telling as much. Latency is the caller's: capture runs after the message was forwarded. `idle`: it is done before the next call starts, and
 * leaves the processor's caches cold for it; so the bare subject does the same work between its calls, unasked. `busy`: calls
 * back to back, with which capture competes. CPU is all of the process in the busy part, capture and sending included.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { McpInstrumentation as Traceloop } from '@traceloop/instrumentation-mcp'
import { Emitter, instrument } from '@watchkeeper/sdk'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentDsn, developmentFingerprintKey } from '@watchkeeper/sdk/dsn'
import { z } from 'zod'

const calls = Number(process.argv[2] ?? 2000)
const rounds = 10

/** Like a mail thread: mostly words, a value in every fifth line. Text without any would flatter capture. */
function prose(bytes: number): string {
  const line = (index: number): string =>
    index % 5 === 0
      ? `Please send the papers of order A-${4000 + index} to anna.berg${index}@example.org.\n`
      : `The parcel ${index} came late on that day, and the lid of the second box was broken again.\n`
  let text = ''
  for (let index = 0; text.length < bytes; index++) text += line(index)
  return text.slice(0, bytes)
}

interface Subject {
  readonly name: string
  readonly client: Client
  readonly emitters: readonly Emitter[]
  readonly idle: number[]
  readonly busy: number[]
  cpuMicros: number
  /** Kept after the calls, once what nobody holds is collected; needs `node --expose-gc`. */
  heapBytes: number
}

/** Wraps `request` of a class; one of its own, so that the others stay as they are. */
class PeerClient extends Client {}
const spans = new InMemorySpanExporter()
const peer = new Traceloop({ traceContent: true })
peer.setTracerProvider(new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
peer.manuallyInstrument({ Client: PeerClient } as never)

async function subject(
  name: string,
  sides: readonly ('client' | 'server')[],
  endpoint: string,
  Made: typeof Client = Client,
): Promise<Subject> {
  const emitters = sides.map(
    () => new Emitter({ dsn: { ...developmentDsn, endpoint }, maxQueueBytes: 256 * 1_048_576 }),
  )
  const server = new McpServer({ name: 'bench', version: '1' })
  const result = prose(4096)
  server.registerTool('echo', { inputSchema: { text: z.string() } }, async () => ({
    content: [{ type: 'text', text: result }],
  }))
  const client = new Made({ name: 'bench', version: '1' })
  for (const [index, side] of sides.entries())
    instrument(side === 'client' ? client : server, { emitter: emitters[index] as Emitter })
  const [left, right] = InMemoryTransport.createLinkedPair()
  await Promise.all([server.connect(right), client.connect(left)])
  return { name, client, emitters, idle: [], busy: [], cpuMicros: 0, heapBytes: 0 }
}

const text = prose(4096)
const capturer = createCapturer({ key: developmentFingerprintKey })
async function timedCall({ client }: Subject): Promise<number> {
  const start = performance.now()
  await client.callTool({ name: 'echo', arguments: { text } })
  return (performance.now() - start) * 1000
}

async function round(one: Subject, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    one.idle.push(await timedCall(one))
    // Two turns of the event loop: whatever capture this call left behind is done before the next.
    await turn()
    if (one.emitters.length === 0) {
      capturer.arguments('echo', { text })
      capturer.result(text)
    }
    await turn()
  }
  globalThis.gc?.()
  const heap = process.memoryUsage().heapUsed
  const before = process.cpuUsage()
  for (let index = 0; index < count; index++) one.busy.push(await timedCall(one))
  await Promise.all(one.emitters.map((emitter) => emitter.flush()))
  const { user, system } = process.cpuUsage(before)
  one.cpuMicros += user + system
  spans.reset()
  globalThis.gc?.()
  one.heapBytes += process.memoryUsage().heapUsed - heap
}

const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0

const collector = createServer((request, response) => {
  request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'))
}).listen(0, '127.0.0.1')
await once(collector, 'listening')
const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`

const subjects = [
  await subject('bare', [], endpoint),
  await subject('peer (Traceloop, client)', [], endpoint, PeerClient as unknown as typeof Client),
  await subject('client instrumented', ['client'], endpoint),
  await subject('both sides', ['client', 'server'], endpoint),
]
for (const one of subjects) await round(one, 200)
for (const one of subjects) {
  one.idle.length = 0
  one.busy.length = 0
  one.cpuMicros = 0
  one.heapBytes = 0
}
for (let index = 0; index < rounds; index++) for (const one of subjects) await round(one, Math.ceil(calls / rounds))

const [bare] = subjects
process.stdout.write(`${calls} calls each, 4 KB in, 4 KB out, microseconds\n`)
process.stdout.write('                        idle p50   p99  added  busy p50   p99   CPU/call  heap B/call  omitted\n')
for (const { name, idle, busy, cpuMicros, heapBytes, emitters } of subjects) {
  const [quiet, loud] = [idle, busy].map((times) => times.toSorted((a, b) => a - b)) as [number[], number[]]
  const base = bare?.idle.toSorted((a, b) => a - b) ?? []
  const columns = [
    quantile(quiet, 0.5),
    quantile(quiet, 0.99),
    quantile(quiet, 0.5) - quantile(base, 0.5),
    quantile(loud, 0.5),
    quantile(loud, 0.99),
    cpuMicros / busy.length,
    heapBytes / busy.length,
    emitters.reduce((sum, emitter) => sum + emitter.counts.omitted, 0),
  ]
  process.stdout.write(`${name.padEnd(24)}${columns.map((value) => value.toFixed(0).padStart(8)).join('')}\n`)
}
for (const { client, emitters } of subjects) {
  await client.close()
  await Promise.all(emitters.map((emitter) => emitter.close()))
}
collector.closeAllConnections()
collector.close()
