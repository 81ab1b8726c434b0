/** `backtest`: the detectors over recorded sessions or stored history, as they would have judged live. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { parseArgs } from 'node:util'
import { developmentDsn, isTenantName } from '@watchkeeper/sdk/dsn'
import type { Config } from '../config.js'
import { type Catalogue, judgeRange, loadCatalogue } from '../detect/index.js'
import { WatchkeeperError } from '../errors.js'
import { createLogger, type Logger } from '../log.js'
import { configuredPolicy, type Stance, stanceOf } from '../policies.js'
import { openStore } from '../store/index.js'
import { Telemetry } from '../telemetry.js'
import { compare } from './backtest/compare.js'
import { comparisonText } from './backtest/comparison-text.js'
import { judgeRecorded, patientBudgetMs } from './backtest/judge-recorded.js'
import { readLines } from './backtest/lines.js'
import { showProgress } from './backtest/progress.js'
import { sessionLines } from './backtest/recorded.js'
import { type SessionLine, summarise } from './backtest/report.js'
import { countRecorded, storedLines } from './backtest/stored.js'
import type { Command, CommandIo } from './command.js'
import { count, plural } from './replay/progress.js'

const help = `usage: watchkeeper backtest FILE… [options]
       watchkeeper backtest --since AGE [options]
       watchkeeper backtest compare BEFORE.jsonl AFTER.jsonl [--json]

Runs the detectors over recorded agent sessions (.jsonl or .jsonl.gz) or over what the store holds, and tells what they find.
It is the code that runs live, on a store of the same kind: the same base time and tenant give the same fingerprints as
"watchkeeper replay" into a running service. Nothing is written but the file you name.

Each recorded session stands alone, as if no other had ever been. A detector that lacks an input there (history, the other side
of a call, authorization records) says "not evaluated".

compare takes two files of --findings over the same sessions, say of two versions of a detector, and tells what the second has
gained and lost: by severity, by detector, and which sessions alert now that did not, and the other way round.

options
  --findings OUT.jsonl  a line for each session: {"id", "findings": [{"detector", "severity", "calls", …}], "not_evaluated"};
                        calls are indexes of the recorded calls, or record ids of stored history
  --against BEFORE.jsonl  compare what is found now with that file
  --detector ID         only this one; may be repeated
  --together            all recorded sessions in one tenant, in which they know of each other
  --base-time ISO       when the recorded sessions begin; default 2026-01-01T00:00:00Z
  --tenant T            recorded: the tenant whose fingerprints are told, default "${developmentDsn.tenant}"; stored: only this tenant
  --since AGE           stored history of the last AGE: 90m, 24h, 7d. Works beside a running service

examples
  watchkeeper backtest attacks.jsonl.gz --findings found.jsonl
  watchkeeper backtest --since 7d --detector outbound-volume
  watchkeeper backtest attacks.jsonl.gz --against found.jsonl

exit codes: 0 done · 1 some lines were no sessions, or it was stopped before the end · 64 usage · 65 unreadable file · 69 no store`

interface Wish {
  readonly files: readonly string[]
  /** Microseconds of stored history; `undefined` for recorded sessions. */
  readonly since: number | undefined
  readonly findings: string | undefined
  readonly against: string | undefined
  readonly detectors: readonly string[] | undefined
  readonly together: boolean
  readonly baseTime: number
  readonly tenant: string | undefined
}

interface Outcome {
  readonly lines: readonly SessionLine[]
  /** How many were judged. */
  readonly sessions: number
  /** What was judged, for the first line of the summary. */
  readonly judged: string
  readonly faults: number
}

export const command: Command = {
  summary: 'run the detectors over recorded sessions or stored history',
  help,
  async run(args, io) {
    if (args[0] === 'compare') return runCompare(args.slice(1), io)
    const wish = readWish(args)
    const config = io.config()
    const stance = stanceOf(await configuredPolicy(config))
    const catalogue = await loadCatalogue({
      own: config.detectorsDir,
      ...(wish.detectors && { only: wish.detectors }),
    })
    const log = createLogger({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
    const judge = wish.since === undefined ? recordedOutcome : storedOutcome
    const before = wish.against === undefined ? undefined : await readLines(wish.against)
    // Opened first: a place that cannot be written to is told before the work, not after it.
    const out = wish.findings === undefined ? undefined : await openLines(wish.findings)
    const { lines, sessions, judged, faults } = await judge({ wish, io, config, catalogue, stance, log })
    await out?.(lines)
    io.stdout.write(`${judged}\n${summarise({ lines, sessions, detectors: catalogue.all.map(({ id }) => id) })}`)
    if (before !== undefined) io.stdout.write(`\n${comparisonText(compare(before, lines))}`)
    if (io.signal.aborted) io.stderr.write('backtest: stopped before the end\n')
    return faults > 0 || io.signal.aborted ? 1 : 0
  },
}

async function runCompare(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  })
  const [before, after, ...more] = positionals
  if (before === undefined || after === undefined || more.length > 0)
    throw new WatchkeeperError('WK_USAGE', 'backtest: compare takes two files of findings: before, after')
  const comparison = compare(await readLines(before), await readLines(after))
  io.stdout.write(values.json ? `${JSON.stringify(comparison)}\n` : comparisonText(comparison))
  return 0
}

