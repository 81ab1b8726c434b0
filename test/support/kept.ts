/** The whole way of a record: a real receiver on a socket, the bus of one process, a real store of the test's own. */
import type { TestContext } from 'node:test'
import { type Dsn, developmentDsn } from '@watchkeeper/sdk/dsn'
import { pino } from 'pino'
import { createBus } from '../../src/bus/index.js'
import { readConfig } from '../../src/config.js'
import { startReceive } from '../../src/receive/index.js'
import { storeSink } from '../../src/store/sink.js'
import { Telemetry } from '../../src/telemetry.js'
import { temporaryFolder } from './receiver.js'
import { openTestStore } from './store.js'

export interface Kept {
  readonly dsn: Dsn
  /** Where OTLP/HTTP is received. */
  readonly url: string
  /** What the store answers, as its readers get it. */
  query<Row>(sql: string): Promise<readonly Row[]>
}

export async function keeping(t: TestContext): Promise<Kept> {
  const store = await openTestStore(t)
  const config = readConfig({}, { dataDir: await temporaryFolder(t), receivePort: 0 })
  const stage = { config, log: pino({ level: 'silent' }), telemetry: new Telemetry(), now: () => Date.now() * 1000 }
  const bus = createBus(stage)
  await bus.start()
  const stop = await bus.consume(storeSink({ ...stage, store }))
  const receive = await startReceive({ ...stage, bus })
  t.after(async () => {
    await receive.close()
    await stop()
    await bus.close()
  })
  return {
    url: receive.address,
    dsn: { ...developmentDsn, endpoint: receive.address },
    query: (sql) => store.query(sql),
  }
}
