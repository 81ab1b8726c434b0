import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Capturer } from '@watchkeeper/sdk/capture'
import { WatchkeeperError } from '../src/errors.js'
import {
  type RecordedSession,
  readRecorded,
  recordedCallId,
  recordedEvents,
  recordedLimits,
  recordedRun,
} from '../src/recorded.js'

/** Looks at nothing: what capture finds is its own test's matter. */
const blind: Capturer = {
  version: 7,
  policy: '',
  keyId: 'test',
  arguments: () => ({
    argBytes: 1,
    argDigest: 'a',
    argFingerprints: [],
    argCapture: 'captured',
    argSignals: {},
    argSecretKinds: [],
    argText: '',
    destinations: [],
    verbs: [],
    nouns: [],
    verbHashes: [],
  }),
  result: (value) => ({
    resultBytes: 1,
    resultDigest: 'r',
    resultFingerprints: [],
    resultCapture: value === undefined ? 'omitted' : 'captured',
    resultSignals: {},
    resultSecretKinds: [],
    resultText: '',
    orders: [],
  }),
  message: (text) => ({
    argBytes: text.length,
    argDigest: text,
    argFingerprints: [],
    argCapture: 'captured',
    verbs: [],
    nouns: [],
    verbHashes: [],
    argText: '',
    delegates: false,
  }),
  secret: (value) => value,
}

const call = (tool: string, more: object = {}) => ({ tool, arguments: {}, result: 'x', is_error: false, ...more })

async function fileOf(t: TestContext, content: string | Buffer, name = 'sessions.jsonl'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}

async function read(file: string): Promise<{ sessions: RecordedSession[]; faults: string[] }> {
  const sessions: RecordedSession[] = []
  const faults: string[] = []
  for await (const line of readRecorded(file)) {
    if ('session' in line) sessions.push(line.session)
    else faults.push(`${line.fault.code} ${line.fault.message.slice(file.length + 1)}`)
  }
  return { sessions, faults }
}

async function only(t: TestContext, session: object): Promise<RecordedSession> {
  const { sessions, faults } = await read(await fileOf(t, JSON.stringify(session)))
  assert.deepEqual(faults, [])
  const [first] = sessions
  assert.ok(first)
  return first
}

test('each bad line is one fault with its number, and the good lines around it are read', async (t) => {
  const lines = [
    JSON.stringify({ id: 'first', user_prompt: 'hello', calls: [call('read')] }),
    '{"id": "cut',
    '[]',
    '{"calls": []}',
    JSON.stringify({ id: 'bad-call', calls: ['x'] }),
    JSON.stringify({ id: 'bad-tool', calls: [{ tool: 5 }] }),
    JSON.stringify({ id: 'back', calls: [call('a', { turn: 2 }), call('b', { turn: 1 })] }),
    JSON.stringify({ id: 'late', user_messages: [{ text: 'x', before_call: 9 }], calls: [] }),
    '',
    JSON.stringify({ id: 'first', calls: [] }),
    JSON.stringify({ id: 'last', calls: [] }),
  ]
  const { sessions, faults } = await read(await fileOf(t, lines.join('\r\n')))
  assert.deepEqual(
    sessions.map(({ id }) => id),
    ['first', 'last'],
  )
  assert.deepEqual(faults, [
    'WK_RECORDED_FORMAT 2: is not JSON',
    'WK_RECORDED_FORMAT 3: expected a session to be an object',
    'WK_RECORDED_FORMAT 4: expected "id" to be a string',
    'WK_RECORDED_FORMAT 5: expected calls[0] to be an object',
    'WK_RECORDED_FORMAT 6: expected calls[0].tool to be a string',
    'WK_RECORDED_FORMAT 7: calls[1].turn goes back',
    'WK_RECORDED_FORMAT 8: expected user_messages[0].before_call to be a whole number from 0 to 0',
    'WK_RECORDED_FORMAT 10: repeats the "id" of an earlier session',
  ])
})

test('a line beyond the limit is a fault that does not fill memory, and the next one is read', async (t) => {
  const long = Buffer.alloc(recordedLimits.lineBytes + 10, 'x')
  const bytes = gzipSync(Buffer.concat([long, Buffer.from('\n{"id":"after","calls":[]}\n')]), { level: 1 })
  const { sessions, faults } = await read(await fileOf(t, bytes, 'sessions.jsonl.gz'))
  assert.deepEqual(faults, [`WK_RECORDED_FORMAT 1: is longer than ${recordedLimits.lineBytes} bytes`])
  assert.equal(sessions[0]?.id, 'after')
})

