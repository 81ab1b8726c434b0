/**
 * Just enough of ClickHouse's lexer to find words outside strings, quoted names and comments. It decides how a statement
 * is carried (where insert data begins, which format is asked for); what a statement *may* do is decided by the engine's
 * own parser, see `guard.ts`.
 */
export interface Token {
  /** Lower case for a `word`; other kinds keep their text. */
  readonly text: string
  readonly kind: 'word' | 'quoted' | 'string' | 'sign'
  /** Offsets into the statement, end exclusive. */
  readonly start: number
  readonly end: number
}

const space = /\s/
const wordStart = /[A-Za-z_]/
const wordPart = /[\w$]/

/** Yields tokens lazily, so that a caller that stops at the data of an INSERT never reads the data as SQL. */
export function* tokens(sql: string): Generator<Token> {
  let at = 0
  while (at < sql.length) {
    const start = at
    const sign = sql.charAt(at)
    const next = sql.charAt(at + 1)
    if (space.test(sign)) at += 1
    else if ((sign === '-' && next === '-') || (sign === '#' && (next === ' ' || next === '!')))
      at = endOf(sql, '\n', at)
    else if (sign === '/' && next === '*') at = endOf(sql, '*/', at + 2)
    else if (sign === "'" || sign === '"' || sign === '`') {
      at = endOfQuoted(sql, at)
      yield { text: sql.slice(start, at), kind: sign === "'" ? 'string' : 'quoted', start, end: at }
    } else if (wordStart.test(sign)) {
      while (at < sql.length && wordPart.test(sql.charAt(at))) at += 1
      yield { text: sql.slice(start, at).toLowerCase(), kind: 'word', start, end: at }
    } else {
      at += 1
      yield { text: sign, kind: 'sign', start, end: at }
    }
  }
}

const endOf = (sql: string, mark: string, from: number): number => {
  const found = sql.indexOf(mark, from)
  return found === -1 ? sql.length : found + mark.length
}

/** After the closing quote; a backslash escapes, a doubled quote stands for itself. */
function endOfQuoted(sql: string, start: number): number {
  const quote = sql.charAt(start)
  let at = start + 1
  while (at < sql.length) {
    const sign = sql.charAt(at)
    if (sign === '\\') at += 2
    else if (sign !== quote) at += 1
    else if (sql.charAt(at + 1) === quote) at += 2
    else return at + 1
  }
  return sql.length
}
