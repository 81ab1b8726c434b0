/**
 * The embedded engine of another process on the same data folder, for roles that only read and write through it: started
 * in whatever order, they wait for it, and until its tables are those of this version.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import { ClickHouse } from './client.js'
import { attachEmbedded, type Endpoint } from './embedded/attach.js'
import { missingMigrations, readMigrations } from './migrate.js'

export interface OtherEngineOptions {
  readonly dataDir: string
  readonly database: string
  readonly log: Logger
  /** Ends the wait. */
  readonly signal?: AbortSignal
}

const lookEveryMs = 500
const sayEveryMs = 30_000

/** Waits as long as it takes. Throws `WK_STORE_MIGRATION` for tables of a newer version, and the reason of `signal`. */
export async function otherEngine(options: OtherEngineOptions): Promise<Endpoint> {
  const { dataDir, log, signal } = options
  let saidAt = Number.NEGATIVE_INFINITY
  for (;;) {
    signal?.throwIfAborted()
    const found = await look(options)
    if (typeof found !== 'string') return found
    if (performance.now() - saidAt > sayEveryMs) {
      saidAt = performance.now()
      log.warn({ dataDir, missing: found }, 'waiting for the store, which another process has to open: see "missing"')
    }
    await delay(lookEveryMs, undefined, signal && { signal }).catch(() => undefined)
  }
}

/** The engine, or what is missing. */
async function look({ dataDir, database }: OtherEngineOptions): Promise<Endpoint | string> {
  const endpoint = await attachEmbedded(dataDir)
  if (endpoint === undefined)
    return 'a process with the role store on this WATCHKEEPER_DATA_DIR (watchkeeper serve --role store), or WATCHKEEPER_CLICKHOUSE_URL'
  const db = new ClickHouse({ url: endpoint.url, ...endpoint.service, database: 'default' })
  try {
    const databases = await db.query('SELECT 1 FROM system.databases WHERE name = {database:String}', { database })
    if (databases.length === 0) return 'the tables: they are being made'
  } catch (error) {
    return whyNot(error)
  } finally {
    await db.close()
  }
  const own = new ClickHouse({ url: endpoint.url, ...endpoint.service, database })
  try {
    const missing = await missingMigrations(own, await readMigrations())
    return missing.length === 0 ? endpoint : 'tables of this version: the store makes them now, or is older than we are'
  } catch (error) {
    return whyNot(error)
  } finally {
    await own.close()
  }
}

/** An engine that went away again is one that is missing. */
function whyNot(error: unknown): string {
  if (error instanceof WatchkeeperError && error.code !== 'WK_STORE_MIGRATION') return error.message
  throw error
}
