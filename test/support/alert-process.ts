/**
 * Alerting in a process of its own, to be killed: `node alert-process.js STORE_CONFIG WEBHOOK_URL [POLICY_FILE]`, the first in JSON,
 * the second '' for none. Ends when its stdin closes.
 */
import { pino } from 'pino'
import { configuredReceivers, startAlert } from '../../src/alert/index.js'
import { configuredPolicy } from '../../src/policies.js'
import { openStore, type StoreConfig } from '../../src/store/index.js'
import { Telemetry } from '../../src/telemetry.js'

const [storeConfig = '', webhookUrl = '', policyFile = ''] = process.argv.slice(2)
const now = (): number => Date.now() * 1000
const log = pino({ level: 'silent' })
const store = await openStore({ config: JSON.parse(storeConfig) as StoreConfig, log, now })
const config = { alertEveryMs: 50, webhookUrl, webhookSecret: '', webhookMinSeverity: 'medium' } as const
const secrets = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value]) =>
    name.startsWith('WATCHKEEPER_SECRET_') && value !== undefined ? [[name, value]] : [],
  ),
)
const receivers = configuredReceivers({ ...config, secrets }, await configuredPolicy({ policyFile }), now)
const alert = startAlert({
  store,
  receivers,
  shares: { total: 1, owned: () => new Set([0]), close: async () => undefined },
  config,
  log,
  telemetry: new Telemetry(),
  now,
})
process.stdin.resume().once('end', async () => {
  await alert.close()
  await store.close()
})
