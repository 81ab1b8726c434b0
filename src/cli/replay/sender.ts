/** Sends one batch until it is answered for good, with patience for a receiver that is restarted or full. */
import { type Backoff, pause, waitBefore } from '@watchkeeper/sdk/backoff'
import { encodeRequest } from '@watchkeeper/sdk/otlp'
import type { SendAnswer } from '@watchkeeper/sdk/send'
import { WatchkeeperError } from '../../errors.js'
import { keyRefused } from './destination.js'

export interface Sent {
  readonly kept: number
  /** Rejected or refused for good, with the receiver's reason. */
  readonly lost: number
  readonly reason: string
}

export interface SenderOptions {
  readonly send: (body: string) => Promise<SendAnswer>
  readonly backoff: Backoff
  /** Milliseconds since its first failure after which a batch is given up. */
  readonly patienceMs: number
  /** Aborted: no further attempt is made. */
  readonly signal: AbortSignal
  /** Milliseconds. */
  readonly now: () => number
  readonly onRetry: (reason: string) => void
}

const frame = {
  resource: { 'service.name': 'watchkeeper-replay' },
  scope: { name: 'watchkeeper.recorded', version: '1' },
}

/**
 * Throws `WK_RECEIVER_UNAVAILABLE` when patience ends or the signal is aborted, `WK_RECEIVER_REFUSED` when the key is not
 * accepted: no other batch would fare better.
 */
export async function sendBatch(records: readonly string[], options: SenderOptions): Promise<Sent> {
  let givenUpAt: number | undefined
  for (let attempt = 0; ; attempt++) {
    const answer = await options.send(encodeRequest(records, frame))
    if (answer.type === 'kept') {
      const lost = Math.min(answer.rejected, records.length)
      return { kept: records.length - lost, lost, reason: answer.message }
    }
    if (answer.type === 'refused') return refused(records, answer, options)
    givenUpAt ??= options.now() + options.patienceMs
    const waitMs = waitBefore(attempt, options.backoff, answer.afterMs)
    if (options.now() + waitMs > givenUpAt)
      throw new WatchkeeperError('WK_RECEIVER_UNAVAILABLE', `the receiver does not take the records: ${answer.reason}`)
    options.onRetry(answer.reason)
    await pause(waitMs, options.signal)
    if (options.signal.aborted)
      throw new WatchkeeperError('WK_RECEIVER_UNAVAILABLE', `stopped while the receiver was away: ${answer.reason}`)
  }
}

async function refused(
  records: readonly string[],
  { status, message }: Extract<SendAnswer, { type: 'refused' }>,
  options: SenderOptions,
): Promise<Sent> {
  if (status === 401 || status === 403) throw keyRefused(status)
  if (status !== 413 || records.length === 1)
    return { kept: 0, lost: records.length, reason: `status ${status}: ${message}` }
  const middle = Math.ceil(records.length / 2)
  const first = await sendBatch(records.slice(0, middle), options)
  const second = await sendBatch(records.slice(middle), options)
  return { kept: first.kept + second.kept, lost: first.lost + second.lost, reason: first.reason || second.reason }
}
