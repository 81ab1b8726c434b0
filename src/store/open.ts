/** Opens the store at home: embedded, beside another process of ours, or on a server; brings it to the present shape. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import type { Logger } from '../log.js'
import { ClickHouse, type Connection, type Locate } from './client.js'
import { clusterReads } from './cluster.js'
import { attachEmbedded, type Endpoint, notedEndpoint } from './embedded/attach.js'
import { startEmbedded } from './embedded/embedded.js'
import { queryFault } from './faults.js'
import type { QueryParams, Store } from './index.js'
import { migrate, readMigrations } from './migrate.js'
import { otherEngine } from './other-engine.js'
import { applyRetention } from './retention.js'
import { storeOn } from './store.js'

export interface OpenOptions {
  readonly config: StoreConfig
  readonly log: Logger
  /** Microseconds since 1970. */
  readonly now: () => number
  /** Without a server; default `any`. */
  readonly engine?: EngineChoice
  /** Ends the wait for another process's engine. */
  readonly signal?: AbortSignal
}

/**
 * Whose embedded engine it is. `own`: ours, or `WK_STORE_LOCKED`. `other`: that of another process, which is waited for and
 * found again when it was started anew. `any`: that of another process if there is one, else ours for as long as we run.
 */
export type EngineChoice = 'own' | 'other' | 'any'

export type StoreConfig = Pick<
  Config,
  | 'dataDir'
  | 'spoolDir'
  | 'durability'
  | 'retentionDays'
  | 'clickhouseUrl'
  | 'clickhouseUser'
  | 'clickhousePassword'
  | 'clickhouseReaderUser'
  | 'clickhouseReaderPassword'
  | 'clickhouseDatabase'
  | 'clickhouseCluster'
>

interface Home {
  readonly service: Connection
  readonly reader: Connection
  /** Where an engine that is not ours has gone. */
  readonly locate?: Locate
  /** Ends what was started for us. */
  close(): Promise<void>
}

const nothing = async (): Promise<void> => undefined

/** A server; else the engine of a service that runs on the data folder; else an engine of our own. */
async function findHome(
  config: StoreConfig,
  log: Logger,
  engine: EngineChoice = 'any',
  signal?: AbortSignal,
): Promise<Home> {
  const { dataDir, spoolDir, durability, clickhouseUrl: url, clickhouseDatabase: database } = config
  if (url !== '') {
    const { clickhouseCluster: cluster } = config
    const service = {
      url,
      user: config.clickhouseUser,
      password: config.clickhousePassword,
      database,
      ...(cluster === '' ? {} : { cluster }),
    }
    const { clickhouseReaderUser: user, clickhouseReaderPassword: password } = config
    return { service, reader: user === '' ? service : { ...service, user, password }, close: nothing }
  }
  const at = ({ url, service, reader }: Endpoint) => ({
    service: { url, ...service, database },
    reader: { url, ...reader, database },
  })
  const locate = async () => {
    const noted = await notedEndpoint(dataDir)
    return noted && at(noted).service
  }
  const running =
    engine === 'own'
      ? undefined
      : engine === 'other'
        ? await otherEngine({ dataDir, database, log, ...(signal && { signal }) })
        : await attachEmbedded(dataDir)
  if (running) return { ...at(running), locate, close: nothing }
  const own = await startEmbedded({ dataDir, spoolDir, durability, log })
  return { ...at(own), close: () => own.close() }
}

/** For `retentionDays`; no setting of a service. */
const keepForever = 0

const plainName = /^[A-Za-z_]\w{0,63}$/

/** The database with all our tables in it. Throws `WK_STORE_MIGRATION`, `WK_STORE_UNAVAILABLE`. */
async function prepare(
  connection: Connection,
  now: () => number,
  retentionDays: number,
  locate?: Locate,
): Promise<ClickHouse> {
  const { database } = connection
  const outside = new ClickHouse({ ...connection, database: 'default' })
  try {
    const exists = await outside.query('SELECT 1 FROM system.databases WHERE name = {database:String}', { database })
    // Atomic: refreshable views and table swaps work in no other.
    const everywhere = connection.cluster === undefined ? '' : ` ON CLUSTER ${connection.cluster}`
    if (exists.length === 0)
      await outside.command(`CREATE DATABASE IF NOT EXISTS ${database}${everywhere} ENGINE = Atomic`)
  } finally {
    await outside.close()
  }
  const db = new ClickHouse(connection, locate)
  try {
    await migrate(db, await readMigrations(), now)
    if (retentionDays > 0) await applyRetention(db, retentionDays)
    return db
  } catch (error) {
    await db.close()
    throw error
  }
}

/**
 * The configured store. Throws `WK_CONFIG`, `WK_FILE_UNWRITABLE`, `WK_STORE_LOCKED`, `WK_STORE_UNAVAILABLE`,
 * `WK_STORE_ENGINE_MISSING`, `WK_STORE_MIGRATION`, and the reason of `signal`.
 */