test('a truncated or missing file is unreadable, after its whole lines were given', async (t) => {
  const lines = Array.from({ length: 400 }, (_, n) =>
    JSON.stringify({ id: `s${n}`, user_prompt: String(n * 7919), calls: [] }),
  )
  const whole = gzipSync(lines.join('\n'))
  const file = await fileOf(t, whole.subarray(0, whole.length - 20), 'cut.jsonl.gz')
  const ids: string[] = []
  const unreadable = (error: unknown) => error instanceof WatchkeeperError && error.code === 'WK_FILE_UNREADABLE'
  await assert.rejects(async () => {
    for await (const line of readRecorded(file)) if ('session' in line) ids.push(line.session.id)
  }, unreadable)
  assert.ok(ids.length > 100)
  await assert.rejects(() => read(`${file}.absent.gz`), unreadable)
  await assert.rejects(() => read(`${file}.absent`), unreadable)
})

test('labels change nothing', async (t) => {
  const plain = { id: 's', user_prompt: 'pay it', calls: [call('pay', { turn: 3 })] }
  const labelled = {
    ...plain,
    label: 'attack_succeeded',
    hijacked_calls: [0],
    attack: 'direct',
    model: 'm',
    tools: ['pay'],
  }
  assert.deepEqual(await only(t, labelled), await only(t, plain))
})

test('calls of one turn all start before one of them ends, and the next turn starts after all ended', async (t) => {
  const turns = [0, 4, 4, 4, 9]
  const session = await only(t, { id: 's', user_prompt: 'go', calls: turns.map((turn, n) => call(`t${n}`, { turn })) })
  const events = recordedEvents(session, { capturer: blind, baseTime: 1_000_000 }).filter(({ kind }) => kind === 'call')
  assert.deepEqual(
    events.map(({ tool }) => tool),
    ['t0', 't1', 't2', 't3', 't4'],
  )
  events.forEach((later, l) => {
    events.slice(0, l).forEach((earlier, e) => {
      assert.equal(earlier.endedAt < later.startedAt, (turns[e] ?? 0) < (turns[l] ?? 0), `${e} and ${l}`)
    })
  })
})

test('messages stand between the calls that surround them in the recording', async (t) => {
  const session = await only(t, {
    id: 's',
    user_prompt: 'not used where the messages are given',
    user_messages: [
      { text: 'one', before_call: 0 },
      { text: 'two', before_call: 0 },
      { text: 'three', before_call: 1 },
      { text: 'four', before_call: 2 },
    ],
    calls: [call('a', { turn: 1 }), call('b', { turn: 2 })],
  })
  const events = recordedEvents(session, { capturer: blind, baseTime: 0 })
  assert.deepEqual(
    events.map((event) => (event.kind === 'call' ? event.tool : event.argDigest)),
    ['one', 'two', 'a', 'three', 'b', 'four'],
  )
  assert.ok(events.every((event, n) => n === 0 || (events[n - 1]?.endedAt ?? 0) < event.startedAt))
})

test('the same base time gives the same events; another gives other ids', async (t) => {
  const session = await only(t, { id: 'agent/one', user_prompt: 'go', calls: [call('a')] })
  const at = (baseTime: number) => recordedEvents(session, { capturer: blind, baseTime })
  assert.deepEqual(at(5_000_000), at(5_000_000))
  assert.deepEqual(
    at(5_000_000).map(({ eventId }) => eventId),
    [`${recordedRun(5_000_000)}/agent/one#m0`, recordedCallId(session, 5_000_000, 0)],
  )
  assert.notEqual(at(5_000_000)[1]?.eventId, at(6_000_000)[1]?.eventId)
})

test('ids stay within the bounds of an event id whatever the session is called', async (t) => {
  const ids = await Promise.all(
    ['x'.repeat(5000), 'x'.repeat(5001), 'nul\u0000line\n'].map(async (id) => {
      const [event] = recordedEvents(await only(t, { id, calls: [call('a')] }), { capturer: blind, baseTime: 0 })
      return event?.eventId ?? ''
    }),
  )
  assert.equal(new Set(ids).size, 3)
  for (const id of ids) assert.match(id, /^[\x21-\x7e]{1,200}$/)
})

test('a call without result, server or turn is what a client would have seen of it', async (t) => {
  const session = await only(t, { id: 's', calls: [{ tool: 'a' }, { tool: 'b', server: 'files', is_error: true }] })
  const [a, b] = recordedEvents(session, { capturer: blind, baseTime: 0 })
  assert.deepEqual(
    [a?.serverName, a?.resultCapture, a?.outcome, b?.serverName, b?.outcome],
    ['recorded', 'omitted', 'ok', 'files', 'tool_error'],
  )
  assert.ok((a?.endedAt ?? 0) < (b?.startedAt ?? 0))
})
