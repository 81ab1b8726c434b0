/** `incidents`: what the detectors found, as one story each, and what became of its delivery. */
import { parseArgs } from 'node:util'
import { deliveryText, historyText, incidentLine, incidentText } from '../alert/index.js'
import { WatchkeeperError } from '../errors.js'
import {
  type DeliveryState,
  deliveriesOf,
  findIncidents,
  historyOf,
  type Incident,
  latestIncidents,
  type Queries,
  stateOf,
  type TriageAction,
} from '../incidents.js'
import { createLogger } from '../log.js'
import { openReader } from '../store/index.js'
import type { Command, CommandIo } from './command.js'
import { asciiJson } from './reading/json.js'
import { queriesOf } from './reading/queries.js'

const help = `usage: watchkeeper incidents [list] [options]
       watchkeeper incidents show ID [options]

Lists incidents, last changed first, or shows one: its evidence as a timeline, the values that tie it together, why it is
reported, what to open next, what became of its delivery, and what people did with it. Reads the configured store, also beside a running service.
Text from events is made harmless for the terminal.

ID is the id of an incident or its first characters (at least 4).

options
  --limit N   list: at most N incidents; default 20
  --json      one JSON object a line instead, everything that is known of an incident in it

examples
  watchkeeper incidents
  watchkeeper incidents show 6f1c2d3e

exit codes: 0 shown · 64 usage, or no incident has that id · 69 the store does not answer · 78 settings`

export const command: Command = {
  summary: 'list incidents, or show one as a timeline',
  help,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { limit: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [what = 'list', id, ...others] = positionals
    const limit = Number(values.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000)
      throw new WatchkeeperError('WK_USAGE', '--limit takes a whole number from 1 to 10000')
    const listing = what === 'list' && id === undefined
    const showing = what === 'show' && id !== undefined && others.length === 0
    if (!listing && !showing)
      throw new WatchkeeperError('WK_USAGE', 'say "watchkeeper incidents" or "watchkeeper incidents show ID"')
    if (id !== undefined && !/^[0-9a-f-]{4,36}$/.test(id))
      throw new WatchkeeperError('WK_USAGE', 'an incident id is made of hex digits; give at least its first 4')
    const config = io.config()
    const reader = await openReader({ config, log: createLogger(config) })
    try {
      const store = queriesOf(reader)
      const incidents = id === undefined ? await latestIncidents(store, limit) : [await one(store, id)]
      const deliveries = await deliveriesOf(store, incidents)
      const ids = incidents.map((incident) => incident.id)
      const history = await historyOf(store, ids)
      const tell = values.json ? asJson : showing ? whole : line
      for (const incident of incidents) {
        const own = deliveries.filter((delivery) => delivery.incident === incident.id)
        const steps = history.filter((step) => step.incident === incident.id)
        io.stdout.write(tell(incident, own, steps, io))
      }
      if (incidents.length === 0 && !values.json) io.stdout.write('No incident so far.\n')
      return 0
    } finally {
      await reader.close()
    }
  },
}

async function one(store: Queries, id: string): Promise<Incident> {
  const [incident, ...others] = await findIncidents(store, id)
  if (incident === undefined)
    throw new WatchkeeperError('WK_USAGE', `no incident begins with ${id}; "watchkeeper incidents" lists them`)
  if (others.length > 0)
    throw new WatchkeeperError('WK_USAGE', `more than one incident begins with ${id}; give more of its id`)
  return incident
}

type Tell = (
  incident: Incident,
  deliveries: readonly DeliveryState[],
  history: readonly TriageAction[],
  io: CommandIo,
) => string

/** Node asks the terminal and the environment (NO_COLOR, FORCE_COLOR). */
const colourFor = (io: CommandIo): boolean =>
  'hasColors' in io.stdout && typeof io.stdout.hasColors === 'function' && io.stdout.hasColors() === true

const line: Tell = (incident, deliveries, _history, io) =>
  `${incidentLine(incident, deliveries, { colour: colourFor(io) })}\n`
const whole: Tell = (incident, deliveries, history, io) =>
  `${incidentText(incident, { colour: colourFor(io) })}${deliveryText(deliveries)}${historyText(history)}`

const asJson: Tell = (incident, deliveries, history) =>
  `${asciiJson({ ...incident, triage: stateOf(history, incident.version), history, deliveries })}\n`