export async function openStore({ config, log, now, engine, signal }: OpenOptions): Promise<Store> {
  if (!plainName.test(config.clickhouseDatabase))
    throw new WatchkeeperError('WK_CONFIG', 'WATCHKEEPER_CLICKHOUSE_DATABASE: expected a name of letters, digits and _')
  if (config.clickhouseCluster !== '' && !plainName.test(config.clickhouseCluster))
    throw new WatchkeeperError('WK_CONFIG', 'WATCHKEEPER_CLICKHOUSE_CLUSTER: expected a name of letters, digits and _')
  if (config.clickhouseCluster !== '' && config.clickhouseUrl === '')
    throw new WatchkeeperError(
      'WK_CONFIG',
      'WATCHKEEPER_CLICKHOUSE_CLUSTER: the embedded engine has none; set WATCHKEEPER_CLICKHOUSE_URL too',
    )
  const home = await findHome(config, log, engine, signal)
  try {
    // Whose engine it is, his are the tables and how long they keep.
    const db =
      engine === 'other' && home.locate
        ? new ClickHouse(home.service, home.locate)
        : await prepare(home.service, now, config.retentionDays, home.locate)
    return storeOn(db, now, home.close)
  } catch (error) {
    await home.close()
    throw config.clickhouseUrl === '' ? error : atServer(config.clickhouseUrl, error)
  }
}

/** Says which server it is that does not answer. */
function atServer(url: string, error: unknown): unknown {
  if (!(error instanceof WatchkeeperError) || error.code !== 'WK_STORE_UNAVAILABLE') return error
  return new WatchkeeperError(
    error.code,
    `${error.message}. It is looked for at ${url}: check that ClickHouse runs there, and WATCHKEEPER_CLICKHOUSE_URL`,
    { cause: error },
  )
}

/** An empty embedded store of its own, where nothing expires: recorded sessions keep their old times. Removed when closed. */
export async function openScratchStore({ log, now }: Pick<OpenOptions, 'log' | 'now'>): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-scratch-'))
  const remove = () => rm(dataDir, { recursive: true, force: true })
  try {
    const engine = await startEmbedded({ dataDir, spoolDir: '', durability: 'process', log })
    const close = async () => {
      await engine.close()
      await remove()
    }
    try {
      const db = await prepare({ url: engine.url, ...engine.service, database: 'watchkeeper' }, now, keepForever)
      return storeOn(db, now, close)
    } catch (error) {
      await close()
      throw error
    }
  } catch (error) {
    await remove()
    throw error
  }
}

export interface StoreReader {
  /** The answer as it comes, in a format of ClickHouse (`PrettyCompact`, `JSONEachRow`, `Parquet` …). Only reads. */
  read(sql: string, format: string, params?: QueryParams): Promise<Readable>
  close(): Promise<void>
}

type ReaderSettings = { readonly clickhouse_settings?: { readonly readonly: '1' } }

/**
 * A user who may write becomes one who only reads. Of one who only reads already (the embedded engine's reader, a profile with
 * `readonly` 1 or 2) nothing is asked: a server refuses a change of that very setting (error 164), even to the stricter.
 */
async function readerSettings(client: ClickHouseClient): Promise<ReaderSettings> {
  const answer = await client.query({
    query: "SELECT value FROM system.settings WHERE name = 'readonly'",
    format: 'JSONEachRow',
  })
  const [row] = await answer.json<{ value: string }>()
  return row === undefined || row.value === '0' ? { clickhouse_settings: { readonly: '1' } } : {}
}

/** Somebody's own questions: the user who may only read. Nothing is migrated; where there is no store yet, that is an error. */
export async function openReader({ config, log }: Pick<OpenOptions, 'config' | 'log'>): Promise<StoreReader> {
  const home = await findHome(config, log)
  const { url, user, password, database, cluster } = home.reader
  const client = createClient({
    url,
    username: user,
    password,
    database,
    application: 'watchkeeper sql',
    ...(cluster === undefined ? {} : { clickhouse_settings: clusterReads }),
    request_timeout: 300_000,
    log: { level: ClickHouseLogLevel.OFF },
  })
  let settings: Promise<ReaderSettings> | undefined
  return {
    async read(sql, format, params = {}) {
      if (!/^\w+$/.test(format))
        throw new WatchkeeperError('WK_USAGE', 'the format is a single word, such as PrettyCompact')
      try {
        settings ??= readerSettings(client)
        const { stream } = await client.exec({
          query: `${sql.replace(/[\s;]+$/, '')}\nFORMAT ${format}`,
          query_params: { ...params },
          ...(await settings),
        })
        return stream
      } catch (error) {
        throw queryFault(error)
      }
    },
    async close() {
      await client.close()
      await home.close()
    },
  }
}
