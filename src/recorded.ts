/**
 * Recorded agent sessions (`*.jsonl`, `*.jsonl.gz`): the reader, and the events they become. `replay` sends these events to
 * a running service and `backtest` puts them into a scratch store, so both judge the same thing.
 *
 * A line holds one session. Read: `id`, `user_prompt`, `user_messages`, and of each call `tool`, `server`, `arguments`,
 * `result`, `is_error`, `turn`. Whatever else a line holds is a label for scoring, and is not looked at.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Capturer } from '@watchkeeper/sdk/capture'
import { type ProducerEvent, producerEvent } from '@watchkeeper/sdk/event'
import { WatchkeeperError } from './errors.js'

export interface RecordedCall {
  readonly tool: string
  /** '' where the recording does not name one. */
  readonly server: string
  readonly arguments: unknown
  /** `undefined` where the recording has none. */
  readonly result: unknown
  readonly isError: boolean
  /** Calls of one step were issued together: none of them can depend on the others' results. Steps count from 0 without gaps. */
  readonly step: number
}

export interface RecordedMessage {
  readonly text: string
  /** Said before the call of this index; the number of calls, where it came after all of them. */
  readonly beforeCall: number
}

export interface RecordedSession {
  readonly id: string
  readonly messages: readonly RecordedMessage[]
  readonly calls: readonly RecordedCall[]
}

/** One line of a file: a session, or what is wrong with it (`WK_RECORDED_FORMAT`). The lines after a bad one are still read. */
export type RecordedLine = { readonly session: RecordedSession } | { readonly fault: WatchkeeperError }

/** Bounds of a recording; beyond them a line is a fault. */
export const recordedLimits = { lineBytes: 64 * 1_048_576, calls: 10_000 } as const

/**
 * The sessions of a file, one after the other and never all in memory. Ids in `seen` are refused as repetitions, and new
 * ones are added to it. Throws `WK_FILE_UNREADABLE` when the file itself cannot be read (to its end).
 */
export async function* readRecorded(file: string, seen: Set<string> = new Set()): AsyncGenerator<RecordedLine> {
  let number = 0
  for await (const line of linesOf(file)) {
    number++
    try {
      if (line === undefined) throw new Error(`is longer than ${recordedLimits.lineBytes} bytes`)
      if (line.trim() === '') continue
      const session = sessionOf(line)
      if (seen.has(session.id)) throw new Error('repeats the "id" of an earlier session')
      seen.add(session.id)
      yield { session }
    } catch (error) {
      yield { fault: new WatchkeeperError('WK_RECORDED_FORMAT', `${file}:${number}: ${(error as Error).message}`) }
    }
  }
}

