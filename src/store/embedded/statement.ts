/**
 * How a statement is carried to the engine. Data of an INSERT never travels inside SQL: libchdb ends inline data at the
 * first blank line and would run the rest as statements. It goes through a file instead (`FROM INFILE`).
 */
import { Fault } from './fault.js'
import { type Token, tokens } from './lexer.js'

export interface Insert {
  /** The statement up to where `FROM INFILE` belongs. */
  readonly head: string
  /** What stood between there and the format: a SETTINGS clause, or nothing. */
  readonly settings: string
  readonly format: string
  /** Offset of the data within the statement's text; its length when the data comes apart from it. */
  readonly dataAt: number
}

/** The first word in lower case, past comments and brackets; '' for none. */
export function firstWord(sql: string): string {
  for (const token of tokens(sql)) {
    if (token.kind === 'word') return token.text
    if (token.text !== '(') return ''
  }
  return ''
}

/** The format a reading statement asks for (`… FORMAT JSON`), as written. */
export function askedFormat(sql: string): string | undefined {
  let last: Token | undefined
  let format: string | undefined
  for (const token of tokens(sql)) {
    if (last?.text === 'format' && last.kind === 'word' && token.kind === 'word')
      format = sql.slice(token.start, token.end)
    else if (token.text === '(' && last?.text === 'format') format = undefined
    last = token
  }
  return format
}

/**
 * Splits `INSERT INTO [TABLE] name [(columns)] [SETTINGS …] FORMAT X | VALUES` from its data. `undefined` for anything
 * else: other statements, and INSERT … SELECT, which bring no data.
 */
export function splitInsert(sql: string): Insert | undefined {
  const stream = tokens(sql)
  const read = () => stream.next().value as Token | undefined
  if (read()?.text !== 'insert') return undefined
  let token = read()
  if (token?.text === 'into') token = read()
  if (token?.text === 'table') token = read()
  if (token?.text === 'function')
    throw new Fault('NOT_IMPLEMENTED', 'INSERT INTO FUNCTION is not available in the embedded engine')
  // The name may itself be a keyword, so it is stepped over before keywords are looked for.
  token = read()
  while (token?.text === '.') {
    read()
    token = read()
  }
  let depth = 0
  let headEnd: number | undefined
  for (; token; token = read()) {
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    else if (depth === 0 && token.kind === 'word') {
      if (token.text === 'from' || token.text === 'infile')
        throw new Fault('NOT_IMPLEMENTED', 'FROM INFILE is not available: send the data as the body of the request')
      if (token.text === 'select' || token.text === 'with') return undefined
      if (token.text === 'settings') headEnd ??= token.start
      if (token.text === 'values') return part(sql, headEnd, token.start, 'Values', token.end)
      if (token.text === 'format') {
        const name = read()
        if (name?.kind !== 'word') return undefined
        return part(sql, headEnd, token.start, sql.slice(name.start, name.end), dataAfter(sql, name.end))
      }
    }
  }
  return undefined
}

function part(sql: string, headEnd: number | undefined, clause: number, format: string, dataAt: number): Insert {
  const end = headEnd ?? clause
  return { head: sql.slice(0, end), settings: sql.slice(end, clause), format, dataAt }
}

/** Like ClickHouse: blanks and one line break separate the format's name from the data; they are no part of it. */
function dataAfter(sql: string, from: number): number {
  let at = from
  while (sql.charAt(at) === ' ' || sql.charAt(at) === '\t' || sql.charAt(at) === '\r') at += 1
  return sql.charAt(at) === '\n' ? at + 1 : at
}

/** The statement that reads the data from `file`. The file's name is ours; quoting it is for odd data folders. */
export function fromInfile(insert: Insert, file: string): string {
  return `${insert.head} FROM INFILE ${quoted(file)} COMPRESSION 'none' ${insert.settings} FORMAT ${insert.format}`
}

/** A SQL string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
