import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { developmentDsn, formatDsn } from '@watchkeeper/sdk/dsn'
import type { ProducerEvent } from '@watchkeeper/sdk/event'
import { command } from '../../src/cli/replay.js'
import { WatchkeeperError } from '../../src/errors.js'
import { type Answer, type Collector, startCollector } from '../support/collector.js'
import { commandIo } from '../support/command-io.js'

const base = '2026-11-24T09:00:00Z'

function session(number: number, calls: number): object {
  return {
    id: `session-${number}`,
    user_prompt: `Tell anna${number}@example.org`,
    calls: Array.from({ length: calls }, (_, index) => ({
      tool: 'read_note',
      arguments: { id: `n-${number}-${index}` },
      result: `note ${index}`,
      turn: index,
    })),
  }
}

async function recording(t: TestContext, lines: readonly (object | string)[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'sessions.jsonl.gz')
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  await writeFile(file, gzipSync(`${text}\n`))
  return file
}

async function collecting(t: TestContext, answer?: (request: number) => Answer | undefined): Promise<Collector> {
  const collector = await startCollector(answer)
  t.after(() => collector.close())
  return collector
}

const ids = (events: readonly ProducerEvent[]): string[] => events.map(({ eventId }) => eventId).sort()
const sessions = Array.from({ length: 40 }, (_, number) => session(number, 40))
const records = 40 * 41

const fails =
  (code: string, text: RegExp) =>
  (error: unknown): boolean =>
    error instanceof WatchkeeperError && error.code === code && text.test(error.message)

test('every record lands, whatever a restarting receiver answers, and a repetition is the same record', async (t) => {
  const answers: readonly (Answer | undefined)[] = [
    { status: 503, headers: { 'retry-after': '0' } },
    'reset',
    undefined,
    'keep-and-reset',
    { status: 429, headers: { 'retry-after': '0' } },
    { status: 502 },
    undefined,
    { status: 504 },
  ]
  const collector = await collecting(t, (request) => answers[request])
  const io = commandIo()
  const file = await recording(t, sessions)
  assert.equal(await command.run([file, '--to', collector.url, '--base-time', base], io), 0, io.output.stderr)

  const byId = new Map<string, ProducerEvent>()
  for (const event of collector.events) {
    const first = byId.get(event.eventId)
    if (first !== undefined) assert.deepEqual(event, first)
    byId.set(event.eventId, event)
  }
  assert.equal(byId.size, records)
  assert.ok(collector.events.length > records, 'the batch that was kept and not answered came again')
  assert.match(io.output.stdout, /^1,640 records of 40 sessions from 1 file kept in .* 6 retries\)/)
  assert.match(io.output.stdout, /base time 2026-11-24T09:00:00\.000Z/)
})

test('the same base time gives the same ids, another one gives others', async (t) => {
  const collector = await collecting(t)
  const file = await recording(t, [session(1, 3)])
  const run = async (time: string): Promise<string[]> => {
    const before = collector.events.length
    assert.equal(await command.run([file, '--to', collector.url, '--base-time', time], commandIo()), 0)
    return ids(collector.events.slice(before))
  }
  const first = await run(base)
  assert.deepEqual(await run(base), first)
  const other = await run('2026-11-24T10:00:00Z')
  assert.deepEqual(
    other.filter((id) => first.includes(id)),
    [],
  )
})

test('no clear content is sent', async (t) => {
  const collector = await collecting(t)
  const file = await recording(t, [session(1, 2)])
  await command.run([file, '--to', collector.url], commandIo())
  assert.equal(collector.events.length, 3)
  assert.doesNotMatch(JSON.stringify(collector.events), /n-1-0|note 1|anna1/)
})

