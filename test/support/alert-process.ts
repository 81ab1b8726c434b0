/**
 * Alerting in a process of its own, to be killed: `node alert-process.js STORE_CONFIG WEBHOOK_URL`, the first in JSON. Ends
 * when its stdin closes.
 */
import { pino } from 'pino'
import { startAlert } from '../../src/alert/index.js'
import { openStore, type StoreConfig } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'

const [storeConfig = '', webhookUrl = ''] = process.argv.slice(2)
const now = (): number => Date.now() * 1000
const log = pino({ level: 'silent' })
const store = await openStore({ config: JSON.parse(storeConfig) as StoreConfig, log, now })
const alert = startAlert({
  store,
  shares: { total: 1, owned: () => new Set([0]), close: async () => undefined },
  config: { alertEveryMs: 50, webhookUrl, webhookSecret: '', webhookMinSeverity: 'medium' },
  log,
  telemetry: new Telemetry(),
  now,
})
process.stdin.resume().once('end', async () => {
  await alert.close()
  await store.close()
})
