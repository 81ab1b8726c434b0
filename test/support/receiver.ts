/** A receiver without a pipeline behind it: a bus that remembers, a clock that stands, requests without sockets. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import type { AuditEvent } from '../../src/audit-event.js'
import type { Bus, BusMessage, DeadLetter } from '../../src/bus/index.js'
import { type Config, type ConfigOverrides, readConfig } from '../../src/config.js'
import { keyFilePath } from '../../src/receive/keys/file.js'
import { KeyRing } from '../../src/receive/keys/ring.js'
import { createPepper } from '../../src/receive/pepper.js'
import { createReceiver, type Receiver } from '../../src/receive/server.js'
import { Telemetry } from '../../src/telemetry.js'

/** 2026-11-24 12:00:00 UTC, microseconds. */
export const receivedAt = Date.UTC(2026, 10, 24, 12) * 1000

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>
  readonly raw: Buffer
  /** The body as JSON; `undefined` where it is none. */
  readonly json: unknown
}

export interface TestReceiver {
  readonly app: Receiver['app']
  readonly receiver: Receiver
  readonly telemetry: Telemetry
  readonly config: Config
  /** What the bus acknowledged. */
  readonly published: BusMessage[]
  readonly events: () => AuditEvent[]
  readonly letters: () => DeadLetter[]
  readonly clock: { now: number }
  /** Everything that was logged, as JSON lines. */
  readonly log: () => string
  post(path: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** OTLP/JSON. */
  send(path: '/v1/logs' | '/v1/traces', body: object, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

export interface TestReceiverOptions {
  readonly config?: ConfigOverrides
  /** In place of remembering. */
  readonly publish?: Bus['publish']
  readonly deadlineMs?: number
}

/** Ends with the test. Keys are read from `keys.json` in `config.dataDir`. */
export async function testReceiver(t: TestContext, options: TestReceiverOptions = {}): Promise<TestReceiver> {
  const dataDir = options.config?.dataDir ?? (await temporaryFolder(t))
  const config = readConfig({}, { ...options.config, dataDir })
  const published: BusMessage[] = []
  const clock = { now: receivedAt }
  const now = (): number => clock.now
  const telemetry = new Telemetry()
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const ring = await KeyRing.open({ path: keyFilePath(config), log, now })
  const publish: Bus['publish'] =
    options.publish ??
    (async (messages) => {
      published.push(...messages)
    })
  const receiver = createReceiver({
    config,
    bus: { publish },
    ring,
    pepper: createPepper('a pepper for tests'),
    log,
    telemetry,
    now,
    ...(options.deadlineMs === undefined ? {} : { deadlineMs: options.deadlineMs }),
  })
  const { app } = receiver
  t.after(() => app.close())
  const post: TestReceiver['post'] = async (path, body, headers = {}) => {
    const reply = await app.inject({ method: 'POST', url: path, payload: body, headers })
    return answerOf(reply.statusCode, reply.headers, reply.rawPayload)
  }
  return {
    app,
    receiver,
    telemetry,
    config,
    published,
    events: () => published.flatMap((message) => (message.type === 'event' ? [message.event] : [])),
    letters: () => published.flatMap((message) => (message.type === 'dead-letter' ? [message.letter] : [])),
    clock,
    log: () => lines.join(''),
    post,
    send: (path, body, headers) => post(path, JSON.stringify(body), { 'content-type': 'application/json', ...headers }),
  }
}

export function answerOf(status: number, headers: Answer['headers'], raw: Buffer): Answer {
  let json: unknown
  try {
    json = JSON.parse(raw.toString())
  } catch {
    json = undefined
  }
  return { status, headers, raw, json }
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-test-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const gzipped = (body: string | Buffer): Buffer => gzipSync(body)
