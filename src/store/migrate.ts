/**
 * Brings a database to the present shape: `migrations/NNNN_name.sql`, in order, each once. A file is never changed after a
 * release; its checksum says so. Statements are written to be repeatable, so that a crash between one and its record, or
 * two processes at once, do no harm.
 */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { WatchkeeperError } from '../errors.js'
import type { ClickHouse } from './client.js'
import { micros, text, uint32 } from './native.js'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

const columns = { number: uint32, name: text(), checksum: text(), at: micros }

/** From the package's root: the compiler does not copy SQL. */
const folder = new URL('../../../src/store/migrations/', import.meta.url)

export async function readMigrations(from: URL = folder): Promise<Migration[]> {
  const files = (await readdir(from)).filter((file) => file.endsWith('.sql')).sort()
  return Promise.all(
    files.map(async (file) => ({
      number: Number(file.slice(0, 4)),
      name: file.slice(5, -4),
      sql: await readFile(new URL(file, from), 'utf8'),
    })),
  )
}

const checksum = (sql: string): string => createHash('sha256').update(sql).digest('hex')

/** A statement ends with a semicolon at the end of a line. */
export const statements = (sql: string): string[] =>
  sql.split(/;[ \t]*$/m).filter((statement) => statement.trim() !== '')

/** Returns the numbers that were applied now. Throws `WK_STORE_MIGRATION`. */
export async function migrate(
  db: ClickHouse,
  migrations: readonly Migration[],
  now: () => number,
): Promise<readonly number[]> {
  // A user who may not create tables can work on a database that has all of them.
  if (!(await hasMigrations(db)))
    await db.define(
      `CREATE TABLE IF NOT EXISTS migrations
       (number UInt32, name String, checksum String, at DateTime64(6, 'UTC'))
       ENGINE = ReplacingMergeTree
       ORDER BY number
       COMMENT 'which of our migrations this database has had'`,
    )
  const missing = await missingMigrations(db, migrations)
  for (const { number, name, sql } of missing) {
    for (const statement of statements(sql)) await apply(db, statement, number, name)
    await db.insert('migrations', columns, [{ number, name, checksum: checksum(sql), at: now() }])
  }
  return missing.map(({ number }) => number)
}

/** Those that the database has not had yet. Throws `WK_STORE_MIGRATION` when it has had others. */
export async function missingMigrations(db: ClickHouse, migrations: readonly Migration[]): Promise<Migration[]> {
  if (!(await hasMigrations(db))) return [...migrations]
  const rows = await db.query<{ number: number; checksum: string }>('SELECT number, checksum FROM migrations FINAL')
  const applied = new Map(rows.map((row) => [row.number, row.checksum]))
  const known = new Set(migrations.map(({ number }) => number))
  const newer = [...applied.keys()].find((number) => !known.has(number))
  if (newer !== undefined)
    throw new WatchkeeperError(
      'WK_STORE_MIGRATION',
      `the database ${db.database} has had migration ${newer}, which this version does not know: run a newer Watchkeeper`,
    )
  const changed = migrations.find(({ number, sql }) => applied.has(number) && applied.get(number) !== checksum(sql))
  if (changed !== undefined)
    throw new WatchkeeperError(
      'WK_STORE_MIGRATION',
      `migration ${changed.number} (${changed.name}) is not the one that the database ${db.database} has had: restore the file, and put the change into a new one`,
    )
  return migrations.filter(({ number }) => !applied.has(number))
}

async function hasMigrations(db: ClickHouse): Promise<boolean> {
  const tables = await db.query(
    "SELECT 1 FROM system.tables WHERE database = currentDatabase() AND name = 'migrations'",
  )
  return tables.length > 0
}

async function apply(db: ClickHouse, statement: string, number: number, name: string): Promise<void> {
  try {
    await db.define(statement)
  } catch (error) {
    if (error instanceof WatchkeeperError && error.retryable) throw error
    throw new WatchkeeperError(
      'WK_STORE_MIGRATION',
      `migration ${number} (${name}) failed: ${(error as Error).message}`,
      { cause: error },
    )
  }
}