interface Job {
  readonly wish: Wish
  readonly io: CommandIo
  readonly config: Config
  readonly catalogue: Catalogue
  readonly stance: Stance
  readonly log: Logger
}

async function recordedOutcome({ wish, io, config, catalogue, stance, log }: Job): Promise<Outcome> {
  const { baseTime, files, together } = wish
  const tenant = wish.tenant ?? developmentDsn.tenant
  const progress = showProgress(io.stderr, Date.now)
  let faults = 0
  try {
    const { ingested, findings, notEvaluated } = await judgeRecorded({
      files,
      catalogue,
      stance,
      baseTime,
      tenant,
      together,
      sessionIdleMinutes: config.sessionIdleMinutes,
      log,
      signal: io.signal,
      progress: progress.say,
      onFault(message) {
        faults++
        if (faults <= 20) io.stderr.write(`backtest: not a session: ${message}\n`)
      },
    })
    const calls = `${plural(ingested.calls.size, 'call')} of ${plural(ingested.sessions.length, 'session')}`
    const not = faults === 0 ? '' : `, ${plural(faults, 'line')} not understood`
    return {
      lines: sessionLines(ingested, findings, notEvaluated, tenant),
      sessions: ingested.sessions.length,
      judged: `${calls} from ${plural(files.length, 'file')}${not}, base time ${new Date(baseTime / 1000).toISOString()}`,
      faults,
    }
  } finally {
    progress.end()
  }
}

async function storedOutcome({ wish, io, config, catalogue, stance, log }: Job): Promise<Outcome> {
  const now = (): number => Date.now() * 1000
  const to = now()
  const from = to - (wish.since ?? 0)
  const progress = showProgress(io.stderr, Date.now)
  const store = await openStore({ config, log, now })
  try {
    const { findings, notEvaluated, sessions, windows } = await judgeRange({
      store,
      from,
      to,
      catalogue,
      ...stance,
      tenants: wish.tenant === undefined ? [] : [wish.tenant],
      idle: config.sessionIdleMinutes * 60_000_000,
      budgetMs: patientBudgetMs,
      now,
      log,
      telemetry: new Telemetry(),
      signal: io.signal,
      progress: (done, total, what) => progress.say(`${count(done)} of ${count(total)} ${what} judged`),
    })
    const recorded = await countRecorded(store, findings)
    return {
      lines: storedLines(findings, notEvaluated),
      sessions,
      judged:
        `${plural(sessions, 'session key')} and ${plural(windows, 'window')} since ${new Date(from / 1000).toISOString()}; ` +
        `${plural(findings.length, 'finding')}, ${count(recorded)} of them recorded live`,
      faults: 0,
    }
  } finally {
    progress.end()
    await store.close()
  }
}

/** Returns the function that writes the lines and ends the file. Both throw `WK_FILE_UNWRITABLE`. */
async function openLines(file: string): Promise<(lines: readonly SessionLine[]) => Promise<void>> {
  const guarded = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write()
    } catch (error) {
      throw new WatchkeeperError('WK_FILE_UNWRITABLE', `cannot write ${file}: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
  const out = createWriteStream(file)
  await guarded(async () => void (await once(out, 'open')))
  return (lines) =>
    guarded(async () => {
      for (const line of lines) if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain')
      out.end()
      await once(out, 'finish')
    })
}

function readWish(args: readonly string[]): Wish {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      findings: { type: 'string' },
      against: { type: 'string' },
      detector: { type: 'string', multiple: true },
      together: { type: 'boolean', default: false },
      'base-time': { type: 'string' },
      tenant: { type: 'string' },
      since: { type: 'string' },
    },
  })
  const usage = (message: string): WatchkeeperError => new WatchkeeperError('WK_USAGE', `backtest: ${message}`)
  if (values.since === undefined && positionals.length === 0)
    throw usage('name at least one file of sessions, or say --since 7d for stored history')
  if (values.since !== undefined && positionals.length > 0)
    throw usage('--since is about stored history; leave the files out, or --since')
  if (values.since !== undefined && (values.together || values['base-time'] !== undefined))
    throw usage('--together and --base-time are about recorded sessions')
  if (values.tenant !== undefined && !isTenantName(values.tenant))
    throw usage('--tenant expects lower-case letters, digits, - and _')
  return {
    files: positionals,
    since: values.since === undefined ? undefined : readAge(values.since, usage),
    findings: values.findings,
    against: values.against,
    detectors: values.detector,
    together: values.together,
    baseTime: readTime(values['base-time'], usage),
    tenant: values.tenant,
  }
}

const units: Readonly<Record<string, number>> = { m: 60_000_000, h: 3_600_000_000, d: 86_400_000_000 }

function readAge(text: string, usage: (message: string) => WatchkeeperError): number {
  const [, number, unit = ''] = /^([1-9]\d{0,5})([mhd])$/.exec(text) ?? []
  const micros = units[unit]
  if (number === undefined || micros === undefined) throw usage('--since expects an age such as 90m, 24h or 7d')
  return Number(number) * micros
}

/** Microseconds. The default is fixed, so that two runs are the same. */
function readTime(text: string | undefined, usage: (message: string) => WatchkeeperError): number {
  const time = Date.parse(text ?? '2026-01-01T00:00:00Z')
  if (Number.isNaN(time) || time < 0) throw usage('--base-time expects a time such as 2026-11-24T09:00:00Z')
  return time * 1000
}
