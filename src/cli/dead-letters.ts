import { parseArgs } from 'node:util'
import type { Dsn } from '@watchkeeper/sdk/dsn'
import { sendLogs } from '@watchkeeper/sdk/send'
import type { AuditEvent } from '../audit-event.js'
import type { DeadLetter } from '../bus/index.js'
import type { Config } from '../config.js'
import { WatchkeeperError } from '../errors.js'
import { createLogger } from '../log.js'
import { openStore, type Store } from '../store/index.js'
import type { Command, CommandIo } from './command.js'
import { readLetters, type Selection, visible } from './dead-letters/letters.js'
import { keyRefused, readDestination } from './replay/destination.js'

const help = `usage: watchkeeper dead-letters list [--tenant T] [--reason R] [--limit N] [--json]
       watchkeeper dead-letters show ID
       watchkeeper dead-letters replay (ID… | --all) [--tenant T] [--reason R] [--to URL] [--dsn DSN]

Records that were not understood are kept with the reason and without their contents: what is on no list of clear
attributes has lost its value.

list     the newest first, one a line
show     one letter with its body, as JSON
replay   sends letters again, after whatever was wrong is mended: a receiver that now knows the event, a store that
         takes the row. A letter that is replayed twice is one record. Letters stay where they are until they expire.
         A letter goes only to its own tenant, and gets the owner of the key that is used.

reasons  of receive: malformed_record too_deep too_many_values unknown_event invalid_event no_identity too_large
         receiver_fault · of store: refused_by_store

options
  --tenant T   only this tenant's
  --reason R   only with this reason
  --limit N    at most N; default 50 (list), 10000 (replay)
  --json       JSON lines with all members
  --all        replay all that --tenant and --reason leave
  --to URL     the receiver; default: the DSN's
  --dsn DSN    ingest key; default: WATCHKEEPER_DSN, else the development keys

examples
  watchkeeper dead-letters list --reason unknown_event
  watchkeeper dead-letters replay --all --reason unknown_event --to http://127.0.0.1:4318

exit codes: 0 done · 1 some letters were not understood again, as told · 64 usage · 65 the key was refused · 69 the store or
            the receiver is not there
`

const usage = (message: string): WatchkeeperError =>
  new WatchkeeperError('WK_USAGE', `dead-letters: ${message}; "watchkeeper dead-letters --help" tells more`)

export const command: Command = {
  summary: 'list, show and replay records that were not understood',
  help,
  async run(args, io) {
    const [what, ...rest] = args
    const { values, positionals } = parseArgs({
      args: [...rest],
      allowPositionals: true,
      options: {
        tenant: { type: 'string', default: '' },
        reason: { type: 'string', default: '' },
        limit: { type: 'string' },
        json: { type: 'boolean', default: false },
        all: { type: 'boolean', default: false },
        to: { type: 'string' },
        dsn: { type: 'string' },
      },
    })
    const { tenant, reason } = values
    const chosen = { tenant, reason, ids: positionals }
    if (what === 'list') return list({ ...chosen, limit: limitOf(values.limit, 50) }, values.json, io)
    if (what === 'show') return show(chosen, io)
    if (what === 'replay') {
      if (values.all === positionals.length > 0) throw usage('replay is followed by ids, or by --all')
      const dsn = values.dsn ?? io.config().dsn
      return replay({ ...chosen, limit: limitOf(values.limit, 10_000) }, { dsn, to: values.to }, io)
    }
    throw usage('dead-letters is followed by list, show or replay')
  },
}

function limitOf(text: string | undefined, fallback: number): number {
  const limit = Number(text ?? fallback)
  if (!Number.isInteger(limit) || limit < 1 || limit > 100_000)
    throw usage('--limit is a whole number from 1 to 100000')
  return limit
}

/** Opens the store, or attaches to that of the running service, for as long as `use` takes. */
async function withStore<T>(config: Config, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ config, log: createLogger(config), now: () => Date.now() * 1000 })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

const lettersOf = (selection: Selection, config: Config): Promise<DeadLetter[]> =>
  withStore(config, (store) => readLetters(store, selection))

