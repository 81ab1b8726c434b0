/** `detectors`: which there are, and whether each does what its cases say. */
import { parseArgs } from 'node:util'
import { type CaseOptions, type Catalogue, isOurs, loadCatalogue, type Named, proofsOf } from '../detect/index.js'
import { WatchkeeperError } from '../errors.js'
import { createLogger } from '../log.js'
import { openScratchStore, type Store } from '../store/index.js'
import type { Command, CommandIo } from './command.js'
import { plural } from './replay/progress.js'
import { table } from './text/table.js'

const help = `usage: watchkeeper detectors [list] [ID…] [--json]
       watchkeeper detectors test [ID…] [--verbose]

list  every detector that would run: ours, and those of WATCHKEEPER_DETECTORS_DIR. What it needs to judge is in its row: where that
      is missing it says "not evaluated". A detector on trial is recorded and never alerts.
test  tells each detector its cases (cases.ts): the stories it must fire on, and those it must not. Query detectors get theirs in a
      store of their own. Nothing of yours is read or changed. Without ID: all of them; ours come with Watchkeeper's sources.

options
  --json     list: one JSON object a line
  --verbose  test: each case, also those that are well

"watchkeeper new detector ID" makes one; detectors/README.md explains how.

exit codes: 0 all is well · 1 a case did not come out as it says · 64 usage · 78 a detector is not well made`

export const command: Command = {
  summary: 'list the detectors, or run their cases',
  help,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false }, verbose: { type: 'boolean', default: false } },
    })
    const [what = 'list', ...only] = positionals
    if (what !== 'list' && what !== 'test')
      throw new WatchkeeperError('WK_USAGE', 'say "watchkeeper detectors list" or "watchkeeper detectors test"')
    const config = io.config()
    const catalogue = await loadCatalogue({ own: config.detectorsDir, ...(only.length > 0 && { only }) })
    if (what === 'test') return prove(catalogue, values.verbose, io)
    io.stdout.write(values.json ? asJson(catalogue) : asTable(catalogue))
    return 0
  },
}

const told = (named: Named) => {
  const { id, detector } = named
  const { about, type } = detector
  return {
    id,
    from: isOurs(named) ? 'watchkeeper' : (named.folder ?? ''),
    type,
    severity: about.severity,
    maturity: about.maturity,
    version: about.version,
    every_seconds: detector.type === 'query' ? detector.everySeconds : null,
    needs: about.needs,
    tags: about.tags,
    title: about.title,
  }
}

const asJson = ({ all }: Catalogue): string => all.map((named) => `${JSON.stringify(told(named))}\n`).join('')

function asTable({ all }: Catalogue): string {
  const rows = all.map(told).map((one) => {
    const { atlas, mcp, asi } = one.tags
    return [
      one.id,
      one.from === 'watchkeeper' ? 'ours' : 'own',
      one.type,
      one.severity,
      one.maturity,
      String(one.version),
      one.needs.join(', ') || '-',
      [...mcp.map((tag) => tag.replace(/:.*/, '')), ...asi, ...atlas].join(' '),
    ]
  })
  const head = ['detector', 'from', 'type', 'at most', 'maturity', 'version', 'needs', 'tags']
  return `${table([head, ...rows]).join('\n')}\n`
}

async function prove({ all }: Catalogue, verbose: boolean, io: CommandIo): Promise<number> {
  const log = createLogger({ logLevel: 'silent', logFormat: 'json' })
  // Opened by the first detector that wants one: an engine takes its seconds to start.
  let opened: Promise<Store> | undefined
  const store = (): Promise<Store> => {
    opened ??= openScratchStore({ log, now: () => Date.now() * 1000 })
    return opened
  }
  try {
    return await tellCases(all, { store, log }, verbose, io)
  } finally {
    await (await opened)?.close()
  }
}

async function tellCases(
  all: readonly Named[],
  options: CaseOptions,
  verbose: boolean,
  io: CommandIo,
): Promise<number> {
  let cases = 0
  let failed = 0
  for (const named of all) {
    if (io.signal.aborted) break
    const proofs = await proofsOf(named, options)
    const wrong = proofs.filter(({ faults }) => faults.length > 0)
    cases += proofs.length
    failed += wrong.length
    io.stdout.write(`${wrong.length === 0 ? 'well ' : 'WRONG'}  ${named.id}: ${plural(proofs.length, 'check')}\n`)
    for (const { name, faults } of verbose ? proofs : wrong) {
      io.stdout.write(`       ${faults.length === 0 ? 'well ' : 'WRONG'}  ${name}\n`)
      for (const fault of faults) io.stdout.write(`              ${fault.replaceAll('\n', '\n              ')}\n`)
    }
  }
  io.stdout.write(`${plural(cases, 'check')} of ${plural(all.length, 'detector')}, ${failed} wrong\n`)
  return failed > 0 || io.signal.aborted ? 1 : 0
}
