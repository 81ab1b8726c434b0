/**
 * ClickHouse's HTTP interface in front of the engine: what the official client, curl and Grafana speak. Every request is
 * authenticated, bounded, checked, and only then run. Answers are whole and bounded, not streamed: libchdb's streams begin
 * on the calling thread, and one scalar subquery would stop this process for as long as it takes.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Admission } from './admission.js'
import { type Answer, execute, type Means } from './execute.js'
import { Fault, faultOf } from './fault.js'
import { type Request, readRequest } from './settings.js'
import { authenticate, type Logins, type Role } from './users.js'

export interface Face extends Means {
  readonly logins: Logins
  readonly knownSettings: ReadonlySet<string>
}

const contentTypes: Readonly<Record<string, string>> = {
  JSON: 'application/json; charset=UTF-8',
  JSONCompact: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
}

const compress = promisify(gzip)

/** A server that does not listen yet. */
export function httpFace(face: Face): Server {
  const { limits } = face
  const admissions: Record<Role, Admission> = {
    service: new Admission(limits.serviceSlots, limits.waiting),
    reader: new Admission(limits.readerSlots, limits.waiting),
  }
  const server = createServer({ maxHeaderSize: limits.headerBytes, keepAliveTimeout: 30_000 }, (request, response) => {
    serve(face, admissions, request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  server.maxConnections = limits.connections
  return server
}

async function serve(
  face: Face,
  admissions: Record<Role, Admission>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const left = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) left.abort()
  })
  // Node lets through what is no URL; its parameters then are none, and its path is none of ours.
  const target = `http://engine${request.url ?? '/'}`
  const url = URL.canParse(target) ? new URL(target) : new URL('http://engine/no-path')
  response.setHeader('X-ClickHouse-Server-Display-Name', 'watchkeeper')
  response.setHeader('X-ClickHouse-Timezone', 'UTC')
  if (url.pathname === '/ping' || url.pathname === '/replicas_status') {
    request.resume()
    response.end('Ok.\n')
    return
  }
  const queryId = printableId(url.searchParams.get('query_id')) ?? randomUUID()
  response.setHeader('X-ClickHouse-Query-Id', queryId)
  try {
    if (url.pathname !== '/') throw new Fault('BAD_ARGUMENTS', 'There is no such path: /, /ping')
    if (request.method !== 'GET' && request.method !== 'POST')
      throw new Fault('NOT_IMPLEMENTED', 'Only GET and POST are available')
    const role = authenticate(request.headers, url.searchParams, face.logins)
    const asked = readRequest(url.searchParams, (name) => face.knownSettings.has(name))
    const answer = await admissions[role].run(left.signal, () => execute(face, role, asked, request, left.signal))
    await send(response, request, asked, answer)
  } catch (error) {
    refuse(response, request, error, face.version)
  }
}

/** Only what a header may hold. */
const printableId = (id: string | null) => (id !== null && /^[\x21-\x7e]{1,128}$/.test(id) ? id : undefined)

async function send(response: ServerResponse, request: IncomingMessage, asked: Request, answer: Answer): Promise<void> {
  const { result, format, writtenRows } = answer
  const written = writtenRows > 0
  response.setHeader('X-ClickHouse-Format', /^\w+$/.test(format) ? format : 'TabSeparated')
  response.setHeader('Content-Type', contentTypes[format] ?? 'application/octet-stream')
  response.setHeader(
    'X-ClickHouse-Summary',
    JSON.stringify({
      read_rows: String(written ? 0 : result.rowsRead),
      read_bytes: String(written ? 0 : result.bytesRead),
      written_rows: String(writtenRows),
      written_bytes: String(written ? result.bytesRead : 0),
      total_rows_to_read: '0',
      result_rows: '0',
      result_bytes: String(result.bytes.length),
      elapsed_ns: String(Math.round(result.elapsed * 1e9)),
    }),
  )
  if (asked.gzipAnswer && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    response.setHeader('Content-Encoding', 'gzip')
    response.end(await compress(result.bytes, { level: 1 }))
  } else response.end(result.bytes)
}

function refuse(response: ServerResponse, request: IncomingMessage, error: unknown, version: string): void {
  const { code, status, message } = faultOf(error)
  if (response.destroyed) return
  response.statusCode = status
  response.setHeader('X-ClickHouse-Exception-Code', String(code))
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8')
  // What is left of a body that nobody will read is not waited for.
  if (!request.complete) response.setHeader('Connection', 'close')
  response.end(`${message} (version ${version})\n`)
}