async function list(selection: Selection, json: boolean, io: CommandIo): Promise<number> {
  if (selection.ids.length > 0) throw usage('list takes no ids')
  const letters = await lettersOf(selection, io.config())
  for (const letter of letters) {
    const { id, at, tenant, owner, stage, reason, signal, explanation } = letter
    const words = [
      id,
      new Date(at / 1000).toISOString(),
      `${tenant}/${owner}`,
      `${stage}/${reason}`,
      signal,
      explanation,
    ]
    io.stdout.write(`${json ? JSON.stringify(letter) : visible(words.join('  '))}\n`)
  }
  io.stderr.write(
    letters.length === selection.limit
      ? `the newest ${letters.length}; --limit shows more\n`
      : `${letters.length} dead letters\n`,
  )
  return 0
}

async function show(selection: Omit<Selection, 'limit'>, io: CommandIo): Promise<number> {
  if (selection.ids.length !== 1) throw usage('show is followed by one id')
  const [letter] = await lettersOf({ ...selection, limit: 1 }, io.config())
  if (letter === undefined) throw usage('there is no letter with this id')
  const shown = { ...letter, at: new Date(letter.at / 1000).toISOString(), body: JSON.parse(letter.body) as unknown }
  // Line by line: the breaks between them are ours.
  const lines = JSON.stringify(shown, null, 2).split('\n')
  io.stdout.write(`${lines.map(visible).join('\n')}\n`)
  return 0
}

interface Destination {
  readonly dsn: string
  readonly to: string | undefined
}

interface Told {
  understood: number
  not: number
}

async function replay(selection: Selection, { dsn, to }: Destination, io: CommandIo): Promise<number> {
  const told: Told = { understood: 0, not: 0 }
  const found = await withStore(io.config(), async (store) => {
    const letters = await readLetters(store, selection)
    const missing = selection.ids.length - letters.length
    if (missing > 0) throw usage(`${missing} of the ids are no letters`)
    const requests = letters.filter(({ signal }) => signal !== 'event')
    if (requests.length > 0) await sendAgain(requests, readDestination('dead-letters', dsn, to), told, io)
    await insertAgain(
      letters.filter(({ signal }) => signal === 'event'),
      store,
      told,
      io,
    )
    return letters.length
  })
  const left = found - told.understood - told.not
  io.stdout.write(`${told.understood} understood, ${told.not} not${left > 0 ? `, ${left} not sent` : ''}\n`)
  return told.not + left > 0 ? 1 : 0
}

async function sendAgain(letters: readonly DeadLetter[], destination: Dsn, told: Told, io: CommandIo): Promise<void> {
  for (const letter of letters) {
    if (io.signal.aborted) return
    const fault = await sendOne(letter, destination, io.signal)
    if (fault === '') told.understood += 1
    else {
      told.not += 1
      io.stderr.write(`${letter.id}: ${visible(fault)}\n`)
    }
  }
}

/** '' or why the letter was not understood. Throws where no other letter would fare better. */
async function sendOne(letter: DeadLetter, destination: Dsn, signal: AbortSignal): Promise<string> {
  if (letter.tenant !== destination.tenant) return `is of tenant ${letter.tenant}, the DSN of ${destination.tenant}`
  const answer = await sendLogs(letter.body, {
    url: destination.endpoint,
    key: destination.ingestKey,
    signalType: letter.signal === 'traces' ? 'traces' : 'logs',
    timeoutMs: 15_000,
    signal,
  })
  if (answer.type === 'kept') return answer.rejected === 0 ? '' : answer.message
  if (answer.type === 'later') throw new WatchkeeperError('WK_RECEIVER_UNAVAILABLE', `the receiver: ${answer.reason}`)
  if (answer.status === 401 || answer.status === 403) throw keyRefused(answer.status)
  return answer.message
}

/** What the store refused has been received already: it goes to the store and not through a receiver again. */
async function insertAgain(letters: readonly DeadLetter[], store: Store, told: Told, io: CommandIo): Promise<void> {
  for (const letter of letters) {
    if (io.signal.aborted) return
    try {
      await store.insertEvents([JSON.parse(letter.body) as AuditEvent])
      told.understood += 1
    } catch (error) {
      if (!(error instanceof WatchkeeperError) || error.retryable) throw error
      io.stderr.write(`${letter.id}: ${visible(error.message)}\n`)
      told.not += 1
    }
  }
}
