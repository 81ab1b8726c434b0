/** `replay`: recorded sessions as OTLP to a running service. The load generator, and the proof that nothing lands twice. */
import { parseArgs } from 'node:util'
import { createCapturer } from '@watchkeeper/sdk/capture'
import type { Dsn } from '@watchkeeper/sdk/dsn'
import { sendLogs } from '@watchkeeper/sdk/send'
import { WatchkeeperError } from '../errors.js'
import type { Command, CommandIo } from './command.js'
import { recordedBatches } from './replay/batches.js'
import { readDestination } from './replay/destination.js'
import { createPace } from './replay/pace.js'
import { count, plural, reportProgress, type Tally } from './replay/progress.js'
import { sendBatch } from './replay/sender.js'

const help = `usage: watchkeeper replay FILE… --to URL [options]

Sends recorded agent sessions (.jsonl or .jsonl.gz) as OTLP log records to a running service, as an instrumented client
would have sent them. Contents go through capture first: no argument and no result leaves in the clear.

Records have the same ids whenever the base time is the same: what is interrupted can be run again with the printed
--base-time, and nothing lands twice. A receiver that is full or away is waited for.

options
  --to URL             the receiver, for example http://127.0.0.1:4318; default: the DSN's
  --dsn DSN            ingest key and fingerprint key, as "watchkeeper keys create" printed them; default: WATCHKEEPER_DSN,
                       else the development keys, which a service without ingest keys accepts on its own machine
  --rate N             at most N records a second; default: as fast as they are taken
  --base-time ISO      when the sessions begin, for example 2026-11-24T09:00:00Z; default: ten minutes ago
  --parallel N         requests at once; default 16
  --patience SECONDS   how long a batch is tried for; default 600

examples
  watchkeeper replay attacks.jsonl.gz --to http://127.0.0.1:4318
  watchkeeper replay *.jsonl.gz --to https://watchkeeper.example --dsn "$DSN" --rate 2000

exit codes: 0 everything kept · 1 some lines or records were not, as told · 64 usage · 65 unreadable file, or the key was
            refused · 69 the receiver did not take the records in time`

interface Wish {
  readonly files: readonly string[]
  readonly dsn: Dsn
  /** Microseconds. */
  readonly baseTime: number
  readonly rate: number
  readonly parallel: number
  readonly patienceMs: number
}

export const command: Command = {
  summary: 'send recorded sessions to a running service',
  help,
  async run(args, io) {
    const wish = readWish(args, io)
    const tally: Tally = { sessions: 0, kept: 0, lost: 0, retries: 0, faults: 0 }
    const start = Date.now()
    const endReport = reportProgress(tally, io.stderr, Date.now)
    try {
      await replay(wish, tally, io)
    } finally {
      endReport()
      io.stdout.write(summary(wish, tally, (Date.now() - start) / 1000))
    }
    if (io.signal.aborted) io.stderr.write('replay: stopped before the end\n')
    return tally.lost > 0 || tally.faults > 0 || io.signal.aborted ? 1 : 0
  },
}

/** Several senders take batches from one reader; the first that fails for good ends them all. */
async function replay(wish: Wish, tally: Tally, io: CommandIo): Promise<void> {
  const failed = new AbortController()
  const signal = AbortSignal.any([io.signal, failed.signal])
  const { endpoint: url, ingestKey: key, fingerprintKey } = wish.dsn
  const reasons = new Set<string>()
  const once = (kind: string, reason: string): void => {
    if (reasons.has(reason) || reasons.size >= 20) return
    reasons.add(reason)
    io.stderr.write(`replay: ${kind}: ${reason}\n`)
  }
  const batches = recordedBatches({
    files: wish.files,
    capturer: createCapturer({ key: fingerprintKey }),
    baseTime: wish.baseTime,
    onSession: () => tally.sessions++,
    onFault(message) {
      tally.faults++
      once('not a session', message)
    },
  })
  const pace = createPace(wish.rate, signal, Date.now)
  const sender = async (): Promise<void> => {
    while (!signal.aborted) {
      const { value: batch, done } = await batches.next()
      if (done) return
      await pace.turn(batch.records.length)
      if (signal.aborted) return
      const { kept, lost, reason } = await sendBatch(batch.records, {
        send: (body) => sendLogs(body, { url, key, timeoutMs: 15_000 }),
        backoff: { firstMs: 100, mostMs: 5000 },
        patienceMs: wish.patienceMs,
        signal,
        now: Date.now,
        onRetry: () => tally.retries++,
      })
      tally.kept += kept
      tally.lost += lost
      if (lost > 0) once('not kept', reason)
    }
  }
  // An aborted controller keeps its first reason: the cause, and not those that were stopped by it.
  const guarded = (): Promise<void> => sender().catch((error: unknown) => failed.abort(error))
  await Promise.all(Array.from({ length: wish.parallel }, guarded))
  await batches.return(undefined)
  if (failed.signal.aborted && !io.signal.aborted) throw failed.signal.reason
}

function summary({ baseTime, files }: Wish, tally: Tally, seconds: number): string {
  const lost = tally.lost === 0 ? '' : `, ${count(tally.lost)} not kept`
  const faults = tally.faults === 0 ? '' : `, ${plural(tally.faults, 'line')} not understood`
  const rate = count(Math.round(tally.kept / Math.max(0.001, seconds)))
  return `${plural(tally.kept, 'record')} of ${plural(tally.sessions, 'session')} from ${plural(files.length, 'file')} kept${lost}${faults} in ${seconds.toFixed(1)} s (${rate}/s, ${plural(tally.retries, 'retry', 'retries')})
base time ${new Date(baseTime / 1000).toISOString()}: the same again with --base-time lands nothing twice
`
}

function readWish(args: readonly string[], io: CommandIo): Wish {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      dsn: { type: 'string' },
      rate: { type: 'string' },
      'base-time': { type: 'string' },
      parallel: { type: 'string' },
      patience: { type: 'string' },
    },
  })
  if (positionals.length === 0) throw new WatchkeeperError('WK_USAGE', 'replay: name at least one file of sessions')
  return {
    files: positionals,
    dsn: readDestination('replay', values.dsn ?? io.config().dsn, values.to),
    baseTime: readTime(values['base-time']) * 1000,
    rate: whole('--rate', values.rate, 0, 1_000_000, 0),
    parallel: whole('--parallel', values.parallel, 1, 64, 16),
    patienceMs: whole('--patience', values.patience, 0, 86_400, 600) * 1000,
  }
}

const tenMinutesMs = 600_000

/** Milliseconds since 1970. The default is in the past, since recorded sessions last minutes and their ends must not lie ahead. */
function readTime(text: string | undefined): number {
  if (text === undefined) return Math.floor(Date.now() / 1000) * 1000 - tenMinutesMs
  const time = Date.parse(text)
  if (Number.isNaN(time) || time < 0)
    throw new WatchkeeperError('WK_USAGE', 'replay: --base-time expects a time such as 2026-11-24T09:00:00Z')
  return time
}

function whole(option: string, text: string | undefined, least: number, most: number, fallback: number): number {
  if (text === undefined) return fallback
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most)
    throw new WatchkeeperError('WK_USAGE', `replay: ${option} expects a whole number from ${least} to ${most}`)
  return number
}
