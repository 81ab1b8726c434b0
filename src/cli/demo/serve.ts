/** `serve --demo`: the whole service, a live conversation that is attacked, and the incident as it comes. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { developmentDsn } from '@watchkeeper/sdk/dsn'
import { incidentText } from '../../alert/index.js'
import { WatchkeeperError } from '../../errors.js'
import type { Incident } from '../../incidents.js'
import { createLogger } from '../../log.js'
import { pipelineRoles, startPipeline } from '../../pipeline.js'
import type { CommandIo } from '../command.js'
import { playDemo } from './play.js'

/** How long an incident rests before it is shown: findings of one cause come within moments of each other. */
const restMs = 2500
/** How long the play waits for its incident. */
const limitMs = 60_000

/** Serves until told to stop. Exit code 1 where the attack was played and no incident came. */
export async function serveDemo(io: CommandIo): Promise<number> {
  const settings = io.config()
  const keysFile = settings.keysFile === '' ? join(settings.dataDir, 'keys.json') : settings.keysFile
  if (existsSync(keysFile)) {
    throw new WatchkeeperError(
      'WK_USAGE',
      `${settings.dataDir} has ingest keys, so it may hold real records; the demo would put a made-up attack among them: set WATCHKEEPER_DATA_DIR to another folder`,
    )
  }
  const config = { ...settings, logLevel: settings.logLevel === 'info' ? ('warn' as const) : settings.logLevel }
  const log = createLogger(config)
  const latest = new Map<string, Incident>()
  let changedAt = 0
  const pipeline = await startPipeline({
    config,
    roles: new Set(pipelineRoles),
    log,
    now: () => Date.now() * 1000,
    onIncident(incident) {
      latest.set(incident.id, incident)
      changedAt = performance.now()
    },
  })
  try {
    const tell = (text: string) => io.stdout.write(text)
    tell(
      `Watchkeeper: OTLP/HTTP at ${pipeline.receiveUrl}, console at ${pipeline.healthUrl}, data in ${config.dataDir}\n`,
    )
    const { conversationId } = await playDemo({
      dsn: { ...developmentDsn, endpoint: pipeline.receiveUrl },
      log,
      signal: io.signal,
      out: io.stdout,
    })
    const incident = await settled(
      () => incidentOf(latest.values(), conversationId),
      () => changedAt,
      io.signal,
    )
    if (incident === undefined) {
      io.stderr.write(`watchkeeper: the attack was played and no incident came within ${limitMs / 1000} s\n`)
      return 1
    }
    tell(incidentText(incident, { colour: 'isTTY' in io.stdout && io.stdout.isTTY === true }))
    tell(`\nIn the console: ${pipeline.healthUrl}/incidents/${incident.id}\n`)
    tell('Still serving; the commands above work in another terminal. Ctrl-C ends it.\n')
    if (!io.signal.aborted) await new Promise((resolve) => io.signal.addEventListener('abort', resolve, { once: true }))
    return 0
  } catch (error) {
    if (io.signal.aborted) return 0
    throw error
  } finally {
    await pipeline.close()
  }
}

function incidentOf(incidents: Iterable<Incident>, conversationId: string): Incident | undefined {
  for (const incident of incidents) if (incident.session.endsWith(conversationId)) return incident
  return undefined
}

/** The incident once nothing was added to it for a while. */
async function settled(
  find: () => Incident | undefined,
  changedAt: () => number,
  signal: AbortSignal,
): Promise<Incident | undefined> {
  const deadline = performance.now() + limitMs
  while (performance.now() < deadline) {
    const incident = find()
    if (incident !== undefined && performance.now() - changedAt() > restMs) return incident
    await delay(100, undefined, { signal })
  }
  return find()
}
