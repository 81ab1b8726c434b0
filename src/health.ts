/**
 * Health of a process, for every role: `/livez` (the event loop turns), `/readyz` (fit to work now, with what is not),
 * `/metrics` (Prometheus text). GET only, no event data. The console is mounted beside it.
 */
import { type FastifyInstance, type FastifyPluginAsync, type FastifyReply, fastify } from 'fastify'
import { WatchkeeperError } from './errors.js'
import type { Telemetry } from './telemetry.js'

/** Resolves when fit; its rejection's message is shown, so it must not hold secrets. */
export type ReadinessCheck = () => Promise<void>

export interface HealthOptions {
  readonly host: string
  readonly port: number
  readonly telemetry: Telemetry
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  /** What else the port serves. */
  readonly mounted?: FastifyPluginAsync
}

export interface Health {
  /** `http://host:port` as bound. */
  readonly address: string
  close(): Promise<void>
}

/** Longest wait for one readiness check, so that a hanging store shows as not ready instead of a hanging probe. */
const checkMs = 3000

async function outcomeOf(check: ReadinessCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined
  try {
    await Promise.race([
      check(),
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${checkMs} ms`)), checkMs)
      }),
    ])
    return 'ok'
  } catch (error) {
    return error instanceof Error ? error.message : 'failed'
  } finally {
    clearTimeout(timer)
  }
}

/** Bounds of a request, for all that is served here. */
const bounds = { bodyLimit: 65_536, requestTimeout: 30_000, routerOptions: { maxParamLength: 2_048 } }

/** A URL that cannot be decoded has no route that could answer it; the form is the console's. */
const unreadableUrl = (reply: FastifyReply): FastifyReply =>
  reply.code(400).send({ error: { code: 'bad_input', message: 'the URL cannot be read' } })

export function healthRoutes({
  telemetry,
  checks,
  mounted,
}: Pick<HealthOptions, 'telemetry' | 'checks' | 'mounted'>): FastifyInstance {
  // What a schema does not name is refused and not dropped: who misspells a filter would get all.
  const app = fastify({
    logger: false,
    ...bounds,
    ajv: { customOptions: { removeAdditional: false } },
    frameworkErrors: (_error, _request, reply) => void unreadableUrl(reply),
  })
  if (mounted !== undefined) app.register(mounted)
  app.get('/livez', async () => ({ live: true }))
  app.get('/readyz', async (_request, reply) => {
    const outcomes = await Promise.all(
      Object.entries(checks).map(async ([name, check]) => [name, await outcomeOf(check)] as const),
    )
    const ready = outcomes.every(([, outcome]) => outcome === 'ok')
    return reply.code(ready ? 200 : 503).send({ ready, checks: Object.fromEntries(outcomes) })
  })
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(telemetry.exposition()),
  )
  return app
}

/** Listens; throws `WK_PORT_IN_USE`. */
export async function startHealth(options: HealthOptions): Promise<Health> {
  const app = healthRoutes(options)
  try {
    const address = await app.listen({ host: options.host, port: options.port })
    return { address, close: () => app.close() }
  } catch (error) {
    await app.close()
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new WatchkeeperError(
      'WK_PORT_IN_USE',
      `port ${options.port} on ${options.host} is taken; stop what listens there or set WATCHKEEPER_CONSOLE_PORT`,
      { cause: error },
    )
  }
}
