/**
 * What a user may run, decided by the engine's own parser and not by ours. For readers three locks hold, each alone not
 * enough: the class of the statement (stops INTO OUTFILE), the functions in its syntax tree (stops `file()` and
 * `DESCRIBE url()`, which `readonly` lets through), and `readonly = 1` itself (stops writes and settings).
 */
import type { Engine } from './engine.js'
import { Fault } from './fault.js'
import { firstWord } from './statement.js'
import type { Role } from './users.js'

/** Table functions that touch nothing outside the engine's own tables. */
const harmlessTableFunctions = new Set(
  ['numbers', 'numbers_mt', 'zeros', 'zeros_mt', 'primes', 'generateSeries', 'generate_series', 'values'].concat([
    'SQLStandardValues',
    'view',
    'viewIfPermitted',
    'viewExplain',
    'null',
    'merge',
    'mergeTreeIndex',
    'format',
  ]),
)
/** Scalar functions that read files or reach out to a network. */
const outwardFunctions = ['file', 'catboostEvaluate', 'evalMLMethod', 'hasColumnInTable', 'reverseDNSQuery', 'eval']
/** Statements of class 3 that a service needs; the rest of that class writes files. */
const serviceCommands = new Set([
  'system',
  'kill',
  'backup',
  'restore',
  'set',
  'use',
  'create',
  'alter',
  'drop',
  'attach',
  'detach',
])
const readerStatements =
  /^(SelectWithUnionQuery|SelectIntersectExceptQuery|SelectQuery|DescribeQuery|Explain|ShowTables|ShowColumns|ShowCreate\w*|Exists\w*)\b/

const readersOnly = () => new Fault('READONLY', 'reader: only SELECT, SHOW, DESCRIBE, EXISTS and EXPLAIN')

export class Guard {
  readonly #engine: Engine
  readonly #forbidden: ReadonlySet<string>

  private constructor(engine: Engine, forbidden: ReadonlySet<string>) {
    this.#engine = engine
    this.#forbidden = forbidden
  }

  /** Asks the engine which functions it has, so that one of a later version is forbidden until it is known. */
  static async open(engine: Engine): Promise<Guard> {
    // They send their arguments to somebody's model.
    const models = await engine.names("SELECT name FROM system.functions WHERE categories = 'AI'")
    const tableFunctions = await engine.names('SELECT name FROM system.table_functions')
    const outward = [...tableFunctions].filter((name) => !harmlessTableFunctions.has(name))
    return new Guard(engine, new Set([...outward, ...models, ...outwardFunctions].map((name) => name.toLowerCase())))
  }

  /** Throws unless `sql` is exactly one statement and the user may run it. */
  async check(role: Role, sql: string, params: ReadonlyMap<string, string>): Promise<'read' | 'write'> {
    // Text ends at a NUL for the library, but not for us.
    if (sql.includes('\0')) throw new Fault('SYNTAX_ERROR', 'Syntax error: the statement holds a NUL')
    const { statementCount, queryClass } = await this.#engine.classify(sql)
    if (statementCount > 1) throw new Fault('SYNTAX_ERROR', 'Syntax error: Multi-statements are not allowed')
    if (role === 'reader') {
      if (queryClass !== 0 && queryClass !== 4) throw readersOnly()
      await this.#checkReader(sql, params)
      if (queryClass === 4) throw new Fault('SYNTAX_ERROR', 'Syntax error: not a statement')
    } else if (queryClass === 3 && !serviceCommands.has(firstWord(sql)))
      throw new Fault('NOT_IMPLEMENTED', 'writing to files (INTO OUTFILE, INSERT INTO FUNCTION) is not available here')
    // Text that cannot be parsed goes on to the engine, whose message says where the fault is.
    return queryClass === 0 || queryClass === 4 ? 'read' : 'write'
  }

  async #checkReader(sql: string, params: ReadonlyMap<string, string>): Promise<void> {
    const [statement = '', ...tree] = await this.#engine.syntaxTree(sql, params)
    if (!readerStatements.test(statement)) throw readersOnly()
    // The tree hides the expressions of these two, so they may hold no call at all.
    if (/^Show/.test(statement) && sql.includes('(')) throw new Fault('ACCESS_DENIED', 'reader: no functions in SHOW')
    for (const line of tree) {
      const node = line.trimStart()
      if (node.startsWith('ColumnsApplyTransformer')) throw new Fault('ACCESS_DENIED', 'reader: APPLY is not available')
      const called = /^Function (\S+)/.exec(node)?.[1]
      if (called !== undefined && this.#forbidden.has(called.toLowerCase()))
        throw new Fault('ACCESS_DENIED', `reader: function ${called.slice(0, 64)} is not available`)
    }
  }
}
