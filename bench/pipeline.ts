/**
 * Records a second from a sender to the view `audit`, through the service as it is run: one process with the in-process bus,
 * and receive and store apart with Kafka between them. `node dist/bench/pipeline.js [RECORDS] [ROUNDS] [PART…]`; Kafka
 * needs java and maven, or `KAFKA_BROKERS`. Then the same records through each step alone, in this process: where the time
 * goes. Parts: `in-process`, `kafka`, `steps`; default all.
 *
 * The sender shares the machine with what it measures: figures are worth something as ratios.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createCapturer } from '@watchkeeper/sdk/capture'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import { encodeRecord, encodeRequest } from '@watchkeeper/sdk/otlp'
import { sendLogs } from '@watchkeeper/sdk/send'
import { pino } from 'pino'
import type { AuditEvent } from '../src/audit-event.js'
import { encode } from '../src/bus/kafka/codec.js'
import { developmentSender } from '../src/receive/keys/ring.js'
import { logsOfJson, spansOfJson } from '../src/receive/otlp/json.js'
import { createPepper } from '../src/receive/pepper.js'
import { translate } from '../src/receive/translate.js'
import { type RecordedSession, recordedEvents } from '../src/recorded.js'
import { ClickHouse } from '../src/store/client.js'
import { attachEmbedded } from '../src/store/embedded/attach.js'
import { openScratchStore } from '../src/store/index.js'
import { anyBroker } from '../test/support/kafka.js'
import { freePort, type Service, service } from '../test/support/service.js'

const [records = 30_000, rounds = 5] = process.argv.slice(2, 4).map(Number)
const parts = process.argv.slice(4)
const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part)
const perRequest = 300
const senders = 8
const callsOfSession = 19
/** The steps need fewer; the largest batch into the store is made of copies. */
const stepRecords = Math.min(2_000, Math.floor(records * 0.9))

const say = (text: string): boolean => process.stdout.write(`${text}\n`)
const middle = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

/** A result of about 1 KB: mostly words, some values. */
const resultOf = (number: number): string =>
  `Contact user${number}@corp${number % 97}.example, order ${number * 7}, meeting on 2026-11-${10 + (number % 20)}. ` +
  'The parcel came late on that day, and the lid of the second box was broken again. '.repeat(10)

function sessionOf(number: number): RecordedSession {
  const calls = Array.from({ length: callsOfSession }, (_, step) => ({
    tool: `tool_${step % 7}`,
    server: 'desk',
    arguments: { id: `n-${number}-${step}`, to: `user${number * 31 + step}@corp.example` },
    result: resultOf(number * 100 + step),
    isError: false,
    step,
  }))
  return { id: `session-${number}`, calls, messages: [{ text: 'Summarise my unread mail.', beforeCall: 0 }] }
}

const capturer = createCapturer({ key: developmentDsn.fingerprintKey })
const frame = { resource: { 'service.name': 'bench' }, scope: { name: 'watchkeeper.bench', version: '1' } }
const sessions = Array.from({ length: Math.ceil(records / (callsOfSession + 1)) }, (_, number) => sessionOf(number))

/** Another base time is other records. */
function requestsOf(baseTime: number, most: number): readonly string[] {
  const lines = sessions
    .flatMap((session) => recordedEvents(session, { capturer, baseTime }))
    .slice(0, most)
    .map((event) => encodeRecord(event))
  const requests: string[] = []
  for (let at = 0; at < lines.length; at += perRequest)
    requests.push(encodeRequest(lines.slice(at, at + perRequest), frame))
  return requests
}

/** The same calls as spans of somebody else's instrumentation, with their contents. */
function spanRequests(most: number): readonly string[] {
  const all = sessions.flatMap(({ calls }, session) =>
    calls.map(({ tool, arguments: args, result }, step) => ({
      traceId: (session + 1).toString(16).padStart(32, '0'),
      spanId: (session * 100 + step + 1).toString(16).padStart(16, '0'),
      kind: 3,
      name: `tools/call ${tool}`,
      startTimeUnixNano: '1795521598000000000',
      endTimeUnixNano: '1795521598100000000',
      attributes: [
        ['mcp.method.name', 'tools/call'],
        ['gen_ai.tool.name', tool],
        ['gen_ai.tool.call.arguments', JSON.stringify(args)],
        ['gen_ai.tool.call.result', String(result)],
      ].map(([key, value]) => ({ key, value: { stringValue: value } })),
    })),
  )
  const spans = all.slice(0, most)
  const requests: string[] = []
  for (let at = 0; at < spans.length; at += perRequest)
    requests.push(
      JSON.stringify({
        resourceSpans: [{ scopeSpans: [{ scope: { name: 'bench' }, spans: spans.slice(at, at + perRequest) }] }],
      }),
    )
  return requests
}

