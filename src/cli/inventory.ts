/** `inventory`: what has been seen of servers, tools, scopes and subjects, and what the policy says of it. */
import { parseArgs } from 'node:util'
import { isTenantName } from '@watchkeeper/sdk/dsn'
import { WatchkeeperError } from '../errors.js'
import { type Inventory, type Sight, scopesSeen, serversSeen, subjectsSeen, toolsSeen } from '../inventory.js'
import { createLogger } from '../log.js'
import { configuredPolicy, stanceOf } from '../policies.js'
import { openReader } from '../store/index.js'
import type { Command } from './command.js'
import { draftOf } from './inventory/draft.js'
import { scopesText, serversText, subjectsText, toolsText } from './inventory/text.js'
import { asciiJson } from './reading/json.js'
import { queriesOf } from './reading/queries.js'

const help = `usage: watchkeeper inventory [servers|tools|scopes|subjects] [--json] [options]
       watchkeeper inventory servers --draft

What has been seen, last seen first, within the retention time. Without a word: servers.

servers   where each was met, and its standing: approved, unknown, or moved (an approved name at another address or command line);
          unstated where the policy file has no allowlist. Approved servers that nobody has met stand last.
tools     the class of each (read, write, high-impact) and what that rests on: policy, annotation (what it claims of itself), name
          (of the tool and its arguments) or nothing; what has to be approved before it; whether its results are private.
scopes    who was seen with which scope at which server, its rank, and whether it was ever needed: used, unused (held for 30 days
          and 20 calls, none of which needed it), too early to say, not held.
subjects  what each uses: servers, how many of them are not approved, tools, its mightiest scope.

Reads the configured store, also beside a running service, which counts what is new within seconds. Text from events is made
harmless for the terminal.

options
  --json       one JSON object a line, times in microseconds since 1970
  --draft      servers: those that are not approved as a section for the policy file (watchkeeper.yaml), for you to cut down
  --unused     scopes: only those that were held and never needed
  --tenant T   only this tenant; may be repeated. Default: all
  --limit N    at most N rows; default 1000

examples
  watchkeeper inventory tools
  watchkeeper inventory scopes --unused --tenant acme
  watchkeeper inventory servers --draft > servers.yaml

exit codes: 0 shown · 64 usage · 69 the store does not answer · 78 settings, or the policy file has faults`

interface Kind<Row = unknown> {
  readonly see: (sight: Sight, now: number) => Promise<Inventory<Row>>
  readonly text: (rows: readonly Row[]) => string[]
}
const kind = <Row>(see: Kind<Row>['see'], text: Kind<Row>['text']): Kind => ({ see, text: text as Kind['text'] })

const kinds: Readonly<Record<string, Kind>> = {
  servers: kind(serversSeen, serversText),
  tools: kind(toolsSeen, toolsText),
  scopes: kind(scopesSeen, scopesText),
  subjects: kind(subjectsSeen, subjectsText),
}

const usage = (message: string): WatchkeeperError => new WatchkeeperError('WK_USAGE', `inventory: ${message}`)

export const command: Command = {
  summary: 'list the servers, tools, scopes and subjects that were seen',
  help,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        draft: { type: 'boolean', default: false },
        unused: { type: 'boolean', default: false },
        tenant: { type: 'string', multiple: true, default: [] },
        limit: { type: 'string', default: '1000' },
      },
    })
    const [what = 'servers', ...more] = positionals
    const chosen = Object.hasOwn(kinds, what) ? kinds[what] : undefined
    if (chosen === undefined || more.length > 0) throw usage('say servers, tools, scopes or subjects')
    if (values.draft && what !== 'servers') throw usage('--draft is about servers')
    if (values.unused && what !== 'scopes') throw usage('--unused is about scopes')
    if (!values.tenant.every(isTenantName)) throw usage('--tenant expects lower-case letters, digits, - and _')
    const limit = Number(values.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) throw usage('--limit takes 1 to 10000')

    const config = io.config()
    const { policies } = stanceOf(await configuredPolicy(config))
    const reader = await openReader({ config, log: createLogger({ ...config, logLevel: 'error' }) })
    try {
      const sight: Sight = { store: queriesOf(reader), policies, tenants: values.tenant, limit }
      if (values.draft) {
        const { rows, more: isCut } = await serversSeen(sight)
        io.stdout.write(draftOf(rows))
        if (isCut) io.stderr.write(cut(limit))
        return 0
      }
      const { rows: all, more: isCut } = await chosen.see(sight, Date.now() * 1000)
      const rows = values.unused ? all.filter((row) => (row as { readonly use?: string }).use === 'unused') : all
      if (values.json) for (const row of rows) io.stdout.write(`${asciiJson(row)}\n`)
      else io.stdout.write(rows.length === 0 ? 'Nothing was seen so far.\n' : `${chosen.text(rows).join('\n')}\n`)
      if (isCut) io.stderr.write(cut(limit))
      return 0
    } finally {
      await reader.close()
    }
  },
}

const cut = (limit: number): string => `inventory: there are more than ${limit}; --limit and --tenant help\n`