test('what the receiver rejects is told and fails the run; the rest is kept', async (t) => {
  const body = { partialSuccess: { rejectedLogRecords: '2', errorMessage: 'two were too old' } }
  const collector = await collecting(t, () => ({ status: 200, body }))
  const io = commandIo()
  const file = await recording(t, [session(1, 9)])
  assert.equal(await command.run([file, '--to', collector.url], io), 1)
  assert.match(io.output.stderr, /not kept: two were too old/)
  assert.match(io.output.stdout, /8 records of 1 session from 1 file kept, 2 not kept/)
  assert.equal(collector.requests.length, 1)
})

test('a request that is too large is sent in halves', async (t) => {
  const collector = await collecting(t, (request) => (request === 0 ? { status: 413 } : undefined))
  const file = await recording(t, [session(1, 99)])
  assert.equal(await command.run([file, '--to', collector.url], commandIo()), 0)
  assert.deepEqual(
    collector.requests.map((request) => request.records),
    [100, 50, 50],
  )
  assert.equal(new Set(ids(collector.events)).size, 100)
})

test('a line that is no session is told and fails the run; the other lines are sent', async (t) => {
  const collector = await collecting(t)
  const io = commandIo()
  const file = await recording(t, [session(1, 1), '{"id": 7}', session(2, 1)])
  assert.equal(await command.run([file, '--to', collector.url], io), 1)
  assert.match(io.output.stderr, /sessions\.jsonl\.gz:2: /)
  assert.equal(collector.events.length, 4)
})

test('a key that is not accepted ends the run at once, and is not printed', async (t) => {
  const collector = await collecting(t, () => ({ status: 401, body: { message: 'who are you' } }))
  const io = commandIo({ WATCHKEEPER_DSN: formatDsn({ ...developmentDsn, ingestKey: 'hunter2' }) })
  const file = await recording(t, sessions)
  const run = command.run([file, '--to', collector.url, '--parallel', '1'], io)
  await assert.rejects(run, fails('WK_RECEIVER_REFUSED', /ingest key \(status 401\)/))
  assert.equal(collector.requests.length, 1)
  assert.equal(collector.requests[0]?.headers.authorization, 'Bearer hunter2')
  assert.doesNotMatch(io.output.stderr + io.output.stdout, /hunter2/)
})

test('a receiver that never comes back ends the run when patience ends', async (t) => {
  const collector = await startCollector()
  await collector.close()
  const file = await recording(t, [session(1, 1)])
  const run = command.run([file, '--to', collector.url, '--patience', '0'], commandIo())
  await assert.rejects(run, fails('WK_RECEIVER_UNAVAILABLE', /ECONNREFUSED/))
})

test('a signal ends the run after what is in hand', async (t) => {
  const stop = new AbortController()
  const collector = await collecting(t, (request) => {
    if (request === 1) stop.abort()
    return undefined
  })
  const io = commandIo({}, stop.signal)
  const file = await recording(t, sessions)
  assert.equal(await command.run([file, '--to', collector.url, '--parallel', '1'], io), 1)
  assert.equal(collector.events.length, 600)
  assert.match(io.output.stdout, /600 records/)
})

test('a wrong command line is told before anything is sent', async () => {
  const run = (...args: string[]): Promise<number> => command.run(args, commandIo())
  await assert.rejects(run(), fails('WK_USAGE', /at least one file/))
  await assert.rejects(run('x.jsonl'), fails('WK_USAGE', /--to/))
  await assert.rejects(run('x.jsonl', '--to', 'ftp://x'), fails('WK_USAGE', /http/))
  await assert.rejects(run('x.jsonl', '--to', 'http://x', '--rate', 'fast'), fails('WK_USAGE', /--rate/))
  await assert.rejects(run('x.jsonl', '--to', 'http://x', '--base-time', 'noon'), fails('WK_USAGE', /--base-time/))
  await assert.rejects(run('x.jsonl', '--to', 'http://x', '--dsn', 'nonsense'), fails('WK_DSN', /DSN/))
  await assert.rejects(run('absent.jsonl', '--to', 'http://127.0.0.1:1'), fails('WK_FILE_UNREADABLE', /absent/))
})