/** Lines without their end; `undefined` stands for one that was too long, and skipped. */
async function* linesOf(file: string): AsyncGenerator<string | undefined> {
  const raw = createReadStream(file)
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw
  // `pipe` does not hand errors on; without this a missing .gz file would wait for ever.
  raw.on('error', (error) => input.destroy(error))
  let pieces: Buffer[] = []
  let held = 0
  const take = (): string | undefined => {
    const line = held > recordedLimits.lineBytes ? undefined : Buffer.concat(pieces).toString('utf8')
    pieces = []
    held = 0
    return line
  }
  const hold = (piece: Buffer): void => {
    held += piece.length
    if (held <= recordedLimits.lineBytes) pieces.push(piece)
    else pieces = []
  }
  try {
    for await (const chunk of input as AsyncIterable<Buffer>) {
      let from = 0
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        hold(chunk.subarray(from, end))
        yield take()
        from = end + 1
      }
      hold(chunk.subarray(from))
    }
    if (held > 0) yield take()
  } catch (error) {
    throw new WatchkeeperError('WK_FILE_UNREADABLE', `cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    raw.destroy()
  }
}

type Json = Readonly<Record<string, unknown>>

function sessionOf(line: string): RecordedSession {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new Error('is not JSON')
  }
  const record = objectOf(value, 'a session')
  const id = textOf(record['id'], '"id"')
  if (id === '') throw new Error('expected "id" not to be empty')
  const given = record['calls'] ?? []
  if (!Array.isArray(given)) throw new Error('expected "calls" to be an array')
  if (given.length > recordedLimits.calls) throw new Error(`has more than ${recordedLimits.calls} calls`)
  const steps = stepsOf(given)
  const calls = given.map((call, index) => callOf(call, index, steps[index] ?? 0))
  return { id, calls, messages: messagesOf(record, calls.length) }
}

function callOf(value: unknown, index: number, step: number): RecordedCall {
  const call = objectOf(value, `calls[${index}]`)
  const { result, is_error: isError = false, server = '' } = call
  if (typeof isError !== 'boolean') throw new Error(`expected calls[${index}].is_error to be true or false`)
  return {
    tool: textOf(call['tool'], `calls[${index}].tool`),
    server: textOf(server, `calls[${index}].server`),
    arguments: call['arguments'],
    result,
    isError,
    step,
  }
}

/** Recorded turns may leave numbers out (turns in which nothing was called); a call without one is a turn of its own. */
function stepsOf(calls: readonly unknown[]): number[] {
  let step = -1
  let last: number | undefined
  return calls.map((call, index) => {
    const { turn } = objectOf(call, `calls[${index}]`)
    if (turn !== undefined && !(typeof turn === 'number' && Number.isSafeInteger(turn)))
      throw new Error(`expected calls[${index}].turn to be a whole number`)
    if (turn !== undefined && last !== undefined && turn < last) throw new Error(`calls[${index}].turn goes back`)
    if (turn === undefined || turn !== last) step++
    last = turn
    return step
  })
}

function messagesOf(record: Json, calls: number): RecordedMessage[] {
  const several = record['user_messages']
  if (several === undefined || several === null) {
    const prompt = record['user_prompt']
    return prompt === undefined || prompt === null || prompt === ''
      ? []
      : [{ text: textOf(prompt, '"user_prompt"'), beforeCall: 0 }]
  }
  if (!Array.isArray(several)) throw new Error('expected "user_messages" to be an array')
  return several.map((value, index) => {
    const message = objectOf(value, `user_messages[${index}]`)
    const before = message['before_call'] ?? 0
    if (typeof before !== 'number' || !Number.isSafeInteger(before) || before < 0 || before > calls)
      throw new Error(`expected user_messages[${index}].before_call to be a whole number from 0 to ${calls}`)
    return { text: textOf(message['text'], `user_messages[${index}].text`), beforeCall: before }
  })
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`expected ${what} to be an object`)
  return value as Json
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`expected ${what} to be a string`)
  return value
}

export interface RecordedOptions {
  readonly capturer: Capturer
  /** Microseconds since 1970: when the session starts. Event ids derive from it: the same base time, the same ids. */
  readonly baseTime: number
}

/** Microseconds: a step lasts a second, its calls run for the first half of it, and people speak in the second half. */
const stepLength = 1_000_000
const callLength = 500_000
const speechAfter = 750_000

/** Names one run of recorded sessions: 12 hex digits of its base time. */
export const recordedRun = (baseTime: number): string =>
  createHash('sha256').update(String(baseTime)).digest('hex').slice(0, 12)

/** The conversation id of a recorded session: its id in its run, or a hash of the id where that is long or not plain ASCII. */
function conversationOf(session: Pick<RecordedSession, 'id'>, baseTime: number): string {
  const plain = /^[\x21-\x7e]{1,160}$/.test(session.id)
  const id = plain ? session.id : createHash('sha256').update(session.id).digest('hex')
  return `${recordedRun(baseTime)}/${id}`
}

/** Event id of a call by its index. */
export const recordedCallId = (session: Pick<RecordedSession, 'id'>, baseTime: number, index: number): string =>
  `${conversationOf(session, baseTime)}#${index}`

/**
 * What a client's instrumentation would have sent: a `user_message` for each message and a `call` for each call, in order of
 * time. Calls of one step overlap, so that each starts before any of them ended; the first message stands before the first step.
 */
export function recordedEvents(session: RecordedSession, { capturer, baseTime }: RecordedOptions): ProducerEvent[] {
  const conversation = conversationOf(session, baseTime)
  const traceId = createHash('sha256').update(conversation).digest('hex').slice(0, 32)
  const startOf = (step: number): number => baseTime + (step + 1) * stepLength
  const common = (eventId: string) => ({
    eventId,
    producerId: 'recorded',
    source: 'watchkeeper.recorded',
    sourceVersion: '1',
    conversationId: conversation,
    traceId,
    spanId: createHash('sha256').update(eventId).digest('hex').slice(0, 16),
    side: 'client' as const,
    clientName: 'recorded',
    subject: 'recorded-user',
    captureVersion: capturer.version,
    keyId: capturer.keyId,
  })

  const messages = session.messages.map((message, index) => {
    const step = session.calls[message.beforeCall]?.step ?? (session.calls.at(-1)?.step ?? -1) + 1
    const at = startOf(step - 1) + speechAfter + index
    return producerEvent({
      ...common(`${conversation}#m${index}`),
      kind: 'user_message',
      startedAt: at,
      endedAt: at,
      ...capturer.message(message.text),
    })
  })
  const calls = session.calls.map((call, index) => {
    const start = startOf(call.step) + index
    return producerEvent({
      ...common(recordedCallId(session, baseTime, index)),
      kind: 'call',
      startedAt: start,
      endedAt: start + callLength,
      serverName: call.server === '' ? 'recorded' : call.server,
      method: 'tools/call',
      requestId: String(index),
      tool: call.tool,
      outcome: call.isError ? 'tool_error' : 'ok',
      ...capturer.arguments(call.tool, call.arguments),
      ...capturer.result(call.result),
    })
  })
  return [...messages, ...calls].sort((a, b) => a.endedAt - b.endedAt)
}
