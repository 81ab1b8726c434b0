import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { WatchkeeperError } from '../errors.js'
import { createLogger } from '../log.js'
import { openReader } from '../store/index.js'
import type { Command, CommandIo } from './command.js'

const help = `usage: watchkeeper sql "SELECT …" [--format FORMAT]

A read-only query against the configured store: the embedded engine (also while the service runs) or a ClickHouse
server. Read the view audit: one row for each call or other event, duplicates removed. Also: records, finding,
incident, dead_letter.

  --format FORMAT   a ClickHouse output format (default PrettyCompactNoEscapes on a terminal, TabSeparatedWithNames else)

The query runs as a reader: no changes, no files, no network. It sees the records of every tenant: the embedded engine is
for one organisation; on a server give WATCHKEEPER_CLICKHOUSE_READER_USER a user with row policies. Text in the rows was written by whoever sent the events:
on a terminal its control characters are shown as escapes.

examples:
  watchkeeper sql "SELECT server_name, tool, outcome, count() FROM audit WHERE kind = 'call' GROUP BY ALL ORDER BY 4 DESC"
  watchkeeper sql "SELECT found_at, detector, severity, summary FROM finding ORDER BY found_at DESC LIMIT 20" --format Vertical

exit codes: 0 done · 64 usage · 65 the engine refused the query, with its reason · 69 no store can be reached
`

async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { format: { type: 'string' } },
  })
  const [sql, ...more] = positionals
  if (sql === undefined || more.length > 0) {
    throw new WatchkeeperError('WK_USAGE', 'give one query, in quotes: watchkeeper sql "SELECT count() FROM audit"')
  }
  const config = io.config()
  const terminal = 'isTTY' in io.stdout && io.stdout.isTTY === true
  const format = values.format ?? (terminal ? 'PrettyCompactNoEscapes' : 'TabSeparatedWithNames')
  const reader = await openReader({ config, log: createLogger({ ...config, logLevel: 'error' }) })
  try {
    const rows = await reader.read(sql, format)
    await pipeline(rows, terminal ? visible : passThrough, io.stdout, { end: false, signal: io.signal })
    return 0
  } finally {
    await reader.close()
  }
}

/** Escapes that a terminal would act on, written out; ClickHouse's own colours of Pretty formats are off. */
async function* visible(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of chunks) yield escapeControls(decoder.decode(chunk, { stream: true }))
  yield escapeControls(decoder.decode())
}

async function* passThrough(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* chunks
}

function escapeControls(text: string): string {
  return text.replace(/[^\P{C}\n\t]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

export const command: Command = { summary: 'a read-only query against the store', help, run }
