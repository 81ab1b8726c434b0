import { parseArgs } from 'node:util'
import { WatchkeeperError } from '../errors.js'
import { createLogger } from '../log.js'
import { type PipelineRole, pipelineRoles, startPipeline } from '../pipeline.js'
import type { Command, CommandIo } from './command.js'

const help = `usage: watchkeeper serve [--role ROLE[,ROLE…]] [--demo]

Runs the service: OTLP/HTTP on 4318 (receive), the store, the detectors, alerting, and on 8318 the console with health.
Everything in one process on the embedded engine unless told otherwise. Stops on SIGINT or SIGTERM after what was
accepted is kept. Reads the policy file (WATCHKEEPER_POLICY) at the start, and again on SIGHUP; one with faults stops the start,
and later leaves the policy as it was.

  --role ROLE   receive, store, detect, alert, console or all (default all). Several with commas. Roles in separate
                processes need WATCHKEEPER_BUS=kafka and, but for one machine, WATCHKEEPER_CLICKHOUSE_URL. On one machine
                the process with the role store owns the embedded engine; the others wait for it and use it.
  --demo        also plays a live MCP conversation in which a document turns the model, shows the incident, and goes on
                serving. Refused on a data folder with ingest keys: made-up records do not belong among real ones.

exit codes: 0 stopped as asked · 69 a port is taken, the store or the bus cannot be reached · 78 settings or
policy file
`

function parseRoles(given: string): ReadonlySet<PipelineRole> {
  const names = given.split(',').map((name) => name.trim())
  if (names.includes('all')) return new Set(pipelineRoles)
  for (const name of names) {
    if (!pipelineRoles.some((role) => role === name)) {
      throw new WatchkeeperError(
        'WK_USAGE',
        `there is no role "${name}"; the roles are ${pipelineRoles.join(', ')}, all`,
      )
    }
  }
  return new Set(pipelineRoles.filter((role) => names.includes(role)))
}

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { role: { type: 'string', default: 'all' }, demo: { type: 'boolean', default: false } },
  })
  if (values.demo) return (await import('./demo/serve.js')).serveDemo(io)
  const config = io.config()
  const log = createLogger(config)
  const roles = parseRoles(values.role)
  const pipeline = await startPipeline({
    config,
    roles,
    log,
    now: () => Date.now() * 1000,
    signal: io.signal,
    onIncident: ({ id, severity, title }, change) => log.warn({ incident: id, severity, title }, `incident ${change}`),
  }).catch((error: unknown) => {
    // Asked to stop before there was anything to stop.
    if (io.signal.aborted && error === io.signal.reason) return undefined
    throw error
  })
  if (pipeline === undefined) return 0
  // Without a policy file a SIGHUP is what it usually is: the terminal is gone.
  if (config.policyFile !== '') io.onHangup(() => void pipeline.reloadPolicy())
  log.info({ roles: [...roles], otlp: pipeline.receiveUrl, health: pipeline.healthUrl }, 'serving')
  if (!io.signal.aborted) await new Promise((resolve) => io.signal.addEventListener('abort', resolve, { once: true }))
  log.info('stopping: what was accepted is kept first')
  await pipeline.close()
  return 0
}

export const command: Command = { summary: 'run the service: receive, store, detect, alert, console', help, run }
