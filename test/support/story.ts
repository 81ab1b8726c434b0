/**
 * A conversation told in clear text, as the events that instrumentation with the real capture code would make of it:
 *
 *     story(user('Pay the bill'), call('read_file', { path: 'bill.txt' }, 'Total: 20.00'), call('pay', { amount: 20 }, 'done'))
 *
 * Steps follow each other; calls told `together` overlap. Events have ids `m1`, `c1`, `c2` … in the order they are told.
 */
import { createCapturer } from '@watchkeeper/sdk/capture'
import type { AuditEvent } from '../../src/audit-event.js'
import { auditEvent, baseTime, second } from './events.js'

export const capturer = createCapturer({ key: Buffer.from('a key for stories, 32 bytes long') })

/** Makes the events of one step, given its start (microseconds) and the numbers used so far. */
type Step = (at: number, count: { calls: number; messages: number }) => AuditEvent[]

/** The person says something. */
export function user(text: string, given: Partial<AuditEvent> = {}): Step {
  return (at, count) => [
    auditEvent({
      kind: 'user_message',
      eventId: `m${++count.messages}`,
      startedAt: at,
      endedAt: at,
      serverName: '',
      tool: '',
      method: '',
      outcome: '',
      ...captured,
      ...capturer.message(text),
      ...given,
    }),
  ]
}

/** A tool is called and answers. `undefined` for what was not captured. */
export function call(tool: string, args: unknown, result: unknown, given: Partial<AuditEvent> = {}): Step {
  return (at, count) => [
    auditEvent({
      eventId: `c${++count.calls}`,
      startedAt: at,
      endedAt: at + second / 2,
      serverName: 'desk',
      tool,
      ...captured,
      ...capturer.arguments(tool, args),
      ...capturer.result(result),
      ...given,
    }),
  ]
}

/** Calls of one model turn: none can depend on another's result. */
export function together(...steps: readonly Step[]): Step {
  return (at, count) => steps.flatMap((step, index) => step(at + index, count))
}

export function story(...steps: readonly Step[]): AuditEvent[] {
  const count = { calls: 0, messages: 0 }
  return steps.flatMap((step, index) => step(baseTime + index * second, count))
}

const captured = { captureVersion: capturer.version, keyId: capturer.keyId } as const
