/**
 * A real store for tests. One engine for each test file, a database of its own for each store: quick to open, and nothing
 * leaks between tests. With `CLICKHOUSE_URL` (`http://user:password@host:8123`) the same tests run against a server,
 * with `CLICKHOUSE_CLUSTER` also on all servers of a cluster.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext } from 'node:test'
import { pino } from 'pino'
import { startEmbedded } from '../../src/store/embedded/embedded.js'
import { openStore, type Store, type StoreConfig } from '../../src/store/index.js'

export type Server = Pick<StoreConfig, 'clickhouseUrl' | 'clickhouseUser' | 'clickhousePassword'>

const log = pino({ level: 'silent' })
const ends: (() => Promise<void>)[] = []
let running: Promise<Server> | undefined

after(async () => {
  for (const end of ends.reverse()) await end()
})

/** The server of this test file: given, or embedded and started with the first use. */
export function testServer(): Promise<Server> {
  running ??= given() ?? embedded()
  return running
}

function given(): Promise<Server> | undefined {
  const text = process.env['CLICKHOUSE_URL']
  if (!text) return undefined
  const { origin, username, password } = new URL(text)
  return Promise.resolve({
    clickhouseUrl: origin,
    clickhouseUser: decodeURIComponent(username) || 'default',
    clickhousePassword: decodeURIComponent(password),
  })
}

/** The log-in of that server that may only read: of the embedded engine its second user, as Grafana has it. */
export async function testReader(): Promise<{
  readonly url: string
  readonly user: string
  readonly password: string
}> {
  const { clickhouseUrl: url, clickhouseUser: user, clickhousePassword: password } = await testServer()
  return { url, ...(reader ?? { user, password }) }
}

let reader: { readonly user: string; readonly password: string } | undefined

async function embedded(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'watchkeeper-test-'))
  ends.push(() => rm(dataDir, { recursive: true, force: true }))
  const engine = await startEmbedded({ dataDir, log })
  ends.push(() => engine.close())
  reader = engine.reader
  return {
    clickhouseUrl: engine.url,
    clickhouseUser: engine.service.user,
    clickhousePassword: engine.service.password,
  }
}

/** Settings of a store in a new database; the same settings open the same database again. */
export async function testStoreConfig(given: Partial<StoreConfig> = {}): Promise<StoreConfig> {
  return {
    ...(await testServer()),
    clickhouseReaderUser: '',
    clickhouseReaderPassword: '',
    clickhouseCluster: process.env['CLICKHOUSE_CLUSTER'] ?? '',
    clickhouseDatabase: `test_${randomBytes(6).toString('hex')}`,
    dataDir: '',
    spoolDir: '',
    durability: 'process',
    // Nothing expires: tests tell of days long ago.
    retentionDays: 0,
    ...given,
  }
}

export interface TestStoreOptions {
  readonly config?: Partial<StoreConfig>
  /** Microseconds since 1970; default: the clock. */
  readonly now?: () => number
}

/** A migrated, empty store, closed and dropped after the test. */
export async function openTestStore(
  t: Pick<TestContext, 'after'>,
  { config: some, now = () => Date.now() * 1000 }: TestStoreOptions = {},
): Promise<Store> {
  const config = await testStoreConfig(some)
  const store = await openStore({ config, log, now })
  t.after(async () => {
    await store.command(`DROP DATABASE IF EXISTS ${config.clickhouseDatabase} SYNC`)
    await store.close()
  })
  return store
}
