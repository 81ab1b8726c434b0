/** A receiver of OTLP/JSON logs for tests of senders: real sockets, answers as a test wants them, and all it got decoded. */
import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { fromAttributes } from '@watchkeeper/sdk/attributes'
import { type Dsn, developmentDsn } from '@watchkeeper/sdk/dsn'
import type { ProducerEvent } from '@watchkeeper/sdk/event'

/** `reset` breaks the connection before an answer; `keep-and-reset` keeps the records first, as a crash between the two would. */
export type Answer =
  | 'reset'
  | 'keep-and-reset'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: object }

export interface CollectorRequest {
  readonly headers: IncomingMessage['headers']
  readonly records: number
}

export interface Collector {
  readonly url: string
  readonly dsn: Dsn
  /** All kept events in order of arrival, repetitions included. */
  readonly events: readonly ProducerEvent[]
  readonly requests: readonly CollectorRequest[]
  /** Resolves once `done` holds for the events. */
  until(done: (events: readonly ProducerEvent[]) => boolean): Promise<void>
  close(): Promise<void>
}

interface WireValue {
  readonly stringValue?: string
  readonly intValue?: string | number
  readonly boolValue?: boolean
  readonly doubleValue?: number
  readonly arrayValue?: { readonly values?: readonly WireValue[] }
}
interface WireRecord {
  readonly eventName: string
  readonly timeUnixNano: string
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes: readonly { readonly key: string; readonly value: WireValue }[]
}
interface WireRequest {
  readonly resourceLogs: readonly { readonly scopeLogs: readonly { readonly logRecords: readonly WireRecord[] }[] }[]
}

/** `answer` is asked for each request, counted from 0; `undefined` is 200. Stop it with `close`. */
export async function startCollector(
  answer: (request: number) => Answer | undefined = () => undefined,
): Promise<Collector> {
  const events: ProducerEvent[] = []
  const requests: CollectorRequest[] = []
  const arrivals = new EventEmitter()
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const records = recordsOf(Buffer.concat(pieces), request.headers['content-encoding'] === 'gzip')
    const given = answer(requests.length)
    requests.push({ headers: request.headers, records: records.length })
    if (given === undefined || given === 'keep-and-reset' || (typeof given === 'object' && given.status === 200)) {
      events.push(...records.map(eventOf))
      arrivals.emit('events')
    }
    if (given === 'reset' || given === 'keep-and-reset') {
      request.socket.destroy()
      return
    }
    response.writeHead(given?.status ?? 200, { 'content-type': 'application/json', ...given?.headers })
    response.end(JSON.stringify(given?.body ?? {}))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    dsn: { ...developmentDsn, endpoint: url },
    events,
    requests,
    async until(done) {
      while (!done(events)) await once(arrivals, 'events')
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function recordsOf(body: Buffer, gzipped: boolean): readonly WireRecord[] {
  const text = (gzipped ? gunzipSync(body) : body).toString('utf8')
  const request = JSON.parse(text) as WireRequest
  return request.resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
}

function plain(value: WireValue): unknown {
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plain)
  return value.stringValue ?? value.boolValue ?? value.doubleValue
}

function eventOf(record: WireRecord): ProducerEvent {
  const attributes = Object.fromEntries(record.attributes.map(({ key, value }) => [key, plain(value)]))
  const decoded = fromAttributes(record.eventName, attributes, {
    traceId: record.traceId ?? '',
    spanId: record.spanId ?? '',
    timeUs: Number(BigInt(record.timeUnixNano) / 1000n),
  })
  if ('faults' in decoded) throw new Error(`not an event: ${JSON.stringify(decoded.faults)}`)
  return decoded.event
}
