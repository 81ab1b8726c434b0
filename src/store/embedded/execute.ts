/** From a request to what the engine answers: which statement it is, where its data lies, whether its user may run it. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { bodyOf, collect } from './body.js'
import type { Engine } from './engine.js'
import { Fault } from './fault.js'
import type { Guard } from './guard.js'
import { helloBlock, helloStatement } from './hello.js'
import type { Limits } from './limits.js'
import { boundaryOf, readForm } from './multipart.js'
import type { Result } from './native.js'
import type { Request } from './settings.js'
import type { Spool } from './spool.js'
import { askedFormat, fromInfile, type Insert, splitInsert } from './statement.js'
import type { Role } from './users.js'

/** What it takes to run statements. */
export interface Means {
  readonly engine: Engine
  readonly guard: Guard
  readonly spool: Spool
  readonly limits: Limits
  readonly version: string
}

/** What is sent back for a statement that ran. */
export interface Answer {
  readonly result: Result
  readonly format: string
  readonly writtenRows: number
}

/** Reads the request's statement and data, and runs it where the user may. */
export async function execute(
  means: Means,
  role: Role,
  asked: Request,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<Answer> {
  const body = bodyOf(request, means.limits.bodyBytes)
  const boundary = boundaryOf(request.headers['content-type'])
  if (boundary !== undefined) {
    const form = readForm(await collect(body, means.limits.statementBytes), boundary)
    const whole = { ...asked, params: new Map([...asked.params, ...form.params]) }
    return runStatement(means, role, whole, Buffer.from(asked.query ?? form.query), request, signal)
  }
  const insert = asked.query === undefined ? undefined : splitInsert(asked.query)
  if (insert && asked.query !== undefined && asked.query.slice(insert.dataAt).trim() === '')
    return runInsert(means, role, asked, insert, body, lengthOf(request))
  const text = await collect(body, means.limits.statementBytes)
  const prefix = asked.query === undefined ? '' : `${asked.query}\n`
  return runStatement(means, role, asked, Buffer.concat([Buffer.from(prefix), text]), request, signal)
}

/** Bytes of the body, where they are known before it was read. */
function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length']
  return length === undefined || headers['content-encoding'] === 'gzip' ? undefined : Number(length)
}

async function runStatement(
  means: Means,
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
    return runInsert(means, role, asked, head, Readable.from([data]), data.length)
  }
  const sql = statement.toString('utf8')
  if (sql.trim() === '') throw new Fault('SYNTAX_ERROR', 'Syntax error: Empty query')
  if (asked.nativeRevision && sql.trim() === helloStatement) {
    const result = { bytes: helloBlock(means.version), rowsRead: 1, bytesRead: 0, elapsed: 0 }
    return { result, format: 'Native', writtenRows: 0 }
  }
  const kind = await means.guard.check(role, sql, asked.params)
  if (kind === 'write' && request.method === 'GET') throw new Fault('READONLY', 'GET may only read: use POST')
  const header = request.headers['x-clickhouse-format']
  const fallback = asked.defaultFormat ?? (typeof header === 'string' ? header : 'TabSeparated')
  const result = await means.engine.run(
    {
      sql,
      format: fallback,
      database: asked.database,
      settings: settingsFor(means, role, asked),
      params: asked.params,
      readonly: role === 'reader',
    },
    signal,
  )
  return { result, format: askedFormat(sql) ?? fallback, writtenRows: 0 }
}

/** Data that is complete here is inserted whole even when its client leaves: half a batch helps nobody. */
async function runInsert(
  means: Means,
  role: Role,
  asked: Request,
  insert: Insert,
  data: Readable,
  expected: number | undefined,
): Promise<Answer> {
  if (role === 'reader') throw new Fault('READONLY', 'reader: only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN')
  return await means.spool.with(data, expected, async (file) => {
    const sql = fromInfile(insert, file)
    await means.guard.check(role, sql, asked.params)
    const { database, params } = asked
    const settings = settingsFor(means, role, asked)
    const result = await means.engine.run({ sql, format: 'Null', database, settings, params, readonly: false })
    return { result, format: insert.format, writtenRows: result.rowsRead }
  })
}

function settingsFor(means: Means, role: Role, asked: Request): ReadonlyMap<string, string> {
  return role === 'reader' ? means.limits.readerSettings(asked.settings) : means.limits.serviceSettings(asked.settings)
}
