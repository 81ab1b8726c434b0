/** `new`: the first files of what is added most often. */
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadCatalogue } from '../detect/index.js'
import { WatchkeeperError } from '../errors.js'
import type { Command } from './command.js'
import { ourDetectors, scaffold } from './new/scaffold.js'

const help = `usage: watchkeeper new detector ID [--query] [--dir DIR]

Writes a detector that works: detector.ts, cases.ts with stories that it fires on and stories that it does not, and its page,
README.md. Change the idea, keep the form. detectors/README.md tells how to write one in ten minutes.

ID is the folder's name and the detector's: lower-case words with hyphens.

options
  --query    SQL on a schedule, over all sessions; default: a function over the events of one session
  --dir DIR  the folder of detectors to write into; default WATCHKEEPER_DETECTORS_DIR, else detectors/ of Watchkeeper's sources.
             A folder of your own also gets package.json and tsconfig.json, so that "npx -p typescript tsc -p DIR" compiles it there

examples
  watchkeeper new detector refund-storm
  watchkeeper new detector refund-storm --query --dir /srv/detectors

exit codes: 0 written · 64 usage · 73 it exists already, or the folder cannot be written`

const usage = (message: string): WatchkeeperError =>
  new WatchkeeperError('WK_USAGE', `${message}; "watchkeeper new --help" tells more`)

export const command: Command = {
  summary: 'begin a detector',
  help,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { query: { type: 'boolean', default: false }, dir: { type: 'string' } },
    })
    const [what, id = '', ...more] = positionals
    if (what !== 'detector' || more.length > 0) throw usage('say "watchkeeper new detector ID"')
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length > 64)
      throw usage('the id of a detector is lower-case words with hyphens, such as refund-storm')
    const { all } = await loadCatalogue()
    if (all.some((one) => one.id === id)) throw usage(`there is a detector ${id} already`)

    const own = values.dir ?? io.config().detectorsDir
    const ours = ourDetectors()
    const folder = own === '' ? ours : resolve(own)
    if (folder === undefined) throw usage('say with --dir where your detectors are')
    for (const file of await scaffold(id, values.query ? 'query' : 'session', folder))
      io.stdout.write(`${relative(process.cwd(), file)}\n`)
    io.stderr.write(next(id, folder, folder === ours))
    return 0
  },
}

const next = (id: string, folder: string, isOurs: boolean): string =>
  isOurs
    ? `\nnow: change ${join('detectors', id)}, then npm run build && npx watchkeeper detectors test ${id}\n`
    : `
now: change ${join(folder, id)}, then
  npx -p typescript tsc -p ${folder}
  WATCHKEEPER_DETECTORS_DIR=${folder} npx watchkeeper detectors test ${id}
`
