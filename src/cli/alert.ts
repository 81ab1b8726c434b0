/** `alert test`: whether a receiver takes what we send, before it matters. */
import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { configuredReceivers, testIncident } from '../alert/index.js'
import { WatchkeeperError } from '../errors.js'
import { severities } from '../finding.js'
import { configuredPolicy } from '../policies.js'
import type { Command } from './command.js'

const help = `usage: watchkeeper alert test RECEIVER [options]

Sends a test incident to a receiver of the policy file (or to "webhook", that of WATCHKEEPER_WEBHOOK_URL) and then tells it that
the incident is resolved, so that nothing stays open there. Tries once; nothing is kept, routes and min_severity are not asked.

options
  --severity S   info, low, medium, high or critical; default low. High and critical may page somebody.
  --keep-open    do not resolve it

examples
  watchkeeper alert test oncall
  watchkeeper alert test oncall --severity critical --keep-open

exit codes: 0 delivered · 64 usage, or no such receiver · 65 refused · 69 not taken now, try again · 78 settings
`

export const command: Command = {
  summary: 'try a receiver of incidents',
  help,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { severity: { type: 'string', default: 'low' }, 'keep-open': { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [what, name, ...others] = positionals
    if (what !== 'test' || name === undefined || others.length > 0)
      throw new WatchkeeperError('WK_USAGE', 'say "watchkeeper alert test RECEIVER"')
    const severity = severities.find((one) => one === values.severity)
    if (severity === undefined)
      throw new WatchkeeperError('WK_USAGE', `--severity takes one of ${severities.join(', ')}`)
    const config = io.config()
    const now = (): number => Date.now() * 1_000
    const receivers = configuredReceivers(config, await configuredPolicy(config), now)
    const receiver = receivers.find(({ notifier }) => notifier.name === name)
    if (receiver === undefined) {
      const known = receivers.map(({ notifier }) => notifier.name)
      throw new WatchkeeperError(
        'WK_USAGE',
        `there is no receiver "${name}"; ${known.length === 0 ? 'none is set up (WATCHKEEPER_POLICY, WATCHKEEPER_WEBHOOK_URL)' : `there are ${known.join(', ')}`}`,
      )
    }
    const incident = testIncident(randomUUID(), name, severity, now())
    for (const notice of values['keep-open'] ? (['opened'] as const) : (['opened', 'resolved'] as const)) {
      const result = await receiver.notifier.deliver(incident, notice, io.signal)
      if (result.type === 'refused')
        throw new WatchkeeperError('WK_RECEIVER_REFUSED', `${name} refused the test (${notice}): ${result.reason}`)
      if (result.type === 'retry')
        throw new WatchkeeperError(
          'WK_RECEIVER_UNAVAILABLE',
          `${name} did not take the test (${notice}): ${result.reason}`,
        )
      io.stdout.write(`${name}: ${notice}, delivered${result.status === 0 ? '' : ` (${result.status})`}\n`)
    }
    return 0
  },
}
