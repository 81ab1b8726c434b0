/**
 * The last stage: people look at incidents and say what they are. A plugin on the port of health; API under `/api`, pages beside it.
 */
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import formbody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import type { FastifyPluginAsync } from 'fastify'
import type { Config } from '../config.js'
import type { DescribedDetector } from '../described-detectors.js'
import type { Sight } from '../inventory.js'
import { keptSecret } from '../kept-secret.js'
import type { Logger } from '../log.js'
import type { Store } from '../store/index.js'
import { AccountBook } from './accounts/book.js'
import { accountFilePath } from './accounts/file.js'
import { askWho } from './asking.js'
import { assetRoutes } from './assets.js'
import type { Desk } from './desk.js'
import { policyWriter } from './exclusion/policy-file.js'
import { framing } from './framing.js'
import { headers } from './headers.js'
import { openapi } from './openapi.js'
import { faultPage } from './pages/fault.js'
import { logInPage } from './pages/log-in.js'
import { type ProviderConfig, providerOf } from './provider.js'
import { Refusal } from './refusal.js'
import { answerRefusals } from './refusing.js'
import { actionRoutes } from './routes/actions.js'
import { deliveryRoutes } from './routes/deliveries.js'
import { detectorRoutes } from './routes/detectors.js'
import { exclusionRoutes } from './routes/exclusions.js'
import { incidentRoutes } from './routes/incidents.js'
import { inventoryRoutes } from './routes/inventory.js'
import { logInRoutes } from './routes/log-in.js'
import { meRoutes } from './routes/me.js'
import { pageRoutes } from './routes/pages.js'
import { sessionRoutes } from './routes/sessions.js'
import { silenceRoutes } from './routes/silences.js'
import { Sessions } from './sessions.js'

export interface ConsoleOptions {
  readonly config: Pick<
    Config,
    'dataDir' | 'accountsFile' | 'policyFile' | 'grafanaUrl' | 'consoleUrl' | 'consoleRate' | 'consoleSecret'
  > &
    ProviderConfig
  /** `undefined` while it is being opened. */
  readonly store: () => Store | undefined
  /** What the policy says of what was seen. */
  readonly policies: Sight['policies']
  readonly detectors: readonly DescribedDetector[]
  /** Has the policy file read again, after an exclusion was written. */
  readonly reloadPolicy: () => Promise<void>
  readonly log: Logger
  /** Microseconds since 1970. */
  readonly now: () => number
}

/** Throws `WK_ACCOUNTS_FILE` and `WK_CONFIG`. */
export async function createConsole(options: ConsoleOptions): Promise<FastifyPluginAsync> {
  const { config, log, now } = options
  const book = await AccountBook.open({ path: accountFilePath(config), log, now })
  const provider = providerOf(config)
  const publicUrl = config.consoleUrl === '' ? undefined : new URL(config.consoleUrl)
  const sessions = new Sessions({ secret: await secretOf(config, log), secure: publicUrl?.protocol === 'https:', now })
  const desk: Desk = {
    now,
    store() {
      const store = options.store()
      if (store === undefined) throw new Refusal('not_ready', 'the service is starting; try again')
      return store
    },
  }
  if (provider === undefined && !(await book.hasAccounts()))
    log.warn(
      'the console has no accounts: whoever is on this machine is an admin, others are not served ("watchkeeper accounts create" makes one)',
    )

  const frame = framing(sessions)
  const writer = policyWriter({ path: config.policyFile, log, reload: options.reloadPolicy })
  return async (app) => {
    await app.register(cookie)
    await app.register(formbody, { bodyLimit: 65_536 })
    await app.register(helmet, headers(publicUrl))
    askWho(app, { book, sessions, hasProvider: provider !== undefined, publicHost: publicUrl?.host })
    await app.register(rateLimit, {
      max: config.consoleRate,
      timeWindow: 60_000,
      keyGenerator: ({ asking, ip }) => asking.person?.id ?? `address ${ip}`,
    })
    answerRefusals(app, log, async ({ statusCode, code, message }, request, reply) =>
      faultPage({ status: statusCode, code, message }, await frame(request, reply, 'Not done')),
    )
    await app.register(swagger, openapi(publicUrl))
    await app.register(meRoutes(sessions))
    await app.register(incidentRoutes(desk))
    await app.register(actionRoutes(desk))
    await app.register(deliveryRoutes(desk))
    await app.register(silenceRoutes(desk))
    await app.register(exclusionRoutes(desk, writer))
    await app.register(inventoryRoutes(desk, options.policies))
    await app.register(detectorRoutes(desk, options.detectors))
    await app.register(sessionRoutes(desk))
    await app.register(
      pageRoutes({
        desk,
        writer,
        framing: frame,
        grafana: config.grafanaUrl,
        policies: options.policies,
        detectors: options.detectors,
      }),
    )
    await app.register(assetRoutes)
    await app.register(
      logInRoutes({
        book,
        sessions,
        provider,
        page: async (request, reply, data) =>
          reply.type('text/html; charset=utf-8').send(logInPage(data, await frame(request, reply, 'Log in'))),
      }),
    )
    app.get('/api/openapi.json', { config: { role: 'viewer' }, schema: { hide: true } }, async () => app.swagger())
  }
}

/** Of the setting, else of the data folder; where that cannot be written, one that lasts until the end of the process. */
async function secretOf(
  { consoleSecret, dataDir }: Pick<Config, 'consoleSecret' | 'dataDir'>,
  log: Logger,
): Promise<string> {
  if (consoleSecret !== '') return consoleSecret
  try {
    return await keptSecret({ dataDir, name: 'console-secret' })
  } catch (error) {
    log.warn({ err: error }, 'log-ins of the console end with this process: set WATCHKEEPER_CONSOLE_SECRET')
    return randomBytes(32).toString('hex')
  }
}