/** Seconds of processor time of a process so far; where /proc tells it. */
async function processorOf(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100
}

async function engineOf(keeper: Service): Promise<number> {
  const children = await readFile(`/proc/${keeper.pid}/task/${keeper.pid}/children`, 'utf8').catch(() => '')
  return Number(children.trim().split(' ')[0])
}

/** Ends what a service or a folder needs to end, in reverse. */
const ends: (() => unknown)[] = []
const after = (end: () => unknown): number => ends.push(end)

interface Running {
  readonly url: string
  readonly dataDir: string
  readonly receive: Service
  readonly store: Service
}

async function start(kafka: string | undefined): Promise<Running> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
  after(() => rm(dataDir, { recursive: true, force: true }))
  const port = String(await freePort())
  const own = async () => ({
    WATCHKEEPER_DATA_DIR: dataDir,
    WATCHKEEPER_RECEIVE_PORT: port,
    WATCHKEEPER_CONSOLE_PORT: String(await freePort()),
    ...(kafka === undefined
      ? {}
      : {
          WATCHKEEPER_BUS: 'kafka',
          WATCHKEEPER_KAFKA_BROKERS: kafka,
          WATCHKEEPER_KAFKA_TOPIC_PREFIX: `bench-${process.pid}`,
        }),
  })
  const store = service({ after }, await own(), ['--role', kafka === undefined ? 'receive,store' : 'store'])
  await store.start()
  const receive = kafka === undefined ? store : service({ after }, await own(), ['--role', 'receive'])
  if (receive !== store) await receive.start()
  return { url: `http://127.0.0.1:${port}`, dataDir, receive, store }
}

async function counter(dataDir: string): Promise<{ count: () => Promise<number>; close: () => Promise<void> }> {
  const engine = await attachEmbedded(dataDir)
  if (engine === undefined) throw new Error('the engine is gone')
  const db = new ClickHouse({ url: engine.url, ...engine.service, database: 'watchkeeper' })
  return {
    count: async () => Number((await db.query<{ n: string }>('SELECT count() AS n FROM audit'))[0]?.n),
    close: () => db.close(),
  }
}

async function endToEnd(name: string, kafka: string | undefined): Promise<void> {
  const { url, dataDir, receive, store } = await start(kafka)
  const { count, close } = await counter(dataDir)
  const engine = await engineOf(store)
  const pids = [receive.pid, store.pid, engine]
  const answered: number[] = []
  const landed: number[] = []
  const processor: number[][] = []
  for (let round = 0; round <= rounds; round += 1) {
    const requests = requestsOf((Date.now() - 3_600_000 + round * 1000) * 1000, records)
    const before = await count()
    const used = await Promise.all(pids.map(processorOf))
    const began = performance.now()
    let next = 0
    const sender = async (): Promise<void> => {
      for (let body = requests[next++]; body !== undefined; body = requests[next++]) {
        const answer = await sendLogs(body, { url, key: '', timeoutMs: 30_000 })
        if (answer.type !== 'kept') throw new Error(JSON.stringify(answer))
      }
    }
    await Promise.all(Array.from({ length: senders }, sender))
    const all = performance.now()
    while ((await count()) < before + records) await delay(20)
    const end = performance.now()
    // The first warms up.
    if (round === 0) continue
    answered.push(records / ((all - began) / 1000))
    landed.push(records / ((end - began) / 1000))
    const now = await Promise.all(pids.map(processorOf))
    processor.push(now.map((seconds, place) => ((seconds - (used[place] ?? 0)) * 1_000_000) / records))
  }
  const cpu = (place: number) => `${Math.round(middle(processor.map((row) => row[place] ?? 0)))} µs`
  const shares = kafka === undefined ? `service ${cpu(0)}` : `receive ${cpu(0)}, store ${cpu(1)}`
  say(
    `${name}: answered ${Math.round(middle(answered))}/s, in audit ${Math.round(middle(landed))}/s; processor time a record: ${shares}, engine ${cpu(2)}`,
  )
  await close()
  await receive.stop()
  await store.stop()
}

/** Microseconds a record of one step, median of the rounds. */
async function step<T>(name: string, work: () => Promise<T> | T, count: number): Promise<T> {
  const times: number[] = []
  let result = await work()
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now()
    result = await work()
    times.push(((performance.now() - began) * 1000) / count)
  }
  say(`  ${name}: ${middle(times).toFixed(1)} µs a record`)
  return result
}

