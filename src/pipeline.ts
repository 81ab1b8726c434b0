/**
 * The stages, wired: the one place that sees them all. Read it top to bottom, it is the flow of a record; stopping goes
 * the same way, so that what was accepted is kept before its keeper ends.
 */
import { hostname } from 'node:os'
import { type AlertOptions, configuredReceivers, startAlert } from './alert/index.js'
import { createBus } from './bus/index.js'
import type { Config } from './config.js'
import { createConsole } from './console/index.js'
import { describedDetectors } from './described-detectors.js'
import { type Exclusions, type Policies, startDetect } from './detect/index.js'
import { WatchkeeperError } from './errors.js'
import { type ReadinessCheck, startHealth } from './health.js'
import type { Logger } from './log.js'
import { configuredPolicy, stanceOf } from './policies.js'
import { startReceive } from './receive/index.js'
import { openStore, type Store } from './store/index.js'
import { storeSink } from './store/sink.js'
import { Telemetry } from './telemetry.js'

export const pipelineRoles = ['receive', 'store', 'detect', 'alert', 'console'] as const
export type PipelineRole = (typeof pipelineRoles)[number]

export interface PipelineOptions {
  readonly config: Config
  readonly roles: ReadonlySet<PipelineRole>
  readonly log: Logger
  /** Microseconds since 1970. */
  readonly now: () => number
  readonly onIncident?: AlertOptions['onIncident']
  /** Ends the wait for a store that another process has to open; then starting rejects with its reason. */
  readonly signal?: AbortSignal
}

export interface Pipeline {
  /** Where OTLP is received, and where health is served; '' where the role is not played. */
  readonly receiveUrl: string
  readonly healthUrl: string
  readonly store: Store | undefined
  /** Reads the policy file again. One that has faults is logged, and the policy stays as it was. */
  reloadPolicy(): Promise<void>
  /** Answers what is in flight, keeps what was accepted, then ends. */
  close(): Promise<void>
}

const notServing: ReadinessCheck = async () => {
  throw new Error('is starting or stopping, see its log')
}

/** How often our own counters are written to the store, for the dashboards. */
const countersEveryMs = 60_000

function checkRoles(config: Config, roles: ReadonlySet<PipelineRole>): void {
  const apart = roles.has('receive') !== roles.has('store')
  if (config.bus === 'in-process' && apart) {
    throw new WatchkeeperError(
      'WK_CONFIG',
      'the roles receive and store can only run in two processes with a bus between them: set WATCHKEEPER_BUS=kafka, or run both in one process',
    )
  }
}

