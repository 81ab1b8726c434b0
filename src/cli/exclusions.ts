/** `exclusions`: what the policy file hides, until when, and whether each is proven by its story. */
import { parseArgs } from 'node:util'
import { exclusionsIn, hasExpired } from '../detect/index.js'
import { WatchkeeperError } from '../errors.js'
import { createLogger } from '../log.js'
import { configuredPolicy, stanceOf } from '../policies.js'
import type { Command } from './command.js'
import { prove } from './exclusions/proof.js'
import { plural } from './replay/progress.js'
import { table } from './text/table.js'

const help = `usage: watchkeeper exclusions [list|test]

list  the exclusions of the policy file (WATCHKEEPER_POLICY): what each hides, whose it is, its last day.
test  tells each exclusion its story ("case"): its detector has to fire there, and the exclusion has to cover it. Findings of the
      story that it does not cover are counted: they show that it is no wider than it says.

How many findings each hides: watchkeeper sql "SELECT excluded_by, count() FROM finding WHERE excluded_by != '' GROUP BY ALL"

exit codes: 0 all is well · 1 one is not proven · 64 usage · 78 the policy file has faults`

export const command: Command = {
  summary: 'list what the policy file excludes, and prove it',
  help,
  async run(args, io) {
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true })
    const [what = 'list', ...more] = positionals
    if ((what !== 'list' && what !== 'test') || more.length > 0)
      throw new WatchkeeperError('WK_USAGE', 'say "watchkeeper exclusions list" or "watchkeeper exclusions test"')
    const config = io.config()
    const file = await configuredPolicy(config)
    if (file === undefined) throw new WatchkeeperError('WK_USAGE', 'there is no policy file: set WATCHKEEPER_POLICY')
    const all = exclusionsIn(file)
    const now = Date.now() * 1000
    if (what === 'list') {
      const rows = all.map((one) => [
        one.id,
        one.tenant === '' ? 'all' : one.tenant,
        one.detector,
        one.owner,
        `${new Date(one.expires / 1000 - 1).toISOString().slice(0, 10)}${hasExpired(one, now) ? ' (ended)' : ''}`,
        one.reason,
      ])
      io.stdout.write(
        `${table([['exclusion', 'tenant', 'detector', 'owner', 'last day', 'reason'], ...rows]).join('\n')}\n`,
      )
      return 0
    }
    const log = createLogger({ ...config, logLevel: 'silent' })
    let unproven = 0
    for (const one of all) {
      if (io.signal.aborted) break
      const { detectorsDir, sessionIdleMinutes } = config
      const options = {
        stance: stanceOf(file),
        tenant: one.tenant,
        detectorsDir,
        sessionIdleMinutes,
        log,
        signal: io.signal,
      }
      const { covered, left, fault } = await prove(one, options)
      if (fault !== '') unproven++
      io.stdout.write(
        fault === ''
          ? `well   ${one.id}: covers ${plural(covered, 'finding')} of its story, leaves ${left}\n`
          : `WRONG  ${one.id}: ${fault}\n`,
      )
    }
    io.stdout.write(`${plural(all.length, 'exclusion')}, ${unproven} not proven\n`)
    return unproven > 0 || io.signal.aborted ? 1 : 0
  },
}
