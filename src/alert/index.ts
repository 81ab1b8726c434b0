/** Alerting's one public door. */
import type { Shares } from '../bus/index.js'
import type { Config } from '../config.js'
import type { Change, Incident, Places } from '../incidents.js'
import type { Logger } from '../log.js'
import type { PolicyFile } from '../policy-file.js'
import type { Store } from '../store/index.js'
import type { Telemetry } from '../telemetry.js'
import { engine } from './engine.js'
import { webhook } from './notifiers/webhook.js'
import { atOnce, type Receiver, receiversOf, webhookName } from './receivers.js'

export { alertSections, type Receiver } from './receivers.js'
export { testIncident } from './test-incident.js'
export { deliveryText, historyText, incidentLine, incidentText, type TextOptions } from './timeline.js'

export interface AlertOptions {
  readonly store: Store
  readonly shares: Shares
  readonly config: Pick<Config, 'alertEveryMs' | 'webhookUrl' | 'webhookSecret' | 'webhookMinSeverity'> &
    Partial<Pick<Config, 'consoleUrl' | 'grafanaUrl'>>
  /** Without them that of the settings, if there is one. */
  readonly receivers?: readonly Receiver[]
  readonly log: Logger
  readonly telemetry: Telemetry
  /** Microseconds since 1970. */
  readonly now: () => number
  /** 0..1, for the jitter of retries. */
  readonly random?: () => number
  /** Each version of an incident, after it is kept. */
  readonly onIncident?: (incident: Incident, change: Change) => void
}

export interface Alert {
  /** One whole look now, with the deliveries that are due. Throws what the store throws. */
  tick(): Promise<void>
  close(): Promise<void>
}

const placesOf = ({
  consoleUrl = '',
  grafanaUrl = '',
}: Partial<Pick<Config, 'consoleUrl' | 'grafanaUrl'>>): Places => ({
  console: consoleUrl,
  grafana: grafanaUrl,
})

/** The receiver of the settings, which has no route: it hears of all that is severe enough. */
function configuredWebhook(
  { webhookUrl, webhookSecret, webhookMinSeverity, ...config }: AlertOptions['config'],
  now: () => number,
): readonly Receiver[] {
  if (webhookUrl === '') return []
  const secret = webhookSecret === '' ? undefined : async () => webhookSecret
  const notifier = webhook({ name: webhookName, url: async () => webhookUrl, secret, now, places: placesOf(config) })
  return [atOnce(notifier, webhookMinSeverity)]
}

/** All receivers there are, by settings and policy file. Throws `WK_POLICY`. */
export function configuredReceivers(
  config: AlertOptions['config'] & Pick<Config, 'secrets'>,
  file: PolicyFile | undefined,
  now: () => number,
): readonly Receiver[] {
  const described =
    file === undefined ? [] : receiversOf(file, { now, environment: config.secrets, places: placesOf(config) })
  return [...configuredWebhook(config, now), ...described]
}

const graceMs = 3_000

/** Looks for findings every `alertEveryMs` until it is closed. Faults of the store are logged and tried again. */
export function startAlert(options: AlertOptions): Alert {
  const { config, log, now } = options
  const { gather, deliver, close } = engine({
    ...options,
    receivers: options.receivers ?? configuredWebhook(config, now),
    random: options.random ?? Math.random,
    onIncident: options.onIncident ?? (() => undefined),
  })
  const faults = { looking: false, delivering: false }
  let looking: Promise<void> | undefined

  /** Says once that something fails, and once that it works again. */
  async function watched(what: keyof typeof faults, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      if (faults[what]) log.info(`alerting works again (${what})`)
      faults[what] = false
    } catch (error) {
      if (!faults[what]) log.error({ err: error }, `alerting is held up (${what}); it goes on when the store answers`)
      faults[what] = true
    }
  }

  const timer = setInterval(() => {
    looking ??= watched('looking', gather).finally(() => {
      looking = undefined
      void watched('delivering', deliver)
    })
  }, config.alertEveryMs)

  return {
    async tick() {
      while (looking) await looking
      looking = gather().finally(() => {
        looking = undefined
      })
      await looking
      await deliver()
    },
    async close() {
      clearInterval(timer)
      await looking?.catch(() => undefined)
      await close(graceMs)
    },
  }
}