async function eachOf<T>(requests: readonly string[], work: (body: Buffer) => Promise<T> | T): Promise<T[]> {
  const results: T[] = []
  for (const request of requests) results.push(await work(Buffer.from(request)))
  return results
}

async function steps(): Promise<void> {
  say(`each step alone, over ${stepRecords} records:`)
  const receivedAt = Date.now() * 1000
  const pepper = createPepper('of the bench, not secret')
  const context = {
    sender: developmentSender,
    capturer,
    pepper: pepper.of('default'),
    seal: pepper.sealOf('default'),
    acceptClearText: false,
    receivedAt,
    onFault: (error: unknown) => {
      throw error
    },
  }
  const own = requestsOf(receivedAt - 3_600_000_000, stepRecords)
  const foreign = spanRequests(stepRecords)
  const decoded = await step('decode our JSON', () => eachOf(own, (body) => [...logsOfJson(body)]), stepRecords)
  const translations = await step(
    'our records to audit events',
    () => Promise.all(decoded.map((entries) => translate(entries, context))),
    stepRecords,
  )
  const spans = await step(
    "decode others' spans (JSON)",
    () => eachOf(foreign, (body) => [...spansOfJson(body)]),
    stepRecords,
  )
  await step(
    "others' spans with 1 KB contents to audit events (capture)",
    () => Promise.all(spans.map((entries) => translate(entries, context))),
    stepRecords,
  )
  const messages = translations.flatMap((translation) => translation.messages)
  await step('encode for Kafka', () => messages.map((message) => encode(message, () => receivedAt)), stepRecords)
  await intoStore(messages.flatMap((message) => (message.type === 'event' ? [message.event] : [])))
}

/** The store's own steps, by what it asks of the engine; what is asked side by side counts in full. */
async function intoStore(events: readonly AuditEvent[]): Promise<void> {
  const spent = new Map<string, number>()
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now()
    try {
      return await work()
    } finally {
      spent.set(name, (spent.get(name) ?? 0) + performance.now() - began)
    }
  }
  const { insertFrom, query } = ClickHouse.prototype
  const store = await openScratchStore({ log: pino({ level: 'silent' }), now: () => Date.now() * 1000 })
  ClickHouse.prototype.insertFrom = function (this: ClickHouse, ...args: unknown[]) {
    return timed(`insert into ${args[0]}`, () => Reflect.apply(insertFrom, this, args))
  } as typeof insertFrom
  ClickHouse.prototype.query = function (this: ClickHouse, ...args: unknown[]) {
    const copies = String(args[0]).includes('FROM record_keys')
    return timed(copies ? 'look for copies and other sides' : 'look up session links', () =>
      Reflect.apply(query, this, args),
    )
  } as typeof query
  try {
    for (const size of [500, 2_000, 10_000]) {
      spent.clear()
      let total = 0
      let count = 0
      for (let round = 0; round < rounds; round += 1) {
        const batch = Array.from({ length: size }, (_, index) => {
          const event = events[index % events.length]
          if (event === undefined) throw new Error('no events')
          const name = `${size}/${round}/${index}`
          return { ...event, recordId: uuidOf(name), callKey: event.callKey && uuidOf(`call ${name}`) }
        })
        const began = performance.now()
        await store.insertEvents(batch)
        total += performance.now() - began
        count += batch.length
      }
      const each = [...spent].map(([name, ms]) => `${name} ${((ms * 1000) / count).toFixed(1)}`).join(', ')
      say(`  into the store, ${size} at once: ${((total * 1000) / count).toFixed(1)} µs a record (${each})`)
    }
  } finally {
    Object.assign(ClickHouse.prototype, { insertFrom, query })
    await store.close()
  }
}

function uuidOf(name: string): string {
  const hex = Buffer.from(name.padEnd(16, '.').slice(-16)).toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

say(`${records} records, ${perRequest} a request, ${senders} senders, median of ${rounds} rounds`)
try {
  if (wanted('in-process')) await endToEnd('in-process', undefined)
  if (wanted('kafka')) {
    const broker = await anyBroker()
    if (typeof broker === 'string') say(`Kafka: ${broker}`)
    else {
      after(() => broker.stop())
      await endToEnd('Kafka', broker.address)
    }
  }
  if (wanted('steps')) await steps()
} finally {
  for (const end of ends.reverse()) await end()
}
