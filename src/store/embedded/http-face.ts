/**
 * ClickHouse's HTTP interface in front of the engine: what the official client, curl and Grafana speak. Every request is
 * authenticated, bounded, checked, and only then run. Answers are whole and bounded, not streamed: libchdb's streams begin
 * on the calling thread, and one scalar subquery would stop this process for as long as it takes.
 */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { Admission } from './admission.js'
import { bodyOf, collect } from './body.js'
import type { Engine } from './engine.js'
import { Fault, faultOf } from './fault.js'
import type { Guard } from './guard.js'
import { helloBlock, helloStatement } from './hello.js'
import type { Limits } from './limits.js'
import { boundaryOf, readForm } from './multipart.js'
import type { Result } from './native.js'
import { type Request, readRequest } from './settings.js'
import type { Spool } from './spool.js'
import { askedFormat, fromInfile, type Insert, splitInsert } from './statement.js'
import { authenticate, type Logins, type Role } from './users.js'

export interface Face {
  readonly engine: Engine
  readonly guard: Guard
  readonly spool: Spool
  readonly logins: Logins
  readonly limits: Limits
  readonly knownSettings: ReadonlySet<string>
  readonly version: string
}

/** What is sent back for a statement that ran. */
interface Answer {
  readonly result: Result
  readonly format: string
  readonly writtenRows: number
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
  const url = new URL(request.url ?? '/', 'http://engine')
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
    const answer = await admissions[role].run(left.signal, () => perform(face, role, asked, request, left.signal))
    await send(response, request, asked, answer)
  } catch (error) {
    refuse(response, request, error, face.version)
  }
}

/** Only what a header may hold. */
const printableId = (id: string | null) => (id !== null && /^[\x21-\x7e]{1,128}$/.test(id) ? id : undefined)

async function perform(
  face: Face,
  role: Role,
  asked: Request,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const body = bodyOf(request, face.limits.bodyBytes)
  const boundary = boundaryOf(request.headers['content-type'])
  if (boundary !== undefined) {
    const form = readForm(await collect(body, face.limits.statementBytes), boundary)
    const whole = { ...asked, params: new Map([...asked.params, ...form.params]) }
    return runStatement(face, role, whole, Buffer.from(asked.query ?? form.query), request, signal)
  }
  const insert = asked.query === undefined ? undefined : splitInsert(asked.query)
  if (insert && asked.query !== undefined && asked.query.slice(insert.dataAt).trim() === '')
    return runInsert(face, role, asked, insert, body, Number(request.headers['content-length'] ?? 0))
  const text = await collect(body, face.limits.statementBytes)
  const prefix = asked.query === undefined ? '' : `${asked.query}\n`
  return runStatement(face, role, asked, Buffer.concat([Buffer.from(prefix), text]), request, signal)
}

async function runStatement(
  face: Face,
  role: Role,
  asked: Request,
  statement: Buffer,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  // One byte a character, so that offsets are offsets of bytes and data after the statement stays what it is.
  const insert = splitInsert(statement.toString('latin1'))
  if (insert) {
    const text = (part: string) => Buffer.from(part, 'latin1').toString('utf8')
    const head = { ...insert, head: text(insert.head), settings: text(insert.settings) }
    const data = statement.subarray(insert.dataAt)
    return runInsert(face, role, asked, head, Readable.from([data]), data.length)
  }
  const sql = statement.toString('utf8')
  if (sql.includes('\0')) throw new Fault('SYNTAX_ERROR', 'Syntax error: the statement holds a NUL')
  if (sql.trim() === '') throw new Fault('SYNTAX_ERROR', 'Syntax error: Empty query')
  if (asked.nativeRevision && sql.trim() === helloStatement) {
    const result = { bytes: helloBlock(face.version), rowsRead: 1, bytesRead: 0, elapsed: 0 }
    return { result, format: 'Native', writtenRows: 0 }
  }
  const kind = await face.guard.check(role, sql, asked.params)
  if (kind === 'write' && request.method === 'GET') throw new Fault('READONLY', 'GET may only read: use POST')
  const header = request.headers['x-clickhouse-format']
  const fallback = asked.defaultFormat ?? (typeof header === 'string' ? header : 'TabSeparated')
  const result = await face.engine.run(
    {
      sql,
      format: fallback,
      database: asked.database,
      settings: settingsFor(face, role, asked),
      params: asked.params,
      readonly: role === 'reader',
    },
    signal,
  )
  return { result, format: askedFormat(sql) ?? fallback, writtenRows: 0 }
}

/** Data that is complete here is inserted whole even when its client leaves: half a batch helps nobody. */
async function runInsert(
  face: Face,
  role: Role,
  asked: Request,
  insert: Insert,
  data: Readable,
  expected: number,
): Promise<Answer> {
  if (role === 'reader') throw new Fault('READONLY', 'reader: only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN')
  return await face.spool.with(data, expected, async (file) => {
    const sql = fromInfile(insert, file)
    await face.guard.check(role, sql, asked.params)
    const { database, params } = asked
    const settings = settingsFor(face, role, asked)
    const result = await face.engine.run({ sql, format: 'Null', database, settings, params, readonly: false })
    return { result, format: insert.format, writtenRows: result.rowsRead }
  })
}

function settingsFor(face: Face, role: Role, asked: Request): ReadonlyMap<string, string> {
  return role === 'reader' ? face.limits.readerSettings(asked.settings) : face.limits.serviceSettings(asked.settings)
}

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