export async function startPipeline({
  config,
  roles,
  log,
  now,
  onIncident,
  signal,
}: PipelineOptions): Promise<Pipeline> {
  checkRoles(config, roles)
  const policy = await livePolicy(config, log, now)
  const telemetry = new Telemetry()
  const checks: Record<string, ReadinessCheck> = { service: notServing }
  const stage = (name: string) => ({ config, log: log.child({ stage: name }), telemetry, now })

  // Last started, first stopped: a receiver stops accepting before the store that keeps its records does.
  const stops: { readonly name: string; readonly stop: () => Promise<void> }[] = []
  const close = async (): Promise<void> => {
    checks['service'] = notServing
    for (const { name, stop } of stops.splice(0).reverse()) {
      try {
        await stop()
      } catch (error) {
        log.error({ err: error, part: name }, 'stopping failed')
      }
    }
  }

  try {
    // First, so that a process that waits for its store is alive, not ready, and says why.
    let store: Store | undefined
    const mounted = roles.has('console')
      ? await createConsole({
          ...stage('console'),
          store: () => store,
          policies: policy.policies,
          detectors: await describedDetectors(config),
          reloadPolicy: policy.reload,
        })
      : undefined
    const health = await startHealth({
      host: config.consoleHost,
      port: config.consolePort,
      telemetry,
      checks,
      ...(mounted && { mounted }),
    })
    stops.push({ name: 'health', stop: () => health.close() })

    if (roles.has('store') || roles.has('detect') || roles.has('alert') || roles.has('console')) {
      const engine = roles.has('store') ? 'own' : 'other'
      const opened = await openStore({ ...stage('store'), engine, ...(signal && { signal }) })
      store = opened
      stops.push({ name: 'store', stop: () => opened.close() })
      checks['store'] = () => opened.ping()
      const timer = setInterval(
        () =>
          void writeCounters(opened, telemetry, now()).catch((error) =>
            log.warn({ err: error }, 'our counters were not kept'),
          ),
        countersEveryMs,
      )
      stops.push({ name: 'counters', stop: async () => clearInterval(timer) })
    }

    const bus = createBus(stage('bus'))
    await bus.start()
    stops.push({ name: 'bus', stop: () => bus.close() })
    checks['bus'] = async () => {
      if (!bus.ready()) throw new Error('does not accept records now')
    }

    if (store && roles.has('store')) {
      const stop = await bus.consume(storeSink({ ...stage('store'), store }))
      stops.push({ name: 'store consumer', stop })
    }
    if (store && roles.has('detect')) {
      const shares = await bus.shares('detect')
      stops.push({ name: 'detect shares', stop: () => shares.close() })
      const detect = await startDetect({
        ...stage('detect'),
        store,
        shares,
        policies: policy.policies,
        exclusions: policy.exclusions,
      })
      stops.push({ name: 'detect', stop: () => detect.close() })
    }
    if (store && roles.has('alert')) {
      const shares = await bus.shares('alert')
      stops.push({ name: 'alert shares', stop: () => shares.close() })
      const kept = store
      const begin = () =>
        startAlert({
          ...stage('alert'),
          store: kept,
          shares,
          receivers: policy.receivers(),
          ...(onIncident && { onIncident }),
        })
      let alert = begin()
      let ended = false
      stops.push({
        name: 'alert',
        async stop() {
          ended = true
          await alert.close()
        },
      })
      // All its state is in the store, so a new one goes on where the old one stopped.
      policy.onChange(async () => {
        await alert.close()
        if (!ended) alert = begin()
      })
    }

    let receiveUrl = ''
    if (roles.has('receive')) {
      const receive = await startReceive({ ...stage('receive'), bus })
      stops.push({ name: 'receive', stop: () => receive.close() })
      receiveUrl = receive.address
    }
    delete checks['service']
    return { receiveUrl, healthUrl: health.address, store, reloadPolicy: policy.reload, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The policy that holds now. Throws `WK_POLICY` at the start; later a bad file changes nothing. */
async function livePolicy(config: Config, log: Logger, now: () => number) {
  const first = await configuredPolicy(config)
  if (first !== undefined) log.info({ policy: first.path, digest: first.digest }, 'policy')
  let current = stanceOf(first)
  let receivers = configuredReceivers(config, first, now)
  let changed = async (): Promise<void> => undefined
  return {
    policies: ((tenant) => current.policies(tenant)) satisfies Policies,
    exclusions: ((...finding) => current.exclusions(...finding)) satisfies Exclusions,
    receivers: () => receivers,
    onChange(listener: () => Promise<void>): void {
      changed = listener
    },
    async reload(): Promise<void> {
      try {
        const file = await configuredPolicy(config)
        const stance = stanceOf(file)
        receivers = configuredReceivers(config, file, now)
        current = stance
        await changed()
        log.info({ policy: file?.path, digest: file?.digest }, 'the policy was read again, and holds from now on')
      } catch (error) {
        log.error({ err: error }, 'the policy file has faults, so the policy stays as it was')
      }
    },
  }
}

async function writeCounters(store: Store, telemetry: Telemetry, now: number): Promise<void> {
  const rows = telemetry.counters().map((row) => ({ at: now, host: hostname(), ...row }))
  if (rows.length > 0) await store.insert('pipeline_counters', rows)
}
