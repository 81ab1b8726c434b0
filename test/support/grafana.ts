/**
 * What Grafana and its ClickHouse data source do with a panel's SQL before the engine sees it: `$__conditionalAll`, variables,
 * then the macros, by the data source's own rules, its traps included. `fixtures/macro-expansions.json` holds the macros to them.
 */
export interface View {
  /** Milliseconds since 1970. */
  readonly fromMs: number
  readonly toMs: number
  readonly intervalMs: number
  /** A list for variables of several values, text for others; a missing one is `All`. */
  readonly variables: Readonly<Record<string, string | readonly string[]>>
}

export const expand = (sql: string, view: View): string => macros(variables(conditions(sql, view), view), view)

/** Innermost and last first; a condition goes when its variable is at `All` or empty. */
function conditions(sql: string, { variables }: View): string {
  const opening = '$__conditionalAll('
  const start = sql.lastIndexOf(opening)
  if (start === -1) return sql
  const parts = argumentsFrom(sql, start + opening.length)
  const [condition, name] = parts.list
  if (condition === undefined || name === undefined || parts.list.length !== 2)
    throw new Error(`$__conditionalAll takes two arguments: ${sql.slice(start, parts.end)}`)
  const value = variables[name.trim().replace(/^\$\{?|\}$/g, '')]
  const kept = value === undefined || value.length === 0 ? '1=1' : condition
  return conditions(sql.slice(0, start) + kept + sql.slice(parts.end), { variables } as View)
}

function argumentsFrom(sql: string, start: number): { readonly list: readonly string[]; readonly end: number } {
  const list: string[] = []
  let depth = 1
  let from = start
  for (let at = start; at < sql.length; at += 1) {
    const character = sql[at]
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if ((character === ',' && depth === 1) || depth === 0) {
      list.push(sql.slice(from, at))
      from = at + 1
    }
    if (depth === 0) return { list, end: at + 1 }
  }
  throw new Error(`no closing bracket: ${sql.slice(start)}`)
}

/** The data source quotes the values of a list and escapes nothing. */
function variables(sql: string, view: View): string {
  return sql.replace(/\$(?!__)\{?(\w+)(?::\w+)?\}?/g, (text, name: string) => {
    const value = view.variables[name]
    if (value === undefined) throw new Error(`the panel uses ${text} outside of $__conditionalAll`)
    return typeof value === 'string' ? value : `'${value.join("','")}'`
  })
}

type Macro = (view: View, column: string) => string
const seconds = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`
const millis = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`
const interval = ({ intervalMs }: View): number => Math.max(1, Math.floor(intervalMs / 1000))

const takesColumn: Readonly<Record<string, Macro>> = {
  timeFilter: (view, column) => `${column} >= ${seconds(view.fromMs)} AND ${column} <= ${seconds(view.toMs)}`,
  timeFilter_ms: (view, column) => `${column} >= ${millis(view.fromMs)} AND ${column} <= ${millis(view.toMs)}`,
  timeInterval: (view, column) => `toStartOfInterval(toDateTime(${column}), INTERVAL ${interval(view)} second)`,
}
const takesNothing: Readonly<Record<string, Macro>> = {
  fromTime: (view) => seconds(view.fromMs),
  toTime: (view) => seconds(view.toMs),
  interval_s: (view) => String(interval(view)),
}

/**
 * The data source looks for the brackets of a macro's arguments also behind one that takes none, as far as the next bracket:
 * `x <= $__toTime AND (a)` loses its condition. A closing bracket that comes first ends the search.
 */
function macros(sql: string, view: View): string {
  let expanded = sql
  for (const [name, macro] of Object.entries({ ...takesColumn, ...takesNothing })) {
    for (const { text, inner } of found(expanded, name)) {
      if (name in takesColumn && inner.split(',').length !== 1)
        throw new Error(`unexpected number of arguments: expected 1 argument, received ${inner.split(',').length}`)
      expanded = expanded.replaceAll(text, () => macro(view, inner.trim()))
    }
  }
  return expanded
}

function found(sql: string, name: string): { readonly text: string; readonly inner: string }[] {
  return [...sql.matchAll(new RegExp(`\\$__${name}\\b`, 'g'))].map((match) => {
    const rest = sql.slice(match.index)
    const first = rest.search(/[()]/)
    if (first === -1 || rest[first] === ')') return { text: match[0], inner: '' }
    const { end } = argumentsFrom(rest, first + 1)
    return { text: rest.slice(0, end), inner: rest.slice(first + 1, end - 1) }
  })
}
