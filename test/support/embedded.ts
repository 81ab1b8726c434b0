/** A real embedded engine on a folder of its own, and clients that speak to it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { createLogger } from '../../src/log.js'
import type { Endpoint } from '../../src/store/embedded/attach.js'
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../src/store/embedded/embedded.js'
import { locateNative } from '../../src/store/embedded/native.js'

const native = locateNative()
/** For a suite's `skip`: why there is no engine here, or `false`. Never skipped in CI. */
export const withoutEngine = 'missing' in native && !process.env['CI'] ? `no embedded engine: ${native.missing}` : false

export const quiet = createLogger({ logLevel: 'silent', logFormat: 'json' })

export function startEngine(dataDir: string, options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  return startEmbedded({ dataDir, log: quiet, ...options })
}

export async function temporaryFolder(): Promise<string> {
  return await mkdtemp(join(tmpdir(), 'watchkeeper-test-'))
}

export function clientOf(
  endpoint: Endpoint,
  as: 'service' | 'reader',
  { gzip = false, database = 'w' } = {},
): ClickHouseClient {
  return createClient({
    url: endpoint.url,
    username: endpoint[as].user,
    password: endpoint[as].password,
    database,
    compression: { request: gzip, response: gzip },
    log: { level: ClickHouseLogLevel.OFF },
  })
}

/** The clients' database, through one that needs none. */
export async function createDatabase(endpoint: Endpoint): Promise<void> {
  const bare = clientOf(endpoint, 'service', { database: 'default' })
  await bare.command({ query: 'CREATE DATABASE IF NOT EXISTS w ENGINE = Atomic' })
  await bare.close()
}

export interface Running {
  readonly engine: Embedded
  readonly service: ClickHouseClient
  readonly reader: ClickHouseClient
}

/** Starts one engine for the suite that calls this, with a database `w`; it is there once the suite's tests run. */
export function runningEngine(): () => Running {
  let running: Running | undefined
  let folder = ''
  before(async () => {
    folder = await temporaryFolder()
    const engine = await startEngine(folder)
    await createDatabase(engine)
    running = { engine, service: clientOf(engine, 'service'), reader: clientOf(engine, 'reader') }
  })
  after(async () => {
    await running?.service.close()
    await running?.reader.close()
    await running?.engine.close()
    await rm(folder, { recursive: true, force: true })
  })
  return () => {
    if (!running) throw new Error('the engine is not started yet')
    return running
  }
}

export async function rowsOf<T>(
  client: ClickHouseClient,
  query: string,
  params: Record<string, unknown> = {},
): Promise<T[]> {
  return await (await client.query({ query, query_params: params, format: 'JSONEachRow' })).json<T>()
}

/** ClickHouse's code of the error that `work` must end with. */
export async function codeOf(work: Promise<unknown>): Promise<number> {
  try {
    await work
  } catch (error) {
    if (error instanceof ClickHouseError) return Number(error.code)
    throw error
  }
  throw new Error('it succeeded')
}
